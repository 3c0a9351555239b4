package workbench_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/workbench"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const settings = `provider: ./fake
config:
  api_url: "{{provider}}/v1"
  smtp:
    host: mail
  list:
    - a
    - title: b
request:
  path: in
  body: {id: "{{id}}", deep: [{text: "{{text}}"}], n: 1}
`

func TestSettings(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, workbench.SettingsFile, settings)
	s, err := workbench.ReadSettings(dir, map[string]string{"/smtp/password": "geheim", "/smtp/port": "25", "/a~1b": "x", "/api_url": "{{provider}}"})
	if err != nil || s.Provider != "./fake" {
		t.Fatal(s.Provider, err)
	}
	config, err := s.Config("http://127.0.0.1:1")
	if want := `{"a/b":"x","api_url":"http://127.0.0.1:1","list":["a",{"title":"b"}],"smtp":{"host":"mail","password":"geheim","port":25}}`; err != nil || string(config) != want {
		t.Errorf("the configuration is %s, %v", config, err)
	}
	for pointer, want := range map[string]string{"/smtp/host": "dev.yaml:5", "/list/1/title": "dev.yaml:8", "/smtp/none": "dev.yaml:5", "": "dev.yaml:3", "/none": "dev.yaml:3"} {
		if got := s.Place(pointer); got != want {
			t.Errorf("%s stands at %s, not at %s", pointer, got, want)
		}
	}
	body, err := s.Request.Fill(workbench.Said{ID: "m1", Text: `say "hi"`})
	if want := `{"deep":[{"text":"say \"hi\""}],"id":"m1","n":1}`; err != nil || string(body) != want {
		t.Errorf("the request is %s, %v", body, err)
	}
	if _, err := s.Config(""); err == nil || !strings.Contains(err.Error(), "there is no provider") {
		t.Errorf("without a provider: %v", err)
	}
	bare, err := workbench.ReadSettings(t.TempDir(), nil)
	if err != nil || bare.Place("/x") != "dev.yaml" {
		t.Errorf("without a file: %v", err)
	}
	if config, err := bare.Config(""); err != nil || string(config) != "{}" {
		t.Errorf("without a file: %s %v", config, err)
	}
}

func TestSettingsThatWillNotDo(t *testing.T) {
	for text, want := range map[string]string{
		"provider: ../fake\n": "is not a folder of the plugin's",
		"provider: /fake\n":   "is not a folder of the plugin's",
		"confg: {}\n":         "It may hold provider, config and request",
		"config: [\n":         "dev.yaml: line 1",
	} {
		dir := t.TempDir()
		write(t, dir, workbench.SettingsFile, text)
		if _, err := workbench.ReadSettings(dir, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	dir := t.TempDir()
	write(t, dir, workbench.SettingsFile, "config: [1]\n")
	s, err := workbench.ReadSettings(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Config(""); err == nil || !strings.Contains(err.Error(), "dev.yaml:1: config must be a mapping") {
		t.Errorf("a list: %v", err)
	}
}

// Changes are told once they have come to rest, and only those that matter.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "main.go", "1")
	write(t, dir, "sub/a.go", "1")
	ctx, cancel := context.WithCancel(t.Context())
	changes, err := workbench.Watch(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	next := func() []string {
		t.Helper()
		select {
		case got := <-changes:
			return got
		case <-time.After(20 * time.Second):
			t.Fatal("nothing was told")
			return nil
		}
	}
	for _, name := range []string{"main_test.go", ".main.go.swp", "README.md", "main.go~", ".git/index", "bin/plugins/x/plugin", "node_modules/a.js", "4913", "__debug_bin4257150482"} {
		write(t, dir, name, "2")
	}
	write(t, dir, "sub/a.go", "2")
	write(t, dir, "main.go", "2")
	if got := next(); !slices.Equal(got, []string{"main.go", "sub/a.go"}) {
		t.Errorf("told %q", got)
	}
	write(t, dir, "new/b.go", "1") // a new folder is watched, too
	if got := next(); !slices.Contains(got, "new") && !slices.Contains(got, "new/b.go") {
		t.Errorf("told %q", got)
	}
	write(t, dir, "new/b.go", "2")
	if got := next(); !slices.Equal(got, []string{"new/b.go"}) {
		t.Errorf("told %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "main.go")); err != nil {
		t.Fatal(err)
	}
	if got := next(); !slices.Equal(got, []string{"main.go"}) {
		t.Errorf("told %q", got)
	}
	cancel()
	for range changes { // it is closed
	}
}

type bench struct{ done []string }

func (b *bench) State(context.Context) any { return map[string]int{"n": len(b.done)} }

func (b *bench) Do(_ context.Context, name string, args json.RawMessage) (any, error) {
	switch name {
	case "refused":
		return nil, errs.New(errs.Invalid, "x.bad", "That will not do.").WithFields(errs.Field{Pointer: "/a", Detail: "is wrong"})
	case "broken":
		return nil, context.DeadlineExceeded
	case "absent":
		return nil, errs.Absent()
	}
	b.done = append(b.done, name+string(args))
	return json.RawMessage(`{"ok":true}`), nil
}

func (b *bench) Console(context.Context) (string, error) {
	return "http://127.0.0.1:1/link?token=t", nil
}

// The page answers who opened it, and nobody who came otherwise.
func TestHandler(t *testing.T) {
	b := &bench{}
	h := workbench.Handler("127.0.0.1:4000", b)
	ask := func(method, path, body string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Host = "127.0.0.1:4000"
		for i := 0; i < len(header); i += 2 {
			if header[i] == "Host" {
				r.Host = header[i+1]
			}
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	const jsonType = "application/json"
	for name, tt := range map[string]struct {
		got  *httptest.ResponseRecorder
		want int
		has  string
	}{
		"the page":         {ask("GET", "/", ""), 200, `<script type="module" src="page.js">`},
		"its script":       {ask("GET", "/tries.js", ""), 200, "function channel("},
		"the state":        {ask("GET", "/api/state", "", "Host", "localhost:4000"), 200, `{"n":`},
		"a thing to do":    {ask("POST", "/api/do/x", `{"a":1}`, "Content-Type", jsonType), 200, `"ok":true`},
		"refused":          {ask("POST", "/api/do/refused", `{}`, "Content-Type", jsonType), 422, `{"detail":"That will not do.","code":"x.bad","fields":[{"pointer":"/a","detail":"is wrong"}]}`},
		"broken":           {ask("POST", "/api/do/broken", `{}`, "Content-Type", jsonType), 502, `deadline exceeded`},
		"absent":           {ask("POST", "/api/do/absent", `{}`, "Content-Type", jsonType), 404, ``},
		"the console":      {ask("GET", "/console", ""), 303, ``},
		"nothing":          {ask("GET", "/serve.go", ""), 404, ``},
		"another name":     {ask("GET", "/api/state", "", "Host", "evil.example:4000"), 403, ``},
		"another port":     {ask("GET", "/api/state", "", "Host", "127.0.0.1:4001"), 403, ``},
		"another origin":   {ask("POST", "/api/do/x", `{}`, "Content-Type", jsonType, "Origin", "http://127.0.0.1:4001"), 403, ``},
		"another site":     {ask("GET", "/console", "", "Sec-Fetch-Site", "cross-site"), 403, ``},
		"a form":           {ask("POST", "/api/do/x", `a=1`, "Content-Type", "application/x-www-form-urlencoded"), 415, ``},
		"a large request":  {ask("POST", "/api/do/x", strings.Repeat("x", 2<<20), "Content-Type", jsonType), 422, `too large`},
		"the wrong method": {ask("POST", "/api/state", `{}`, "Content-Type", jsonType), 405, ``},
	} {
		if tt.got.Code != tt.want || !strings.Contains(tt.got.Body.String(), tt.has) {
			t.Errorf("%s: %d %s", name, tt.got.Code, tt.got.Body)
		}
		if !strings.Contains(tt.got.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has no policy", name)
		}
	}
	if len(b.done) != 1 || b.done[0] != `x{"a":1}` {
		t.Errorf("done: %q", b.done)
	}
}
