// Package hooktest is the conformance suite of hooks. It plays the core towards a
// plugin, over the real wire, and checks what the core relies on. Run it on the
// plugin in the test's own process, and as a process:
//
//	subject := hooktest.Subject{Manifest: manifest, Drafts: drafts, Events: events}
//	t.Run("in process", func(t *testing.T) { subject.Open = hooktest.InProcess(newMine); hooktest.Run(t, subject) })
//	t.Run("process", func(t *testing.T) { subject.Open = hooktest.Process(t, "."); hooktest.Run(t, subject) })
package hooktest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Subject is the plugin under test.
type Subject struct {
	Manifest   []byte            // plugin.yaml
	Open       Opener            // InProcess or Process
	Config     string            // a configuration that works, as JSON
	Secrets    map[string]string // the fields with x-secret, by JSON pointer
	BadConfigs []string          // are refused, by the schema or by the plugin

	// Drafts are what is about to happen, and the verdicts.
	Drafts []Draft
	// Events are what has happened; all are taken.
	Events []Event
}

// Opener runs a plugin for one case.
type Opener = conformance.Opener

// InProcess runs the plugin in the test's own process: quick, and a debugger
// sees it.
func InProcess(newValue func(sdk.Env) (hook.Hook, error)) Opener {
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Hook, err = newValue(env)
		return a, err
	})
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	return conformance.Process(t, dir)
}

func (s Subject) plugin() conformance.Plugin {
	return conformance.Plugin{
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityHook, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	}
}

// Draft is a message or, with Inbox, a conversation to be routed.
type Draft struct {
	Name  string // in the test's output; "" = Text or Inbox
	Text  string
	Inbox string // instead of Text: the inbox of the conversation
	Team  string // where the conversation would go

	Verdict hook.Verdict
	Reason  string // a part of what people are told
	Changed string // with VerdictChange: the new text, or the new team
}

// Event is something that has happened.
type Event struct {
	Type string // message.created, ...
	Data string // a JSON object; "" = {}
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	ask := func(r *conformance.Rig, id string) error {
		req := draft(Draft{Text: "hello"}, "chg_ask")
		req.InstanceId = id
		_, err := r.Hook.Intercept(r.Ctx(), req)
		return err
	}
	conformance.Run(t, s.plugin(),
		conformance.Case{Name: "judges", Run: func(r *conformance.Rig) { judges(r, s.Drafts) }},
		conformance.Case{Name: "judges the same again", Run: func(r *conformance.Rig) { again(r, s.Drafts) }},
		conformance.Case{Name: "judges every text", Run: texts},
		conformance.Case{Name: "allows what it does not know", Run: futurePoint},
		conformance.Case{Name: "takes events", Run: func(r *conformance.Rig) { events(r, s.Events) }},
		conformance.Case{Name: "takes events it does not know", Run: futureEvents},
		conformance.Unknown(ask),
		conformance.Draining(func(r *conformance.Rig) error { return ask(r, conformance.InstanceID) }),
	)
}

func draft(d Draft, id string) *pluginv1.InterceptRequest {
	req := &pluginv1.InterceptRequest{InstanceId: conformance.InstanceID, ChangeId: id}
	if d.Inbox != "" {
		req.Change = &pluginv1.InterceptRequest_ConversationRoute{ConversationRoute: &pluginv1.RouteDraft{
			ConversationId: "cnv_1", InboxId: d.Inbox, ContactId: "con_1", TeamId: d.Team,
		}}
		return req
	}
	req.Change = &pluginv1.InterceptRequest_MessageSend{MessageSend: &pluginv1.MessageDraft{
		ConversationId: "cnv_1", Author: pluginv1.Author_AUTHOR_AGENT, AuthorId: "mem_1",
		Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: d.Text}},
	}}
	return req
}

