// Package paneltest is the conformance suite of panels. It plays the core towards a
// plugin, over the real wire, and checks what the core relies on. Run it on the
// plugin in the test's own process, and as a process:
//
//	subject := paneltest.Subject{Manifest: manifest, Views: views}
//	t.Run("in process", func(t *testing.T) { subject.Open = paneltest.InProcess(newMine); paneltest.Run(t, subject) })
//	t.Run("process", func(t *testing.T) { subject.Open = paneltest.Process(t, "."); paneltest.Run(t, subject) })
package paneltest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Subject is the plugin under test.
type Subject struct {
	Manifest   []byte            // plugin.yaml
	Open       Opener            // InProcess or Process
	Config     string            // a configuration that works, as JSON
	Secrets    map[string]string // the fields with x-secret, by JSON pointer
	BadConfigs []string          // are refused, by the schema or by the plugin

	// Views are looks at panels, and what is seen.
	Views []View
	// Presses are presses of buttons, and what comes of them.
	Presses []Press
	// Calls are what pages ask for, and the answers.
	Calls []Call
}

// Opener runs a plugin for one case.
type Opener = conformance.Opener

// InProcess runs the plugin in the test's own process: quick, and a debugger
// sees it.
func InProcess(newValue func(sdk.Env) (panel.Panel, error)) Opener {
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Panel, err = newValue(env)
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
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityPanel, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	}
}

// View is a look at a panel's card.
type View struct {
	Name    string // in the test's output; "" = the panel's
	Context panel.Context
	Card    []string // parts of the card's JSON; nil = there is nothing to show
}

// Press is a press of a button.
type Press struct {
	Name    string // in the test's output; "" = the action's
	Context panel.Context
	Action  string
	Data    string // a JSON object; "" = {}

	Card       []string // parts of the card as it is then
	Message    string   // a part of the sentence
	Failed     bool
	InsertText string
}

// Call is what a page asks for.
type Call struct {
	Context panel.Context
	Method  string
	Params  string // a JSON value; "" = null
	Value   string // a part of the answer, as JSON
	Code    string // instead: the code of the refusal
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	m := conformance.CheckManifest(t, s.plugin())
	if len(m.Panels) == 0 {
		t.Fatal("the manifest has no panels")
	}
	ask := func(r *conformance.Rig, id string) error {
		_, err := r.Panel.RenderPanel(r.Ctx(), &pluginv1.RenderPanelRequest{InstanceId: id, Context: everywhere(m.Panels[0], "en")})
		return err
	}
	conformance.Run(t, s.plugin(),
		conformance.Case{Name: "draws every card", Run: every},
		conformance.Case{Name: "shows", Run: func(r *conformance.Rig) { views(r, s.Views) }},
		conformance.Case{Name: "takes presses", Run: func(r *conformance.Rig) { presses(r, s.Presses) }},
		conformance.Case{Name: "answers pages", Run: func(r *conformance.Rig) { calls(r, s.Calls) }},
		conformance.Case{Name: "bears any press", Run: anyPress},
		conformance.Unknown(ask),
		conformance.Draining(func(r *conformance.Rig) error { return ask(r, conformance.InstanceID) }),
	)
}

func contextOf(c panel.Context) *pluginv1.PanelContext {
	theme := "light"
	if c.Dark {
		theme = "dark"
	}
	return &pluginv1.PanelContext{
		Panel: c.Panel, Slot: c.Slot, ConversationId: c.ConversationID, TicketId: c.TicketID, ContactId: c.ContactID,
		MemberId: conformance.Or(c.MemberID, "mem_1"), MemberName: c.MemberName, Locale: conformance.Or(c.Locale, "en"), Theme: theme, May: c.May,
	}
}

func everywhere(p manifest.Panel, locale string) *pluginv1.PanelContext {
	return contextOf(panel.Context{
		Panel: p.Name, Slot: p.Slot, ConversationID: "cnv_1", TicketID: "tkt_1", ContactID: "con_1", Locale: locale, May: []string{panel.MayRead},
	})
}

// checkCard checks what the core would, and that parts stand in it.
func checkCard(r *conformance.Rig, what string, raw []byte, parts []string) {
	r.Helper()
	if len(raw) > 0 {
		if problems := card.Check(raw); len(problems) > 0 {
			r.Errorf("%s: the core refuses the card: %+v", what, problems)
		}
	}
	if (len(raw) == 0) != (len(parts) == 0) {
		r.Errorf("%s: the card is %q", what, raw)
	}
	for _, part := range parts {
		if !strings.Contains(string(raw), part) {
			r.Errorf("%s: the card has no %s: %s", what, part, raw)
		}
	}
}

