package channel_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ruled is rules of the conditions, by name; each goes to the team of its name.
func ruled(t *testing.T, conditions ...string) channel.Rules {
	t.Helper()
	out := channel.Rules{Revision: 1}
	for i, text := range conditions {
		when, err := filter.Parse([]byte(text), channel.AllRuleFields())
		if err != nil {
			t.Fatal(err)
		}
		out.List = append(out.List, channel.Rule{ID: fmt.Sprint("rul_", i), Name: text, Enabled: true, When: when, Then: channel.Effects{Priority: "high"}})
	}
	return out
}

func TestConditionsOfAMail(t *testing.T) {
	letter := channel.Arrival{
		From: "anna@mail.shop.example", To: []string{"help+vip@us.example", "boss@us.example"}, Subject: "Invoice 17 退款", Text: "where is it?",
		Attachments: true, Verified: true,
	}
	for text, want := range map[string]bool{
		`{"field":"from","op":"is","value":"Anna@Mail.Shop.example"}`:                                                true,
		`{"field":"from","op":"contains","value":"anna@shop.example"}`:                                               false,
		`{"field":"from_domain","op":"is","value":"mail.shop.example"}`:                                              true,
		`{"field":"from_domain","op":"is","value":"shop.example"}`:                                                   true,
		`{"field":"from_domain","op":"is","value":"hop.example"}`:                                                    false,
		`{"field":"from_domain","op":"is_not","value":"shop.example"}`:                                               false,
		`{"field":"to","op":"is","value":"help+vip@us.example"}`:                                                     true,
		`{"field":"to","op":"is","value":"boss@us.example"}`:                                                         true,
		`{"field":"to_tag","op":"is","value":"VIP"}`:                                                                 true,
		`{"field":"to_tag","op":"is_not_set"}`:                                                                       false,
		`{"field":"subject","op":"contains","value":"退款"}`:                                                           true,
		`{"field":"subject","op":"starts_with","value":"invoice"}`:                                                   true,
		`{"field":"text","op":"not_contains","value":"where"}`:                                                       false,
		`{"field":"attachments","op":"is","value":true}`:                                                             true,
		`{"field":"automatic","op":"is","value":true}`:                                                               false,
		`{"field":"verified","op":"is","value":false}`:                                                               false,
		`{"and":[{"field":"verified","op":"is","value":true},{"not":{"field":"automatic","op":"is","value":true}}]}`: true,
		`{"and":[]}`: true,
	} {
		if got := ruled(t, text).First(letter, time.Time{}) != nil; got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
	for _, nobody := range []channel.Arrival{{}, {From: "no address", To: []string{"+@", "@", "x"}}} {
		if ruled(t, `{"field":"to_tag","op":"is_set"}`).First(nobody, time.Time{}) != nil || ruled(t, `{"field":"from_domain","op":"is_set"}`).First(nobody, time.Time{}) != nil {
			t.Errorf("%+v has a tag or a domain", nobody)
		}
	}
}

func TestTheFirstRuleCounts(t *testing.T) {
	r := ruled(t, `{"field":"subject","op":"contains","value":"a"}`, `{"field":"subject","op":"contains","value":"b"}`, `{"and":[]}`)
	r.List[0].Enabled = false
	for subject, want := range map[string]string{"a b": "rul_1", "a": "rul_2", "c": "rul_2"} {
		if got := r.First(channel.Arrival{Subject: subject}, time.Time{}); got == nil || got.ID != want {
			t.Errorf("%q: %+v, want %s", subject, got, want)
		}
	}
	var said []string
	for _, trial := range r.Try(channel.Arrival{Subject: "a b"}, time.Time{}) {
		said = append(said, fmt.Sprintf("%s holds=%t fires=%t %d", trial.Rule.ID, trial.Holds, trial.Fires, len(trial.Conditions)))
	}
	if want := []string{"rul_0 holds=true fires=false 1", "rul_1 holds=true fires=true 1", "rul_2 holds=true fires=false 0"}; !slices.Equal(said, want) {
		t.Errorf("tried: %q, want %q", said, want)
	}
}

func TestFieldsAreThoseOfTheChannel(t *testing.T) {
	for name, c := range map[string]struct {
		live bool
		can  channel.Capabilities
		want string
	}{
		"mail": {can: channel.Capabilities{Content: []string{channel.ContentEnvelope, channel.ContentFile}}, want: "attachments automatic from from_domain subject text to to_tag verified"},
		"text": {want: "automatic text verified"},
		"live": {live: true, want: "attachments text verified"},
	} {
		var names []string
		for f := range channel.RuleFields(c.live, c.can) {
			names = append(names, f)
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// gone knows nothing of what rules point at.
type gone map[string]bool

func (g gone) Faults(_ context.Context, _ identity.WorkspaceID, e channel.Effects) ([]errs.Field, error) {
	var out []errs.Field
	if g[e.Team] {
		out = append(out, errs.Field{Pointer: channel.AtTeam, Code: "unknown", Detail: "its team is not there (any more)."})
	}
	for i, l := range e.Labels {
		if g[l] {
			out = append(out, errs.Field{Pointer: fmt.Sprint(channel.AtLabels, "/", i), Code: "unknown", Detail: "one of its labels is not there (any more)."})
		}
	}
	if e.Ticket && g[e.Type] {
		out = append(out, errs.Field{Pointer: channel.AtTicket + "/type_id", Code: "unknown", Detail: "gone"})
	}
	return out, nil
}

func TestEffectsThatAreGoneAreLeftOut(t *testing.T) {
	all := channel.Effects{Team: "tea_1", Priority: "low", Labels: []string{"lab_1", "lab_2", "lab_3"}, Ticket: true, Type: "tty_1"}
	faults, _ := gone{"tea_1": true, "lab_1": true, "lab_3": true, "tty_1": true}.Faults(t.Context(), "", all)
	if got := all.Without(faults); got.Team != "" || got.Priority != "low" || !slices.Equal(got.Labels, []string{"lab_2"}) || got.Ticket || got.Type != "" {
		t.Errorf("left are %+v", got)
	}
	if got := all.Without(nil); got.Team != "tea_1" || len(got.Labels) != 3 || !got.Ticket {
		t.Errorf("left are %+v", got)
	}
}

func TestRulesAreSetCheckedAndRecorded(t *testing.T) {
	w := newOffice(t)
	w.Targets = gone{"tea_gone": true}
	inbox, _ := w.inbox(mail)
	draft := func(name, when string, then channel.Effects) channel.RuleDraft {
		return channel.RuleDraft{Name: name, Enabled: true, When: json.RawMessage(when), Then: then}
	}
	high := channel.Effects{Priority: "high"}
	book, err := w.SetRules(t.Context(), as(identity.RoleOwner), inbox.ID, 0, []channel.RuleDraft{
		draft("first", `{"field":"text","op":"contains","value":"x"}`, high), draft("rest", "", channel.Effects{Ignore: true}),
	})
	if err != nil || book.Revision != 1 || len(book.List) != 2 || book.List[0].ID == book.List[1].ID {
		t.Fatalf("set: %+v, %v", book, err)
	}
	first := book.List[0].ID
	for name, c := range map[string]struct {
		revision uint64
		drafts   []channel.RuleDraft
		code     string
		pointer  string
	}{
		"no name":         {1, []channel.RuleDraft{draft(" ", "", high)}, "inbox.rules", "/rules/0/name"},
		"nothing done":    {1, []channel.RuleDraft{draft("a", "", high), draft("b", "", channel.Effects{})}, "inbox.rules", "/rules/1/then"},
		"no such field":   {1, []channel.RuleDraft{draft("a", `{"and":[{"field":"text","op":"is","value":"x"},{"field":"subject","op":"is","value":"x"}]}`, high)}, "inbox.rules", "/rules/0/when/and/1/field"},
		"wrong operator":  {1, []channel.RuleDraft{draft("a", `{"field":"text","op":"lt","value":"x"}`, high)}, "inbox.rules", "/rules/0/when/op"},
		"no value":        {1, []channel.RuleDraft{draft("a", `{"field":"verified","op":"is","value":"x"}`, high)}, "inbox.rules", "/rules/0/when/value"},
		"gone":            {1, []channel.RuleDraft{draft("a", "", channel.Effects{Team: "tea_gone"})}, "inbox.rules", "/rules/0/then/team_id"},
		"ignored, ticket": {1, []channel.RuleDraft{draft("a", "", channel.Effects{Ignore: true, Ticket: true})}, "inbox.rules", "/rules/0/then/ticket"},
		"another's id":    {1, []channel.RuleDraft{{ID: "rul_other", Name: "a", Then: high}}, "inbox.rules", "/rules/0/id"},
		"an id twice":     {1, []channel.RuleDraft{{ID: first, Name: "a", Then: high}, {ID: first, Name: "b", Then: high}}, "inbox.rules", "/rules/1/id"},
		"too many":        {1, make([]channel.RuleDraft, channel.MaxRules+1), "inbox.rules", "/rules"},
		"of before":       {0, nil, "inbox.rules_changed", ""},
	} {
		_, err := w.SetRules(t.Context(), as(identity.RoleOwner), inbox.ID, c.revision, c.drafts)
		e := errs.As(err)
		if e == nil || e.Code != c.code || c.pointer != "" && (len(e.Fields) != 1 || e.Fields[0].Pointer != c.pointer) {
			t.Errorf("%s: %v %+v, want %s at %s", name, err, e, c.code, c.pointer)
		}
	}
	book, err = w.SetRules(t.Context(), as(identity.RoleOwner), inbox.ID, 1, []channel.RuleDraft{{ID: first, Name: "first", Then: high}})
	if err != nil || book.Revision != 2 || len(book.List) != 1 || book.List[0].ID != first || book.List[0].Enabled {
		t.Errorf("set again: %+v, %v", book, err)
	}
	w.Targets = gone{"": true}
	if book, err = w.Rules(t.Context(), as(identity.RoleOwner), inbox.ID); err != nil || len(book.Faults[first]) != 1 {
		t.Errorf("what is gone is not told: %+v, %v", book, err)
	}
	trials, err := w.Try(t.Context(), as(identity.RoleOwner), inbox.ID, channel.Arrival{})
	if err != nil || len(trials) != 1 || !trials[0].Holds || trials[0].Fires {
		t.Errorf("tried: %+v, %v", trials, err)
	}
}
