package app_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// guides are the documents whose examples are run.
func guides() []string {
	return []string{"getting-started", "errors", "pagination", "idempotency", "limits", "sandbox"}
}

// example is a piece of code in a guide.
type example struct{ language, code string }

func examples(t *testing.T, file string) []example {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "api", file))
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	for _, m := range regexp.MustCompile("(?s)```(\\w+)\n(.*?)\n```").FindAllStringSubmatch(string(text), -1) {
		out = append(out, example{m[1], m[2] + "\n"})
	}
	return out
}

// runner says how a language is run.
type runner struct {
	program string
	args    func(file string) []string
	file    string
}

func runners() map[string]runner {
	just := func(file string) []string { return []string{file} }
	return map[string]runner{
		"sh": {"bash", func(file string) []string { return []string{"-euo", "pipefail", file} }, "example.sh"},
		"js": {"node", just, "example.mjs"},
		"go": {"go", func(file string) []string { return []string{"run", file} }, "example.go"},
	}
}

// TestGuides runs every example of the guides, in both languages the same,
// against a real server: as a program does it, with a key.
func TestGuides(t *testing.T) {
	for _, program := range []string{"bash", "curl", "node"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("PATCHBAY_TEST_REQUIRE") != "" {
				t.Fatalf("%s is needed: run scripts/test-deps.sh", program)
			}
			t.Skipf("%s is not here: scripts/test-deps.sh brings it", program)
		}
	}
	s := open(t, func(o *rig.Options) {
		o.Env = append(o.Env, "PATCHBAY_LIMITS_MEMBER=600") // the guides show its headers
	})
	var key struct{ Secret string }
	body := map[string]any{"name": "Guides", "scopes": []string{"contact.read", "contact.write", "sandbox.manage"}}
	if _, err := s.owner.Call(t.Context(), http.MethodPost, s.owner.At("/api-keys"), body, &key); err != nil {
		t.Fatal(err)
	}
	sandbox, there := s.colleaguesSandbox()
	env := append(os.Environ(), "PATCHBAY_SANDBOX="+sandbox, "PATCHBAY_SANDBOX_KEY="+there,
		"PATCHBAY_URL="+s.server.URL(), "PATCHBAY_KEY="+key.Secret, "PATCHBAY_WORKSPACE="+s.owner.Workspace)
	for _, name := range []string{"Ada", "Bo", "Chen", "Dana", "Eva"} { // so that there are pages
		if _, err := s.owner.Call(t.Context(), http.MethodPost, s.owner.At("/contacts"), map[string]string{"name": name}, nil); err != nil {
			t.Fatal(err)
		}
	}
	ran := map[string]int{}
	for _, guide := range guides() {
		english, chinese := examples(t, guide+".md"), examples(t, guide+".zh-CN.md")
		if !slices.Equal(english, chinese) {
			t.Errorf("the examples of %s differ between its languages", guide)
		}
		for i, e := range english {
			r, ok := runners()[e.language]
			if !ok {
				continue // an answer that is shown
			}
			ran[e.language]++
			t.Run(guide+" "+e.language, func(t *testing.T) {
				out := run(t, r, e.code, env)
				if strings.TrimSpace(out) == "" {
					t.Errorf("example %d prints nothing:\n%s", i+1, e.code)
				}
				t.Logf("%.600s", out)
			})
		}
	}
	if ran["sh"] < 5 || ran["js"] < 5 || ran["go"] < 2 {
		t.Errorf("only so many examples were run: %v", ran)
	}
}

// colleaguesSandbox makes a sandbox of somebody else, and a key in it: the guide
// makes one of the owner's.
func (s *site) colleaguesSandbox() (id, key string) {
	s.t.Helper()
	ctx := s.t.Context()
	mo, err := s.owner.Invite(ctx, moEmail, "Mo", "administrator", moPassword)
	if err != nil {
		s.t.Fatal(err)
	}
	var x struct{ ID string }
	if _, err := mo.Call(ctx, http.MethodPost, mo.At("/sandboxes"), map[string]any{}, &x); err != nil {
		s.t.Fatal(err)
	}
	var made struct{ Secret string }
	body := map[string]any{"name": "Guides", "scopes": []string{"workspace.read", "contact.read", "contact.write"}}
	mo.Workspace = x.ID
	if _, err := mo.Call(ctx, http.MethodPost, mo.At("/api-keys"), body, &made); err != nil {
		s.t.Fatal(err)
	}
	return x.ID, made.Secret
}

// run runs a program and returns what it prints.
func run(t *testing.T, r runner, code string, env []string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), r.file)
	if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.program, r.args(file)...)
	cmd.Env = env
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			out = append(out, exit.Stderr...)
		}
		t.Fatalf("%v\n%s\n%s", err, code, out)
	}
	return string(out)
}