// every looks at all cards, also where they are about nothing.
func every(r *conformance.Rig) {
	for _, p := range r.Manifest.Panels {
		if p.Page != "" {
			continue
		}
		for _, locale := range []string{"en", "zh-CN", "", "x-moon"} {
			for _, c := range []*pluginv1.PanelContext{everywhere(p, locale), {Panel: p.Name, Slot: p.Slot, Locale: locale, Theme: "dark"}} {
				answer, err := r.Panel.RenderPanel(r.Ctx(), &pluginv1.RenderPanelRequest{InstanceId: conformance.InstanceID, Context: c})
				r.NoFault(p.Name, err)
				if raw := answer.GetCard(); len(raw) > 0 && len(card.Check(raw)) > 0 {
					r.Errorf("%s: the core refuses the card: %+v", p.Name, card.Check(raw))
				}
			}
		}
	}
}

func views(r *conformance.Rig, list []View) {
	for _, v := range list {
		answer, err := r.Panel.RenderPanel(r.Ctx(), &pluginv1.RenderPanelRequest{InstanceId: conformance.InstanceID, Context: contextOf(v.Context)})
		name := conformance.Or(v.Name, v.Context.Panel)
		if err != nil {
			r.Errorf("%s: %v", name, err)
			continue
		}
		checkCard(r, name, answer.GetCard(), v.Card)
	}
}

func press(r *conformance.Rig, c *pluginv1.PanelContext, id, action, data string) (*pluginv1.ActOnPanelResponse, error) {
	return r.Panel.ActOnPanel(r.Ctx(), &pluginv1.ActOnPanelRequest{
		InstanceId: conformance.InstanceID, Context: c, ActionId: "act_" + id, Action: action, Data: []byte(data),
	})
}

func presses(r *conformance.Rig, list []Press) {
	for i, p := range list {
		name := conformance.Or(p.Name, p.Action)
		answer, err := press(r, contextOf(p.Context), strconv.Itoa(i), p.Action, conformance.Or(p.Data, "{}"))
		if err != nil {
			r.Errorf("%s: %v", name, err)
			continue
		}
		checkCard(r, name, answer.GetCard(), p.Card)
		if !strings.Contains(answer.GetMessage(), p.Message) || answer.GetFailed() != p.Failed || answer.GetInsertText() != p.InsertText {
			r.Errorf("%s: it says %q (failed: %v) and inserts %q", name, answer.GetMessage(), answer.GetFailed(), answer.GetInsertText())
		}
	}
}

func calls(r *conformance.Rig, list []Call) {
	for _, c := range list {
		answer, err := r.Panel.CallPanel(r.Ctx(), &pluginv1.CallPanelRequest{
			InstanceId: conformance.InstanceID, Context: contextOf(c.Context), Method: c.Method, Params: []byte(conformance.Or(c.Params, "null")),
		})
		if err != nil {
			r.Errorf("%s: %v", c.Method, err)
			continue
		}
		result := answer.GetResult()
		if c.Code != "" {
			if result.GetOutcome() != pluginv1.Outcome_OUTCOME_REJECTED || result.GetCode() != c.Code {
				r.Errorf("%s: it is not refused with %s: %v", c.Method, c.Code, result)
			}
			continue
		}
		if err := conformance.ErrorOf(result); err != nil || !strings.Contains(string(answer.GetValue()), c.Value) {
			r.Errorf("%s: the answer is %s %v", c.Method, answer.GetValue(), err)
		}
	}
}

// anyPress presses what is not there: the plugin may refuse, not fail.
func anyPress(r *conformance.Rig) {
	for _, p := range r.Manifest.Panels {
		for i, data := range conformance.JSONs() {
			answer, err := press(r, everywhere(p, "en"), fmt.Sprintf("any-%d", i), "no_such_action", data)
			if err == nil {
				if raw := answer.GetCard(); len(raw) > 0 && len(card.Check(raw)) > 0 {
					r.Errorf("%s: the core refuses the card: %+v", p.Name, card.Check(raw))
				}
			} else if !unimplemented(err) {
				r.NoFault(fmt.Sprintf("%s, a press with %.20q", p.Name, data), err)
			}
			called, err := r.Panel.CallPanel(r.Ctx(), &pluginv1.CallPanelRequest{
				InstanceId: conformance.InstanceID, Context: everywhere(p, "en"), Method: "no_such_method", Params: []byte(data),
			})
			if err == nil {
				r.NoFault(fmt.Sprintf("%s, a call with %.20q", p.Name, data), conformance.ErrorOf(called.GetResult()))
			} else if !unimplemented(err) {
				r.NoFault(fmt.Sprintf("%s, a call with %.20q", p.Name, data), err)
			}
		}
	}
}

// unimplemented reports whether the panel has no such ability at all.
func unimplemented(err error) bool { return status.Code(err) == codes.Unimplemented }
