package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/patchbay-im/patchbay/core/contact/contacttest"
	"github.com/patchbay-im/patchbay/core/contact/importing"
)

func TestImports(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.signIn(s.Owner)
	base := "/api/v1/workspaces/" + string(s.WS) + "/imports"
	ask := func(want int, method, path, body string, headers ...string) answer {
		t.Helper()
		a := s.ask(method, base+path, body, append([]string{"Cookie", cookie}, headers...)...)
		if a.StatusCode != want {
			t.Fatalf("%s %s answers %d %.300s", method, path, a.StatusCode, a.text)
		}
		return a
	}
	file, err := simplifiedchinese.GB18030.NewEncoder().String("姓名,邮箱,等级\n王芳,wang@example.com,=cmd()\nx,no address,\n")
	s.OK(err)
	a := ask(http.StatusCreated, http.MethodPost, "", file, "Content-Type", "text/csv")
	id := idOf(t, a)
	for _, want := range []string{`"encoding":"gb18030"`, `"mapping":{"0":"name","1":"email"}`, `"rows":2`, `"match":"email"`, `"samples":["王芳","x"]`} {
		if !strings.Contains(a.text, want) {
			t.Errorf("no %s in %s", want, a.text)
		}
	}
	ask(http.StatusUnprocessableEntity, http.MethodPatch, "/"+id, `{"mapping":{"7":"name"}}`)
	ask(http.StatusUnprocessableEntity, http.MethodPatch, "/"+id, `{"mapping":{"x":"name"}}`)
	ask(http.StatusOK, http.MethodPatch, "/"+id, `{"mapping":{"0":"name","1":"email","2":"external_id"},"match":"none","on_match":"skip"}`)
	ask(http.StatusOK, http.MethodPost, "/"+id+"/check", "")
	s.OK(s.work())
	if a := ask(http.StatusOK, http.MethodGet, "/"+id, ""); !strings.Contains(a.text, `"state":"checked"`) || !strings.Contains(a.text, `"counts":{"create":1,"update":0,"skip":0,"error":1}`) ||
		!strings.Contains(a.text, `{"row":3,"column":"邮箱","value":"no address","code":"format"`) {
		t.Errorf("checked: %s", a.text)
	}
	ask(http.StatusOK, http.MethodPost, "/"+id+"/run", "")
	s.OK(s.work())
	if a := ask(http.StatusOK, http.MethodGet, "", ""); !strings.Contains(a.text, `"state":"done"`) {
		t.Errorf("listed: %s", a.text)
	}
	a = ask(http.StatusOK, http.MethodGet, "/"+id+"/errors.csv", "")
	if a.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(a.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(a.text, "3,邮箱,no address,format") {
		t.Errorf("the errors: %v %s", a.Header, a.text)
	}

	large := "name\n" + strings.Repeat(strings.Repeat("x", 99)+"\n", 30_000) // 3 MB
	ask(http.StatusCreated, http.MethodPost, "", large, "Content-Type", "text/csv; charset=utf-8")
	ask(http.StatusUnprocessableEntity, http.MethodPost, "", "\xff\xfe\x00\xd8", "Content-Type", "text/csv")
}

// A large table is kept in memory while it comes in: nobody gets that far who
// may not import into the workspace.
func TestWhoMaySendALargeTable(t *testing.T) {
	s := newSite(t, nil)
	base := "/api/v1/workspaces/" + string(s.WS) + "/imports"
	agent := s.Member(s.WS, "agent@example.com", "Agent", 5)
	other, _ := s.Workspace("other@example.com")
	large := "name\n" + strings.Repeat(strings.Repeat("x", 99)+"\n", 30_000) // 3 MB
	for name, tt := range map[string]struct {
		path, cookie string
		taken        bool
	}{
		"nobody":               {base, "", false},
		"a made-up session":    {base, strings.Split(s.signIn(s.Owner), "=")[0] + "=made-up", false},
		"an agent":             {base, s.signIn(agent), false},
		"of another workspace": {"/api/v1/workspaces/" + string(other) + "/imports", s.signIn(s.Owner), false},
		"of no workspace":      {"/api/v1/imports", s.signIn(s.Owner), false},
		"the owner":            {base, s.signIn(s.Owner), true},
	} {
		r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://example.com"+tt.path, strings.NewReader(large))
		s.OK(err)
		r.Header.Set("Content-Type", "text/csv")
		r.Header.Set("Cookie", tt.cookie)
		res, err := s.Test(r)
		if !tt.taken { // the body is not read: the connection ends
			if err == nil || !strings.Contains(err.Error(), "body size exceeds") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		s.OK(err)
		if s.OK(res.Body.Close()); res.StatusCode != http.StatusCreated {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
}

// work does what the background does.
func (s *site) work() error {
	return importing.NewService(importing.Deps{Store: s.imports, Desk: s.imports, Attributes: contacttest.Attributes{}, Now: s.now}).WorkOnce(s.Context())
}
