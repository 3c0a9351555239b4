package httpapi_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/identity"
)

func server(t *testing.T) *httpapi.Server {
	t.Helper()
	s, err := httpapi.New(httpapi.Options{
		Version: "test", Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Console: fstest.MapFS{"index.html": {Data: []byte("<title>console</title>")}},
		Demo:    fstest.MapFS{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document is as much of OpenAPI as the tests read.
type document struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Access      string `json:"x-access"`
	} `json:"paths"`
}

func read(t *testing.T, s *httpapi.Server) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(s.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDocumentEqualsRoutes(t *testing.T) {
	s := server(t)
	d := read(t, s)
	if !strings.HasPrefix(d.OpenAPI, "3.1") {
		t.Errorf("openapi %q", d.OpenAPI)
	}
	described := map[string]string{}
	for path, ops := range d.Paths {
		for method, op := range ops {
			described[strings.ToUpper(method)+" "+path] = op.Access
		}
	}
	served := map[string]string{}
	for _, r := range s.Routes() {
		if strings.HasPrefix(r.Path, "/api/") {
			served[r.Method+" "+r.Path] = r.Access
		}
	}
	if len(served) < 40 {
		t.Fatalf("only %d API routes are served", len(served))
	}
	for r, access := range served {
		if described[r] != access {
			t.Errorf("%s needs %q, the document says %q", r, access, described[r])
		}
	}
	for r := range described {
		if _, ok := served[r]; !ok {
			t.Errorf("%s is described and not served", r)
		}
	}
}

func TestEveryRouteDeclaresAKnownAccess(t *testing.T) {
	known := map[string]bool{"public": true, "session": true, "visitor": true, "hook": true, "operator": true}
	for _, p := range identity.RoleOwner.Permissions() {
		known[string(p)] = true
	}
	for _, r := range server(t).Routes() {
		if !known[r.Access] {
			t.Errorf("%s %s declares %q", r.Method, r.Path, r.Access)
		}
	}
}

func TestOperationIDsAreUnique(t *testing.T) {
	seen := map[string]string{}
	for path, ops := range read(t, server(t)).Paths {
		for method, op := range ops {
			at := method + " " + path
			if other, ok := seen[op.OperationID]; ok || op.OperationID == "" {
				t.Errorf("%s and %s share the id %q", at, other, op.OperationID)
			}
			seen[op.OperationID] = at
		}
	}
}

func TestNobodyIsLetInWithoutASession(t *testing.T) {
	s := server(t)
	for _, r := range s.Routes() {
		if r.Access == "public" || r.Access == "hook" || r.Access == "operator" {
			continue
		}
		path := strings.NewReplacer("{", "", "}", "").Replace(r.Path)
		req, err := http.NewRequestWithContext(t.Context(), r.Method, path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Test(req)
		if err != nil {
			t.Fatal(err)
		}
		var p httpapi.Problem
		err = json.NewDecoder(res.Body).Decode(&p)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized || err != nil || p.Code == "" {
			t.Errorf("%s %s answers %d %+v (%v)", r.Method, r.Path, res.StatusCode, p, err)
		}
	}
}

func TestCrossSiteRequestsAreRefused(t *testing.T) {
	s := server(t)
	for name, tt := range map[string]struct {
		header, value string
		refused       bool
	}{
		"a foreign page, new browser": {"Sec-Fetch-Site", "cross-site", true},
		"a sister site":               {"Sec-Fetch-Site", "same-site", true},
		"a foreign page, old browser": {"Origin", "https://evil.example", true},
		"a sandboxed frame":           {"Origin", "null", true},
		"our own page":                {"Sec-Fetch-Site", "same-origin", false},
		"our own page, old browser":   {"Origin", "http://example.com", false},
		"a program":                   {"User-Agent", "curl", false},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://example.com/api/v1/session", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set(tt.header, tt.value)
			res, err := s.Test(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if refused := res.StatusCode == http.StatusForbidden; refused != tt.refused {
				t.Errorf("answers %d", res.StatusCode)
			}
		})
	}
}

func TestAbsentPages(t *testing.T) {
	s := server(t)
	get := func(path, accept string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", accept)
		res, err := s.Test(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(b)
	}
	if code, text := get("/conversations/cnv_1", "text/html"); code != http.StatusOK || !strings.Contains(text, "console") {
		t.Errorf("a page of the console answers %d %q", code, text)
	}
	if code, _ := get("/api/v1/nothing", "text/html"); code != http.StatusNotFound {
		t.Errorf("an unknown API route answers %d", code)
	}
	if code, _ := get("/assets/gone.js", "*/*"); code != http.StatusNotFound {
		t.Errorf("a missing file answers %d", code)
	}
	if code, _ := get("/../../etc/passwd", "*/*"); code != http.StatusNotFound {
		t.Errorf("a path out of the tree answers %d", code)
	}
}
