package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// tell tells the plugin of what happened.
func (s *stall) tell(kind, data string) {
	s.t.Helper()
	answer, err := s.Hook.OnEvents(s.t.Context(), &pluginv1.OnEventsRequest{InstanceId: s.in.ID, Events: []*pluginv1.Event{
		{Id: "evt_" + kind, Type: kind, Feed: 1, Data: []byte(data)},
	}})
	if err != nil || len(answer.GetResults()) != 1 || answer.GetResults()[0].GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED {
		s.t.Fatalf("%s: %v %v", kind, answer, err)
	}
}

// refused wants a customer to have had one.
func (s *stall) refused(press, contact string, want bool) {
	s.t.Helper()
	got, err := s.press("mem_1", press, contact)
	if err != nil || got.GetFailed() != want || want && !strings.Contains(got.GetMessage(), "had a voucher") {
		s.t.Errorf("%s: %v %v", press, got, err)
	}
}

// As a process: vouchers go with their customer when people merge them, come
// back when they undo it, and are nobody's when the customer is erased.
func TestCustomersComeAndGo(t *testing.T) {
	program := plugintest.Build(t, ".")
	s := newStall(t, func(h *plugintest.Host) *plugintest.Plugin { return plugintest.Process(t, h, program) })
	s.stock("thanks", 5)
	ids := map[string]string{}
	for _, name := range []string{"Ann", "Anna", "Anne", "Bob"} {
		ids[name] = s.host.AddContact(message.Contact{Name: name})
	}
	changed := func(id string) { s.tell(contactChanged, fmt.Sprintf(`{"id":%q}`, id)) }
	s.refused("act_1", ids["Ann"], false)
	s.refused("act_2", ids["Bob"], false)

	s.host.MergeContact(ids["Ann"], ids["Anna"])
	changed(ids["Ann"])
	changed(ids["Anna"])
	changed(ids["Bob"]) // it changed, and was not merged
	s.host.MergeContact(ids["Anna"], ids["Anne"])
	changed(ids["Anna"])
	changed(ids["Anna"]) // at least once
	s.refused("act_3", ids["Anne"], true)
	card, err := s.Panel.RenderPanel(t.Context(), &pluginv1.RenderPanelRequest{InstanceId: s.in.ID, Context: &pluginv1.PanelContext{
		Panel: "customer", Slot: "conversation.sidebar", ContactId: ids["Anne"], Locale: "en", May: []string{"read", "write"},
	}})
	if err != nil || !strings.Contains(string(card.GetCard()), "THANKS-000") {
		t.Errorf("the card of who survived: %s %v", card.GetCard(), err)
	}
	if again, err := s.press("mem_1", "act_1", ids["Anne"]); err != nil || !strings.Contains(again.GetInsertText(), "THANKS-000") {
		t.Errorf("the press from before the merge, again: %v %v", again, err)
	}

	s.host.MergeContact(ids["Anna"], "")
	changed(ids["Anna"])
	s.refused("act_4", ids["Anne"], false)
	s.refused("act_5", ids["Anna"], true)

	s.tell(contactErased, fmt.Sprintf(`{"id":%q}`, ids["Ann"]))
	s.refused("act_6", ids["Anna"], false)
	s.host.EraseContact(ids["Bob"])
	s.tell("feed.gap", `{"after":4,"until":9,"reason":"failed"}`)
	list := s.call("given", `{}`)
	for _, id := range []string{ids["Ann"], ids["Bob"]} {
		if strings.Contains(list, id) {
			t.Errorf("the list names %s, who was erased: %s", id, list)
		}
	}
	if !strings.Contains(list, ids["Anne"]) || strings.Count(list, `"code"`) != 4 || strings.Count(list, `"note":"sorry"`) != 2 {
		t.Errorf("what is left: %s", list)
	}
}
