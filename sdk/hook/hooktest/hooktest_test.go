package hooktest_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/hook/hooktest"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

const manifest = `manifest_version: 1
id: test/subject
version: 1.0.0
name: {en: Subject}
summary: {en: A plugin to test the suite with.}
publisher: {name: Test}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [hook]
permissions:
  - {scope: "hooks:intercept", reason: {en: Looks at messages before they go.}}
  - {scope: "events:subscribe", reason: {en: Counts what happens.}}
hooks:
  intercept: [{point: message.send}, {point: conversation.route}]
  events: [message.created]
`

type subject struct {
	fault string
	calls atomic.Int32
}

func (s *subject) Intercept(_ context.Context, req hook.InterceptRequest) (hook.InterceptResponse, error) {
	calls := s.calls.Add(1)
	switch {
	case req.Route != nil && req.Route.InboxID == "inb_vip":
		return hook.ChangeTeam("VIP", ""), nil
	case req.Message == nil:
		if s.fault == "knows two points" && req.Route == nil {
			return hook.InterceptResponse{}, errors.New("what point is that")
		}
		return hook.Allow(), nil
	}
	text := req.Message.Content.Text
	switch {
	case s.fault == "fears emoji" && strings.Contains(text, "🙂"):
		panic(text)
	case strings.Contains(text, "damn") && s.fault != "lets pass" && (s.fault != "tires" || calls == 1 || req.ChangeID != "chg_0"):
		return hook.Deny("Mind your words."), nil
	case strings.Contains(text, "darn"):
		return hook.ChangeMessage(message.Text(strings.ReplaceAll(text, "darn", "****")), "A word was taken out."), nil
	default:
		return hook.Allow(), nil
	}
}

func (s *subject) OnEvents(_ context.Context, req hook.OnEventsRequest) (hook.OnEventsResponse, error) {
	for _, e := range req.Events {
		switch {
		case s.fault == "knows one event" && e.Type != "message.created" && e.Type != "message.changed":
			return hook.OnEventsResponse{}, errors.New("what event is that")
		case s.fault == "forgets events" && e.Type == "message.changed":
			return hook.OnEventsResponse{Results: []error{nil}}, nil
		}
	}
	return hook.OnEventsResponse{}, nil
}

func TestSubject(t *testing.T) {
	hooktest.Run(t, hooktest.Subject{
		Manifest: []byte(manifest),
		Open:     hooktest.InProcess(func(sdk.Env) (hook.Hook, error) { return &subject{fault: conformance.Fault()}, nil }),
		Drafts: []hooktest.Draft{
			{Text: "damn", Verdict: hook.VerdictDeny, Reason: "Mind"},
			{Text: "hello", Verdict: hook.VerdictAllow},
			{Text: "darn it", Verdict: hook.VerdictChange, Changed: "**** it", Reason: "taken out"},
			{Inbox: "inb_1", Verdict: hook.VerdictAllow},
			{Inbox: "inb_vip", Verdict: hook.VerdictChange, Changed: "VIP"},
		},
		Events: []hooktest.Event{{Type: "message.created", Data: `{"id":"m"}`}, {Type: "message.changed"}},
	})
}

// A suite that never failed proves nothing: each fault is caught by the case
// that is there for it, and by no other.
func TestFaultsAreCaught(t *testing.T) {
	conformance.CatchesFaults(t, "TestSubject", map[string]string{
		"lets pass":        "judges",
		"tires":            "judges the same again",
		"fears emoji":      "judges every text",
		"knows two points": "allows what it does not know",
		"forgets events":   "takes events",
		"knows one event":  "takes events it does not know",
	})
}
