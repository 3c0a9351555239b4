package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// contents reads a bundle.
func contents(t *testing.T, file string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close() //nolint:errcheck // of a test
	out := make(map[string]string)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimPrefix(f.Name, "patchbay-support/")] = string(text)
	}
	return out
}

// TestSupportBundleHoldsNoCanary puts a word everywhere that people and secrets
// can be, makes the server fail on it in many ways, and looks for it in the
// bundle.
func TestSupportBundleHoldsNoCanary(t *testing.T) {
	const canary = "kanarienvogel"
	s := open(t, func(o *rig.Options) {
		o.DataDir = filepath.Join(o.DataDir, "data")
		o.Env = []string{
			"PATCHBAY_ADMIN_EMAIL=" + canary + "@badinput.example", "PATCHBAY_ADMIN_PASSWORD=" + canary + "-pass-42", "PATCHBAY_LOG_LEVEL=debug",
			"PATCHBAY_TLS_ACME_EMAIL=" + canary + "@example.com", "PATCHBAY_METRICS_ADDRESS=" + freePort(t),
		}
	})
	ctx := t.Context()
	secrets := []string{canary}
	post := func(path string, body any) {
		answer, err := s.owner.Call(ctx, http.MethodPost, s.owner.At(path), body, nil)
		if err == nil {
			for _, field := range []string{`"secret":"`, `"key":"`, `"url":"`} {
				if _, rest, ok := strings.Cut(string(answer.Body), field); ok {
					secret, _, _ := strings.Cut(rest, `"`)
					if len(secret) > 20 {
						secrets = append(secrets, secret)
					}
				}
			}
		}
	}
	if err := s.try(canary + " is my name, 你好"); err != nil {
		t.Fatal(err)
	}
	post("/contacts", map[string]any{"name": canary, "emails": []string{canary + "@x.example"}})
	post("/tickets", map[string]any{"title": canary, "description": canary})
	post("/labels", map[string]any{"name": canary, "color": "#2f80ed"})
	post("/api-keys", map[string]any{"name": canary, "scopes": []string{"ticket.read"}})
	post("/webhooks", map[string]any{"url": "https://127.0.0.1/" + canary, "events": []string{"*"}})
	post("/webhooks", map[string]any{"url": "https://example.com/" + canary, "events": []string{"*"}})
	post("/sign-in/providers", map[string]any{"name": canary, "client_id": canary, "client_secret": canary, "issuer": "https://127.0.0.1:1/" + canary})
	post("/conversations/"+s.chat+"/messages", map[string]any{"client_msg_id": canary, "kind": "note", "text": canary})
	for _, path := range []string{"/" + canary, "/api/v1/" + canary, "/hooks/" + canary + "/", "/w/" + canary + "/loader.js", "/t/" + canary, "/api/v1/trial/" + canary, "/api/v1/live/" + canary + "/socket"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, strings.ToUpper(canary)} {
			_, _ = rig.NewAPI(s.server.URL()).As("Authorization", "Bearer "+canary).As("User-Agent", canary).As("Origin", "https://"+canary).As("Cookie", "patchbay_session="+canary).Raw(ctx, method, path, []byte(`{"`+canary+`":1}`))
		}
	}
	for range 3 {
		_, _ = rig.NewAPI(s.server.URL()).SignIn(ctx, canary+"@nobody.example", canary)
	}
	key, err := os.ReadFile(filepath.Join(s.options.DataDir, "keys", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, strings.TrimSpace(string(key)), base64.StdEncoding.EncodeToString([]byte(canary)))

	file := filepath.Join(t.TempDir(), "a.zip")
	if text, status := s.run([]string{"support-bundle", "--to", file}); status != 0 || !strings.Contains(text, "log.txt") || strings.Contains(text, "does not answer") {
		t.Fatalf("%d %s", status, text)
	}
	live := contents(t, file)
	for _, name := range []string{"report.txt", "report.json", "version.txt", "configuration.txt", "log.txt", "metrics.txt", "goroutines.txt", "plugins.txt", "migrations.txt", "rows.txt"} {
		if len(live[name]) < 20 {
			t.Errorf("%s says %q", name, live[name])
		}
	}
	if !strings.Contains(live["log.txt"], "serving") || !strings.Contains(live["rows.txt"], "\nticket 1\n") || !strings.Contains(live["rows.txt"], "\napi_key 1\n") || !strings.Contains(live["configuration.txt"], "admin.email: (set)") {
		t.Errorf("%s\n%s\n%s", live["log.txt"], live["rows.txt"], live["configuration.txt"])
	}
	s.server.Kill()
	resting := filepath.Join(t.TempDir(), "b.zip")
	if text, status := s.run([]string{"support-bundle", "--to", resting}); status != 0 || !strings.Contains(text, "does not answer") {
		t.Fatalf("%d %s", status, text)
	}
	if len(secrets) < 5 {
		t.Errorf("only %d things to look for", len(secrets))
	}
	for where, items := range map[string]map[string]string{"beside the server": live, "without it": contents(t, resting)} {
		for name, text := range items {
			for _, secret := range secrets {
				if at := bytes.Index(bytes.ToLower([]byte(text)), []byte(strings.ToLower(secret))); at >= 0 {
					t.Errorf("%s: %s holds %q: ...%s...", where, name, secret, text[max(0, at-80):min(len(text), at+80)])
				}
			}
		}
	}
	if text, status := s.run([]string{"support-bundle", "--to", file}); status != 1 || !strings.Contains(text, "exists") {
		t.Errorf("onto what is there: %d %s", status, text)
	}
}