func judges(r *conformance.Rig, list []Draft) {
	for i, d := range list {
		got, err := r.Hook.Intercept(r.Ctx(), draft(d, fmt.Sprintf("chg_%d", i)))
		name := conformance.Or(d.Name, d.Text+d.Inbox)
		if err != nil {
			r.Errorf("%s: %v", name, err)
			continue
		}
		changed := got.GetContent().GetText() + got.GetTeam()
		if verdict := hook.Verdict(got.GetVerdict()); verdict != d.Verdict || verdict == hook.VerdictChange && changed != d.Changed {
			r.Errorf("%s: the verdict is %v %q, not %d %q", name, got.GetVerdict(), changed, d.Verdict, d.Changed)
		}
		if !strings.Contains(got.GetReason(), d.Reason) || d.Verdict == hook.VerdictDeny && got.GetReason() == "" {
			r.Errorf("%s: people are told %q", name, got.GetReason())
		}
	}
}

func again(r *conformance.Rig, list []Draft) {
	for i, d := range list {
		req := draft(d, fmt.Sprintf("chg_%d", i))
		first, err := r.Hook.Intercept(r.Ctx(), req)
		if err != nil {
			r.Fatal(err)
		}
		if second, err := r.Hook.Intercept(r.Ctx(), req); err != nil || !proto.Equal(first, second) {
			r.Errorf("%s: %v, asked again %v %v", conformance.Or(d.Name, d.Text+d.Inbox), first, second, err)
		}
	}
}

func texts(r *conformance.Rig) {
	for i, text := range conformance.HardTexts() {
		if _, err := r.Hook.Intercept(r.Ctx(), draft(Draft{Text: text}, fmt.Sprintf("chg_%d", i))); err != nil {
			r.Errorf("%.20q: %v", text, err)
		}
	}
}

// futurePoint is a point that a newer core asks at.
func futurePoint(r *conformance.Rig) {
	got, err := r.Hook.Intercept(r.Ctx(), &pluginv1.InterceptRequest{InstanceId: conformance.InstanceID, ChangeId: "chg_1"})
	if err != nil || got.GetVerdict() != pluginv1.InterceptResponse_VERDICT_ALLOW {
		r.Errorf("%v %v", got, err)
	}
}

func tell(r *conformance.Rig, list []Event) {
	r.Helper()
	req := &pluginv1.OnEventsRequest{InstanceId: conformance.InstanceID}
	for i, e := range list {
		req.Events = append(req.Events, &pluginv1.Event{
			Id: fmt.Sprintf("evt_%d", i), Type: e.Type, Feed: uint64(i + 1), Data: []byte(conformance.Or(e.Data, "{}")),
		})
	}
	for attempt := range 2 { // the same events come again
		answer, err := r.Hook.OnEvents(r.Ctx(), req)
		if err != nil {
			r.Fatalf("attempt %d: %v", attempt, err)
		}
		if len(answer.GetResults()) != len(list) {
			r.Errorf("attempt %d: %d answers for %d events: %v", attempt, len(answer.GetResults()), len(list), answer.GetResults())
			return
		}
		for i, result := range answer.GetResults() {
			if err := conformance.ErrorOf(result); err != nil {
				r.Errorf("attempt %d, %s: %v", attempt, list[i].Type, err)
			}
		}
	}
}

func events(r *conformance.Rig, list []Event) {
	for _, e := range list {
		if !json.Valid([]byte(conformance.Or(e.Data, "{}"))) {
			r.Fatalf("%s: its data are no JSON", e.Type)
		}
	}
	for len(list) > 0 {
		n := min(len(list), pluginv1.MaxBatch)
		tell(r, list[:n])
		list = list[n:]
	}
}

// futureEvents must not hold back those after them.
func futureEvents(r *conformance.Rig) {
	tell(r, []Event{{Type: "moon.landed", Data: `{"crew":[null]}`}, {Type: ""}, {Type: "message.created", Data: `{}`}, {Type: "message.created", Data: `{"message":{"text":1}}`}})
}
