package app_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// TestBotGreetsAndUsesTools runs a bot that greets when a conversation begins,
// has a tool used, and answers with what came of it; a tool that is not there is
// said to be none.
func TestBotGreetsAndUsesTools(t *testing.T) {
	s := open(t, func(o *rig.Options) {
		dir := filepath.Join(t.TempDir(), "plugins")
		must(t, os.CopyFS(dir, os.DirFS(o.Product.Plugins)))
		must(t, o.Product.BuildPlugins(t.Context(), dir, "../core/app/testdata/toolbot"))
	})
	d := &drilled{site: s}
	id := s.connect("test/toolbot", "Helper", map[string]any{})
	_, err := s.owner.Call(t.Context(), http.MethodPatch, s.owner.At("/inboxes/"+s.live.ID), map[string]any{"bot": map[string]any{"connection_id": id}}, nil)
	must(t, err)
	a := &answered{drilled: d}
	s.visitor = s.admit()
	must(t, s.try("where is it?"))
	a.id, _ = a.mine()
	want := []string{"contact: where is it?", "bot: Hello!", `bot: It says: "P-1 is on its way"`}
	heard := func() []string { said, _ := a.spoken(a.id); return said }
	tell := func() string { return fmt.Sprint(heard(), s.out.Tail()) }
	eventually(t, "the greeting and the answer", func() bool { return slices.Equal(heard(), want) }, tell)
	must(t, s.try("trace"))
	want = append(want, "contact: trace", "bot: It says: unknown_tool")
	eventually(t, "the answer about a tool that is not there", func() bool { return slices.Equal(heard(), want) }, tell)
}

// TestMenuUsesTools has the keyword bot's menu ask a tool of the vouchers: what
// it says goes into the answer, and without the workspace's permission people get
// the conversation.
func TestMenuUsesTools(t *testing.T) {
	s := open(t, func(*rig.Options) {})
	s.connect(vouchersPlugin, "Vouchers", map[string]any{"campaigns": []any{map[string]any{"id": "thanks", "name": "Thank you", "value": 10}}})
	id := s.connect("patchbay/keyword-bot", "Menu", map[string]any{"menu": []any{map[string]any{
		"label": "Vouchers", "tool": vouchersPlugin + ":voucher_balance", "answer": "We have {result.campaigns.0.name}, {result.campaigns.0.value}.",
	}}})
	allow := func(scopes ...string) {
		t.Helper()
		_, err := s.owner.Call(t.Context(), http.MethodPut, s.owner.At("/plugins/patchbay/keyword-bot/grants"), map[string]any{"scopes": append([]string{}, scopes...)}, nil)
		must(t, err)
	}
	allow("tools:invoke")
	_, err := s.owner.Call(t.Context(), http.MethodPatch, s.owner.At("/inboxes/"+s.live.ID), map[string]any{"bot": map[string]any{"connection_id": id}}, nil)
	must(t, err)
	a := &answered{drilled: &drilled{site: s}}
	s.visitor = s.admit()
	must(t, s.try("1"))
	a.id, _ = a.mine()
	said := func(want string) {
		t.Helper()
		heard := func() []string { said, _ := a.spoken(a.id); return said }
		eventually(t, want, func() bool { return slices.Contains(heard(), want) }, func() string { return fmt.Sprint(heard(), s.out.Tail()) })
	}
	said("bot: We have Thank you, 10 EUR.")
	allow()
	must(t, s.try("vouchers"))
	said("bot: One moment: a person will take over.")
}
