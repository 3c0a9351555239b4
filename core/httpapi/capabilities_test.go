package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
)

// The composer is drawn from what an inbox says of its channel.
func TestAnInboxSaysWhatItsChannelCan(t *testing.T) {
	s := newSite(t, nil)
	s.plugins.Installed = []channel.Type{{Plugin: s.Inbox.Plugin, Capabilities: channel.Capabilities{
		Content: []string{channel.ContentText, channel.ContentEnvelope}, TextLimit: 600, AttachmentLimit: 1 << 20, Can: []string{channel.CanRecall},
		Threads: channel.ThreadsReply, Windows: []channel.Window{{On: channel.TriggerMessage, Quota: 5, For: 48 * time.Hour}, {On: "followed", For: time.Minute}},
	}}}
	path := "/api/v1/workspaces/" + string(s.WS) + "/inboxes/" + string(s.Inbox.ID)
	const want = `"capabilities":{"content":["text","envelope"],"text_limit":600,"attachment_limit":1048576,"can":["recall"],"threads":"reply",` +
		`"windows":[{"on":"message","quota":5,"seconds":172800},{"on":"followed","seconds":60}]}`
	if a := s.ask(http.MethodGet, path, "", "Cookie", s.signIn(s.Owner)); !strings.Contains(a.text, want) {
		t.Errorf("it says %s", a.text)
	}
	s.plugins.Installed = nil
	if a := s.ask(http.MethodGet, path, "", "Cookie", s.signIn(s.Owner)); !strings.Contains(a.text, `"capabilities":{"content":[],"can":[]}`) {
		t.Errorf("without its plugin it says %s", a.text)
	}
}
