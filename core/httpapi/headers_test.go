package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
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
	const file = "testdata/headers.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got.String() {
		t.Errorf("the headers are\n%s\nand in the file\n%s\nrun the test with -update when this is meant", got.String(), want)
	}
}
