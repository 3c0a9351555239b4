package httpapi_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/media"
)

// gallery has one picture; it writes down what it is asked for.
type gallery struct{ asked []string }

func (g *gallery) Picture(_ context.Context, address string) (media.Drawn, error) {
	g.asked = append(g.asked, address)
	if address != "https://far.example/logo.png?a=1&b=2" {
		return media.Drawn{}, errs.New(errs.Unavailable, "picture.unreachable", "no")
	}
	return media.Drawn{Data: []byte("drawn"), Type: "image/png"}, nil
}

func TestPicturesElsewhereAreLoadedByTheirNumber(t *testing.T) {
	g := &gallery{}
	s := newSite(t, func(o *httpapi.Options) { o.Pictures = g })
	c := s.Receive(s.Inbox, "ext", "m1", "plain")
	s.Change(c.ID, func(c *conversation.Conversation) error {
		said := conversation.Words("m2", "spring")
		said.HTML = `<img src="https://far.example/t.gif" width="1" height="1"><img src="https://far.example/logo.png?a=1&amp;b=2"><img src="http://127.0.0.1/secret"><img src="javascript:alert(1)">`
		c.Receive(s.Turn(s.Owner), said)
		return nil
	})
	var m string
	for _, ch := range s.Timeline(c.ID, 0) {
		if ch.Message != nil && ch.Message.HTML {
			m = string(ch.Message.ID)
		}
	}
	at := "/api/v1/workspaces/" + string(s.WS) + "/conversations/" + string(c.ID) + "/messages/" + m
	cookie := s.signIn(s.Owner)
	page := s.ask(http.MethodGet, at+"/html", "", "Cookie", cookie)
	if !strings.Contains(page.text, `data-pictures="3" data-pixels="1"`) || strings.Contains(page.text, "<img") {
		t.Errorf("without pictures it is %s", page.text)
	}
	page = s.ask(http.MethodGet, at+"/html?pictures=true", "", "Cookie", cookie)
	if strings.Count(page.text, "<img") != 2 || !strings.Contains(page.text, `src="picture?n=0"`) || !strings.Contains(page.text, `src="picture?n=1"`) || strings.Contains(page.text, "far.example") {
		t.Errorf("with pictures it is %s", page.text)
	}
	if len(g.asked) != 0 {
		t.Errorf("the page alone loads %v", g.asked)
	}
	a := s.ask(http.MethodGet, at+"/picture?n=0", "", "Cookie", cookie)
	if a.StatusCode != http.StatusOK || a.text != "drawn" || a.Header.Get("Content-Type") != "image/png" || a.Header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" ||
		a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Cache-Control") != "private, max-age=86400" {
		t.Errorf("a picture: %d %v %q", a.StatusCode, a.Header, a.text)
	}
	for path, code := range map[string]int{
		"?n=1": http.StatusServiceUnavailable, "?n=2": http.StatusNotFound, "?n=-1": http.StatusUnprocessableEntity, "?n=https://evil.example": http.StatusUnprocessableEntity,
	} {
		if a := s.ask(http.MethodGet, at+"/picture"+path, "", "Cookie", cookie); a.StatusCode != code {
			t.Errorf("%s: %d, want %d", path, a.StatusCode, code)
		}
	}
	if a := s.ask(http.MethodGet, at+"/picture?n=0", ""); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody: %d", a.StatusCode)
	}
	if want := []string{"https://far.example/logo.png?a=1&b=2", "http://127.0.0.1/secret"}; !slices.Equal(slices.Sorted(slices.Values(g.asked)), slices.Sorted(slices.Values(want))) {
		t.Errorf("asked for %v", g.asked)
	}
}
