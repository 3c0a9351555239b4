package archtest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayDial lists the folders of core whose code may open connections of its
// own, and to where. Everything else speaks outwards through core/outbound.
func mayDial() map[string]string {
	return map[string]string{
		"core/outbound":                    "the guarded client itself",
		"core/pluginhost/internal/process": "the socket of our own child process",
		"core/workbench":                   "the far side that an author started beside a plugin, and our own server, on loopback",
		"core/machine":                     "our own public address, and our own server on this machine",
		"core/internal":                    "programs of our tests, on loopback",
	}
}

// outward lists what opens connections, by package and name.
func outward() map[string][]string {
	return map[string][]string{
		"net/http": {"Client", "Transport", "DefaultClient", "DefaultTransport", "Get", "Post", "PostForm", "Head"},
		"net": {
			"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer",
			"LookupHost", "LookupIP", "LookupAddr", "LookupCNAME", "LookupMX", "LookupTXT", "Resolver", "DefaultResolver",
		},
		"crypto/tls":        {"Dial", "DialWithDialer", "Dialer"},
		"net/smtp":          {"Dial", "SendMail", "NewClient"},
		"net/rpc":           {"Dial", "DialHTTP"},
		"net/http/httputil": {"ReverseProxy", "NewSingleHostReverseProxy", "NewClientConn"},
	}
}

// TestNobodyElseDials finds code of core that could connect outwards past the
// guarded client.
func TestNobodyElseDials(t *testing.T) {
	const root = "../../.."
	allowed, used := mayDial(), make(map[string]bool)
	files := 0
	err := filepath.WalkDir(filepath.Join(root, "core"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		found, err := dials(path, nil)
		if err != nil || len(found) == 0 {
			return err
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for folder := range allowed {
			if strings.HasPrefix(filepath.ToSlash(below), folder+"/") {
				used[folder] = true
				return nil
			}
		}
		t.Errorf("%s uses %s: speak outwards through core/outbound, or say in mayDial to where it connects", below, strings.Join(found, ", "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Errorf("only %d files were read", files)
	}
	for folder := range allowed {
		if !used[folder] {
			t.Errorf("%s dials no more: take it off the list", folder)
		}
	}
}

// dialsBeside lists the packages of other modules, in the program that ships,
// that could open connections by themselves, and why they do not past us.
func dialsBeside() map[string]string {
	return map[string]string{
		"github.com/nats-io/nats-server/v2/server":          "the bus in this process; of other nodes it knows what the configuration names",
		"github.com/nats-io/nats-server/v2/server/certidp":  "asks about certificates of its own TLS, which is off",
		"github.com/nats-io/nats.go":                        "the bus in this process: connects within it",
		"golang.org/x/crypto/acme":                          "given the guarded client by core/certificate",
		"golang.org/x/oauth2":                               "given the guarded client by core/oidc, in the context",
		"golang.org/x/oauth2/internal":                      "as above",
		"github.com/coreos/go-oidc/v3/oidc":                 "given the guarded client by core/oidc, in the context",
		"github.com/valyala/fasthttp":                       "its server is used; its client is named by nobody",
		"golang.org/x/net/http2":                            "its client is used by gRPC's server side alone",
		"google.golang.org/grpc/internal":                   "the socket of our own child process, by go-plugin",
		"google.golang.org/grpc/internal/resolver/dns":      "a child process has an address, no name",
		"github.com/hashicorp/go-plugin":                    "the socket of our own child process",
		"github.com/hashicorp/go-plugin/internal/cmdrunner": "as above",
		"github.com/hashicorp/go-plugin/internal/grpcmux":   "as above",
		"github.com/gobwas/ws":                              "its framing is used; connections are handed to it",
		"github.com/jackc/pgx/v5/pgconn":                    "the database that the operator names",
	}
}

// TestNoModuleDialsPastUs finds packages of other modules that could connect
// outwards past the guarded client: a new one is looked at before it ships.
func TestNoModuleDialsPastUs(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if and (not .Standard) .Module}}{{if not .Module.Main}}{{.ImportPath}} {{.Dir}} {{range .GoFiles}}{{.}} {{end}}{{end}}{{end}}", "./core/cmd/patchbay")
	list.Dir = "../../.."
	text, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	known, packages := dialsBeside(), 0
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		packages++
		var found []string
		for _, file := range words[2:] {
			here, err := dials(filepath.Join(words[1], file), nil)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, here...)
		}
		slices.Sort(found)
		if found = slices.Compact(found); len(found) == 0 {
			continue
		}
		if known[words[0]] == "" {
			t.Errorf("%s uses %s: say in dialsBeside why it does not speak outwards past core/outbound", words[0], strings.Join(found, ", "))
		}
		delete(known, words[0])
	}
	for name := range known {
		t.Errorf("%s dials no more: take it off the list", name)
	}
	if packages < 50 {
		t.Errorf("only %d packages were read", packages)
	}
}

// TestDialsAreFound gives the finder what it must find and what it must not.
func TestDialsAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"package a\n\nimport \"net/http\"\n\nvar c = &http.Client{}\n":                            "http.Client",
		"package a\n\nimport web \"net/http\"\n\nvar c = new(web.Transport)\n":                    "http.Transport",
		"package a\n\nimport \"net/http\"\n\nfunc f() { _, _ = http.Get(\"x\") }\n":               "http.Get",
		"package a\n\nimport . \"net\"\n\nvar d Dialer\n":                                         "net by a dot",
		"package a\n\nimport \"net/http\"\n\nfunc f(c *http.Client) http.Header { return nil }\n": "",
	} {
		found, err := dials("a.go", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(found, ", "); got != want {
			t.Errorf("found %q, want %q, in:\n%s", got, want, text)
		}
	}
}

// dials returns what of a file opens connections. A mention in a signature or
// of a field is none: whoever is handed a client did not make it.
func dials(path string, text []byte) ([]string, error) {
	var source any
	if text != nil {
		source = text
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []string
	names := make(map[string]string) // local name → import path
	for _, imp := range file.Imports {
		path := strings.Trim(imp.Path.Value, `"`)
		if _, ok := outward()[path]; !ok {
			continue
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if imp.Name != nil {
			name = imp.Name.Name
		}
		if name == "." {
			found = append(found, lastPart(path)+" by a dot")
		}
		names[name] = path
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if star, ok := n.(*ast.StarExpr); ok { // *http.Client: somebody else's
			_, selects := star.X.(*ast.SelectorExpr)
			return !selects
		}
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := s.X.(*ast.Ident)
		if !ok {
			return true
		}
		if path := names[x.Name]; slices.Contains(outward()[path], s.Sel.Name) {
			found = append(found, fmt.Sprintf("%s.%s", lastPart(path), s.Sel.Name))
		}
		return true
	})
	return found, nil
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
