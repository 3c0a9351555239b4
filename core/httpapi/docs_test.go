package httpapi_test

import (
	"encoding/json"
	"html"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/httpapi/help"
)

func TestErrorPages(t *testing.T) {
	s := newSite(t, nil)
	seen := map[string]string{}
	for _, lang := range []string{"en", "zh-CN"} {
		index := s.ask(http.MethodGet, "/docs/errors?lang="+lang, "")
		for _, code := range help.Codes() {
			a := s.ask(http.MethodGet, "/docs/errors/"+code+"?lang="+lang, "")
			if a.StatusCode != http.StatusOK || !strings.Contains(a.text, "<h1><code>"+code+"</code></h1>") || !strings.Contains(a.text, `lang="`+lang+`"`) {
				t.Errorf("%s in %s: %d", code, lang, a.StatusCode)
			}
			if !strings.Contains(index.text, `href="/docs/errors/`+code+`?lang=`+lang+`"`) {
				t.Errorf("%s is not in the list in %s", code, lang)
			}
			_, means, _ := strings.Cut(a.text, "<h2>")
			means, _, _ = strings.Cut(means, "<ul")
			if other, ok := seen[means]; ok {
				t.Errorf("%s and %s say the same in %s", code, other, lang)
			}
			seen[means] = code
		}
	}
	if a := s.ask(http.MethodGet, "/docs/errors/no.such", "", "Accept", "text/html"); a.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown code: %d", a.StatusCode)
	}
	// The page of an answer is where its type leads.
	a := s.ask(http.MethodGet, "/api/v1/session", "")
	var problem struct{ Type, Code string }
	s.OK(json.Unmarshal([]byte(a.text), &problem))
	if problem.Type != "/docs/errors/session.missing" || s.ask(http.MethodGet, problem.Type, "").StatusCode != http.StatusOK {
		t.Errorf("the type is %q", problem.Type)
	}
}

// guideNames lists the guides in the folders of docs/ that the binary carries.
func guideNames(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, folder := range []string{"api", "reference"} {
		files, err := filepath.Glob(filepath.Join("../../docs", folder, "*.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if name := strings.TrimSuffix(filepath.Base(f), ".md"); !strings.HasSuffix(name, ".zh-CN") {
				out = append(out, name)
			}
		}
	}
	return out
}

// Every guide is served in both languages; nothing in it is left as it was
// written, and each link leads somewhere.
func TestGuidePages(t *testing.T) {
	s := newSite(t, nil)
	code := regexp.MustCompile(`(?s)<pre.*?</pre>|<code>.*?</code>`)
	links := regexp.MustCompile(`<a href="(/docs[^"]*|#[^"]*)"`)
	names := guideNames(t)
	if len(names) < 8 {
		t.Fatalf("the guides are %v", names)
	}
	for _, lang := range []string{"en", "zh-CN"} {
		index := s.ask(http.MethodGet, "/docs/api?lang="+lang, "")
		for _, name := range names {
			here := "/docs/api/" + name + "?lang=" + lang
			a := s.ask(http.MethodGet, here, "")
			if a.StatusCode != http.StatusOK || !strings.Contains(a.text, `<html lang="`+lang+`">`) || !strings.Contains(index.text, `href="`+here+`"`) {
				t.Errorf("%s: %d", here, a.StatusCode)
			}
			for _, left := range []string{"](", "```", "**", "| ", "\n# ", "&lt;!--"} {
				if strings.Contains(code.ReplaceAllString(a.text, ""), left) {
					t.Errorf("%s has %q left", here, left)
				}
			}
			for _, m := range links.FindAllStringSubmatch(a.text, -1) {
				page, part, _ := strings.Cut(html.UnescapeString(m[1]), "#")
				to := a
				if page != "" {
					to = s.ask(http.MethodGet, page, "")
				}
				if to.StatusCode != http.StatusOK || part != "" && !strings.Contains(to.text, `id="`+part+`"`) {
					t.Errorf("%s leads to %s: %d", here, m[1], to.StatusCode)
				}
			}
		}
	}
	for _, name := range []string{"no-such", "..%2fREADME", "getting-started.zh-CN"} {
		if a := s.ask(http.MethodGet, "/docs/api/"+name, "", "Accept", "text/html"); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
}

func TestReference(t *testing.T) {
	s := newSite(t, nil)
	for _, tt := range []struct{ query, accept, lang, word string }{
		{"", "", "en", "API reference"},
		{"", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", "API 参考"},
		{"?lang=en", "zh-CN", "en", "API reference"},
		{"?lang=zh-CN", "en", "zh-CN", "API 参考"},
		{"", "fr", "en", "API reference"},
	} {
		a := s.ask(http.MethodGet, "/docs/api"+tt.query, "", "Accept-Language", tt.accept)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.text, `<html lang="`+tt.lang+`">`) || !strings.Contains(a.text, tt.word) {
			t.Errorf("%+v: %d", tt, a.StatusCode)
		}
	}
	a := s.ask(http.MethodGet, "/docs/api", "")
	csp := a.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(a.text, " style=") || strings.Contains(a.text, "<style") || strings.Contains(a.text, " onclick") {
		t.Errorf("the policy is %q, or the page does not keep to it", csp)
	}
	for _, elsewhere := range []string{`src="http`, `href="http`, `src="//`} {
		if strings.Contains(a.text, elsewhere) {
			t.Errorf("the page loads something from elsewhere: %s", elsewhere)
		}
	}
	for _, r := range s.Routes() { // each route of the API is there
		if strings.HasPrefix(r.Path, "/api/") && !strings.Contains(r.Path, ":") && !strings.Contains(a.text, `<span class="method `+r.Method+`">`+r.Method+`</span> <code class="path">`+r.Path+`</code>`) {
			t.Errorf("%s %s is not in the reference", r.Method, r.Path)
		}
	}
	for _, part := range strings.Split(a.text, `href="#`)[1:] { // each link within the page leads somewhere
		id, _, _ := strings.Cut(part, `"`)
		if !strings.Contains(a.text, `id="`+id+`"`) {
			t.Errorf("a link leads to %s, which is not there", id)
		}
	}
	for _, name := range []string{"help.css", "help.js"} {
		if a := s.ask(http.MethodGet, "/docs/files/"+name, ""); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	if a := s.ask(http.MethodGet, "/docs/files/..%2ferrors.txt", ""); a.StatusCode == http.StatusOK {
		t.Error("a file outside is served")
	}
}
