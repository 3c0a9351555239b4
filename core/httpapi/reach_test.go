package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/event"
)

func TestChatPage(t *testing.T) {
	s := newSite(t, nil)
	path := "/chat/" + string(s.Live.ID)
	a := s.ask(http.MethodGet, path, "", "Accept-Language", "zh-CN,zh;q=0.9")
	csp := a.Header.Get("Content-Security-Policy")
	switch {
	case a.StatusCode != http.StatusOK || !strings.Contains(a.text, `src="/w/`+string(s.Live.ID)+`/loader.js" data-mode="page"`):
		t.Errorf("the page: %d %s", a.StatusCode, a.text)
	case !strings.Contains(a.text, `lang="zh-CN"`):
		t.Errorf("the language of the page: %s", a.text)
	case !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "script-src 'self' 'unsafe"):
		t.Errorf("the policy of the page: %s", csp)
	}
	for _, path := range []string{"/chat/inb_none", "/chat/" + string(s.Inbox.ID), "/chat/%22%3E%3Cscript%3E"} {
		if a := s.ask(http.MethodGet, path, "", "Accept", "text/html"); a.StatusCode != http.StatusNotFound || strings.Contains(a.text, "<script") {
			t.Errorf("%s answers %d %s", path, a.StatusCode, a.text)
		}
	}
	_, err := s.fake.Inboxes.UpdateInbox(t.Context(), s.WS, s.Live.ID, func(i *channel.Inbox) ([]event.Event, error) { i.Enabled = false; return nil, nil })
	s.OK(err)
	if a := s.ask(http.MethodGet, path, ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("of a disabled inbox: %d", a.StatusCode)
	}
}
