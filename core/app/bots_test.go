package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// spoken is what was said in a conversation, as colleagues see it.
func (d *drilled) spoken(id string) (said []string, types []string) {
	d.t.Helper()
	var page struct {
		Items []struct {
			Type    string
			Message *struct {
				Text   string
				Kind   string
				Sender struct{ Kind, Name string }
			}
		}
	}
	if _, err := d.owner.Call(d.t.Context(), http.MethodGet, d.owner.At("/conversations/"+id+"/timeline?limit=200"), nil, &page); err != nil {
		d.t.Fatal(err)
	}
	for _, c := range page.Items {
		types = append(types, c.Type)
		if c.Message != nil {
			said = append(said, c.Message.Sender.Kind+": "+c.Message.Text)
		}
	}
	return said, types
}

func eventually(t *testing.T, what string, ok func() bool, tell func() string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s never came: %s", what, tell())
		}
	}
}

// TestBotAnswersAndAnalyzerNotices runs the keyword bot and the analyzer of risk
// words as processes: the bot answers, the server is killed in between, the bot
// hands off; what a customer threatens with is a finding, which a member settles.
func TestBotAnswersAndAnalyzerNotices(t *testing.T) {
	d, raw := drillOn(t, "")
	ws := d.owner.Workspace
	connect := func(id, plugin, config string) {
		raw.exec(`INSERT INTO plugin_connection (workspace_id, connection_id, plugin, name, config, secrets, revision, enabled, created_at, updated_at) VALUES (?, ?, ?, 'Helper', ?, '{}', 1, 1, 1, 1)`, ws, id, plugin, config)
		raw.exec(`INSERT INTO plugin_consent (workspace_id, plugin, revision) VALUES (?, ?, 1)`, ws, plugin)
	}
	connect("pin_bot", "patchbay/keyword-bot", `{"greeting":"Welcome!","rules":[{"keywords":["opening hours"],"answer":"We open at nine."}]}`)
	connect("pin_risk", "patchbay/risk-analyzer", `{}`)
	d.server.Kill()
	d.start()
	if _, err := d.owner.Call(t.Context(), http.MethodPatch, d.owner.At("/inboxes/"+d.live.ID), map[string]any{"bot": map[string]any{"connection_id": "pin_none"}}, nil); err == nil {
		t.Error("a bot that is not there may answer")
	}
	if _, err := d.owner.Call(t.Context(), http.MethodPatch, d.owner.At("/inboxes/"+d.live.ID), map[string]any{"bot": map[string]any{"connection_id": "pin_bot"}}, nil); err != nil {
		t.Fatal(err)
	}
	d.visitor = d.admit()
	must(t, d.try("what are your opening hours?"))
	var list struct {
		Items []struct{ ID, Responder string }
	}
	mine := func() (id, responder string) {
		if _, err := d.owner.Call(t.Context(), http.MethodGet, d.owner.At("/conversations"), nil, &list); err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Items {
			if c.ID != d.chat {
				return c.ID, c.Responder
			}
		}
		return "", ""
	}
	id, responder := mine()
	if id == "" || responder != "bot" {
		t.Fatalf("the new conversation is %q, answered by %q", id, responder)
	}
	tell := func() string { said, types := d.spoken(id); return fmt.Sprint(said, types, d.out.Tail()) }
	count := func(want string) int {
		said, _ := d.spoken(id)
		n := 0
		for _, s := range said {
			if s == want {
				n++
			}
		}
		return n
	}
	eventually(t, "the bot's answer", func() bool { return count("bot: We open at nine.") == 1 }, tell)
	d.server.Kill() // whatever the bot was at
	// What the dead server had claimed is free after half a minute; that has passed.
	raw.exec(`UPDATE plugin_cursor SET claim_until = 1`)
	raw.exec(`UPDATE bot_talk SET claim_until = 1 WHERE claim <> ''`)
	d.start()
	must(t, d.try("I will report you to the regulator, give me opening hours"))
	eventually(t, "the answer after a crash", func() bool { return count("bot: We open at nine.") == 2 }, tell)
	var findings struct {
		Items []struct{ ID, Level, Code string }
	}
	eventually(t, "a finding", func() bool {
		if _, err := d.owner.Call(t.Context(), http.MethodGet, d.owner.At("/conversations/"+id+"/findings"), nil, &findings); err != nil {
			t.Fatal(err)
		}
		return len(findings.Items) > 0
	}, tell)
	if _, err := d.owner.Call(t.Context(), http.MethodPost, d.owner.At("/findings/"+findings.Items[0].ID+"/dismiss"), nil, nil); err != nil {
		t.Fatal(err)
	}
	must(t, d.try("转人工"))
	eventually(t, "the handoff", func() bool { _, r := mine(); return r == "queue" || r == "agent" }, tell)
	_, types := d.spoken(id)
	for _, want := range []string{"conversation.bot", "conversation.queued", "finding.created", "finding.dismissed"} {
		if !slices.Contains(types, want) {
			t.Errorf("there is no %s in %v", want, types)
		}
	}
	if n := count("bot: We open at nine."); n != 2 {
		t.Errorf("the bot's answer is there %d times, want 2", n)
	}
}
