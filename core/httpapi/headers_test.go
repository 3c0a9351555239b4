package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/patchbay-im/patchbay/core/httpapi"
)

// passing are headers that say something of the answer's content or moment.
func passing() []string { return []string{"Date", "Etag", "Last-Modified", "Content-Length"} }

// TestHeaders compares the headers of each kind of answer with those in
// testdata/headers.txt (-update writes it): a header that protects is not lost
// by accident, and none is added without being seen.
func TestHeaders(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) {
		o.SecureCookies = true
		o.Console = fstest.MapFS{"index.html": {Data: []byte("<title>console</title>")}, "assets/a-12345678.js": {Data: []byte("1")}}
	})
	stamp := regexp.MustCompile(`\d{8}-\d{6}`)
	tidy := func(text string) string {
		text = strings.NewReplacer(string(s.WS), "{workspace}", string(s.Live.ID), "{inbox}").Replace(text)
		return stamp.ReplaceAllString(text, "{time}")
	}
	cookie := "__Host-" + s.signIn(s.Owner)
	w := "/api/v1/workspaces/" + string(s.WS)
	var got strings.Builder
	for _, c := range []struct{ what, method, path, body, cookie string }{
		{"an answer of the API", http.MethodGet, w, "", cookie},
		{"something made", http.MethodPost, w + "/labels", `{"name":"x","color":"#2f80ed"}`, cookie},
		{"not signed in", http.MethodGet, w, "", ""},
		{"absent", http.MethodGet, w + "/tickets/tkt_none", "", cookie},
		{"not understood", http.MethodPost, w + "/labels", `{"nope":1}`, cookie},
		{"a wrong password", http.MethodPost, "/api/v1/session", `{"email":"` + s.Owner.Email + `","password":"wrong"}`, ""},
		{"a table", http.MethodGet, w + "/tickets/export?format=csv", "", cookie},
		{"the audit log", http.MethodGet, w + "/audit/export?format=jsonl", "", cookie},
		{"the description", http.MethodGet, "/openapi.json", "", ""},
		{"a page of the console", http.MethodGet, "/conversations/mine", "", cookie},
		{"a part of the console", http.MethodGet, "/assets/a-12345678.js", "", ""},
		{"the widget", http.MethodGet, "/w/" + string(s.Live.ID) + "/frame.html", "", ""},
		{"the widget's loader", http.MethodGet, "/w/" + string(s.Live.ID) + "/loader.js", "", ""},
		{"a customer's ticket, by a wrong link", http.MethodGet, "/t/nonsense", "", ""},
		{"a rating, by a wrong link", http.MethodGet, "/r/nonsense", "", ""},
		{"a file, by a wrong address", http.MethodGet, "/api/v1/media/att_none?t=x", "", ""},
		{"a webhook of nobody", http.MethodPost, "/hooks/nonsense/", `{}`, ""},
		{"alive", http.MethodGet, "/livez", "", ""},
		{"no such thing", http.MethodGet, "/api/v1/nothing", "", ""},
	} {
		header := []string{"Accept", "text/html"}
		if c.cookie != "" {
			header = append(header, "Cookie", c.cookie)
		}
		a := s.ask(c.method, c.path, c.body, header...)
		fmt.Fprintf(&got, "# %s\n%s %s: %d\n", c.what, c.method, tidy(c.path), a.StatusCode)
		for _, name := range slices.Sorted(maps.Keys(a.Header)) {
			if !slices.Contains(passing(), name) {
				fmt.Fprintf(&got, "%s: %s\n", name, tidy(strings.Join(a.Header[name], " | ")))
			}
		}
		got.WriteString("\n")
	}
	golden(t, "headers.txt", got.String())
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("the headers are\n%s\nand in the file\n%s\nrun the test with -update when this is meant", got, want)
	}
}

// TestHeadersOfEveryRoute asks every route there is, as nobody and as an owner,
// and compares the headers of all answers with testdata/headers_routes.txt: a set
// of headers, and who gets it from where.
func TestHeadersOfEveryRoute(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.SecureCookies = true })
	stamp := regexp.MustCompile(`\d{8}-\d{6}`)
	sets, asked := make(map[string][]string), 0
	param := regexp.MustCompile(`[{:](\w+)\}?|\*$`)
	for _, r := range s.Routes() {
		path := param.ReplaceAllStringFunc(r.Path, func(name string) string {
			if strings.Contains(name, "workspace") {
				return string(s.WS)
			}
			return "none"
		})
		for who, cookie := range map[string]string{"nobody": "", "owner": "__Host-" + s.signIn(s.Owner)} {
			body := ""
			if r.Method != http.MethodGet && r.Method != http.MethodDelete {
				body = "{}"
			}
			asked++
			a := s.ask(r.Method, path, body, "Cookie", cookie)
			var set strings.Builder
			for _, name := range slices.Sorted(maps.Keys(a.Header)) {
				if !slices.Contains(passing(), name) {
					value := stamp.ReplaceAllString(strings.Join(a.Header[name], " | "), "{time}")
					fmt.Fprintf(&set, "%s: %s\n", name, strings.ReplaceAll(value, string(s.WS), "{workspace}"))
				}
			}
			sets[set.String()] = append(sets[set.String()], fmt.Sprintf("  %s %s, %s: %d\n", r.Method, r.Path, who, a.StatusCode))
			if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Referrer-Policy") == "" || a.Header.Get("Strict-Transport-Security") == "" {
				t.Errorf("%s %s, %s: %v", r.Method, r.Path, who, a.Header)
			}
		}
	}
	var got strings.Builder
	for _, set := range slices.Sorted(maps.Keys(sets)) {
		slices.Sort(sets[set])
		got.WriteString(set + strings.Join(sets[set], "") + "\n")
	}
	t.Logf("%d answers of %d routes have %d sets of headers", asked, len(s.Routes()), len(sets))
	golden(t, "headers_routes.txt", got.String())
}
