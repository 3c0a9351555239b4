package app_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
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
	if !rig.Await(t.Context(), time.Minute, ok) {
		t.Fatalf("%s never came: %s", what, tell())
	}
}

// answered is a server with the keyword bot and the analyzer of risk words as
// processes, and a conversation that the bot answers.
type answered struct {
	*drilled
	raw *database
	id  string
}

const nine = "bot: We open at nine."

func answeredOn(t *testing.T, source string) *answered {
	t.Helper()
	d, raw := drillOn(t, source)
	a := &answered{drilled: d, raw: raw}
	connect := func(id, plugin, config string) {
		raw.exec(`INSERT INTO plugin_connection (workspace_id, connection_id, plugin, name, config, secrets, revision, enabled, created_at, updated_at) VALUES (?, ?, ?, 'Helper', ?, '{}', 1, TRUE, 1, 1)`, d.owner.Workspace, id, plugin, config)
		raw.exec(`INSERT INTO plugin_consent (workspace_id, plugin, revision) VALUES (?, ?, 1)`, d.owner.Workspace, plugin)
	}
	connect("pin_bot", "patchbay/keyword-bot", `{"greeting":"Welcome!","rules":[{"keywords":["opening hours"],"answer":"We open at nine."}]}`)
	connect("pin_risk", "patchbay/risk-analyzer", `{}`)
	d.server.Kill()
	d.start()
	if err := a.letAnswer("pin_none"); err == nil {
		t.Error("a bot that is not there may answer")
	}
	must(t, a.letAnswer("pin_bot"))
	d.visitor = d.admit()
	must(t, d.try("what are your opening hours?"))
	id, responder := a.mine()
	if id == "" || responder != "bot" {
		t.Fatalf("the new conversation is %q, answered by %q", id, responder)
	}
	a.id = id
	eventually(t, "the bot's answer", func() bool { return a.nines() == 1 }, a.tell)
	return a
}

func (a *answered) letAnswer(connection string) error {
	_, err := a.owner.Call(a.t.Context(), http.MethodPatch, a.owner.At("/inboxes/"+a.live.ID), map[string]any{"bot": map[string]any{"connection_id": connection}}, nil)
	return err
}

// mine is the visitor's conversation and who answers it.
func (a *answered) mine() (id, responder string) {
	a.t.Helper()
	var list struct {
		Items []struct{ ID, Responder string }
	}
	if _, err := a.owner.Call(a.t.Context(), http.MethodGet, a.owner.At("/conversations"), nil, &list); err != nil {
		a.t.Fatal(err)
	}
	for _, c := range list.Items {
		if c.ID != a.chat {
			return c.ID, c.Responder
		}
	}
	return "", ""
}

func (a *answered) tell() string {
	said, types := a.spoken(a.id)
	return fmt.Sprint(said, types, a.out.Tail())
}

// nines is how often the bot gave its answer.
func (a *answered) nines() int {
	said, _ := a.spoken(a.id)
	n := 0
	for _, s := range said {
		if s == nine {
			n++
		}
	}
	return n
}

// crash kills the server, and lets the half minute pass after which what it had
// claimed is free.
func (a *answered) crash() {
	a.t.Helper()
	a.server.Kill()
	a.raw.exec(`UPDATE plugin_cursor SET claim_until = 1`)
	a.raw.exec(`UPDATE bot_talk SET claim_until = 1 WHERE claim <> ''`)
	a.start()
}

// TestBotAnswersAndAnalyzerNotices runs a bot and an analyzer as processes: the
// bot answers, the server is killed in between, the bot hands off; what a
// customer threatens with is a finding, which its assignee is told of and a
// member settles.
func TestBotAnswersAndAnalyzerNotices(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { answersAndNotices(t, "") })
	t.Run("postgres", func(t *testing.T) { answersAndNotices(t, pgtest.Start(t).Schema(t)) })
}

func answersAndNotices(t *testing.T, source string) {
	t.Helper()
	a := answeredOn(t, source)
	a.crash() // whatever the bot was at
	must(t, a.try("I will report you to the regulator, give me opening hours"))
	eventually(t, "the answer after a crash", func() bool { return a.nines() == 2 }, a.tell)
	var findings struct {
		Items []struct{ ID, Level, Code string }
	}
	noticed := func() int {
		if _, err := a.owner.Call(t.Context(), http.MethodGet, a.owner.At("/conversations/"+a.id+"/findings"), nil, &findings); err != nil {
			t.Fatal(err)
		}
		return len(findings.Items)
	}
	eventually(t, "a finding", func() bool { return noticed() > 0 }, a.tell)
	if _, err := a.owner.Call(t.Context(), http.MethodPost, a.owner.At("/findings/"+findings.Items[0].ID+"/dismiss"), nil, nil); err != nil {
		t.Fatal(err)
	}
	must(t, a.try("转人工"))
	eventually(t, "the handoff", func() bool { _, r := a.mine(); return r == "queue" || r == "agent" }, a.tell)
	_, types := a.spoken(a.id)
	for _, want := range []string{"conversation.bot", "conversation.queued", "finding.created", "finding.dismissed"} {
		if !slices.Contains(types, want) {
			t.Errorf("there is no %s in %v", want, types)
		}
	}
	if n := a.nines(); n != 2 {
		t.Errorf("the bot's answer is there %d times, want 2", n)
	}

	live, err := rig.Dial(t.Context(), rig.Dialing{URL: a.owner.LiveURL(), Header: a.owner.Header, Frame: func([]byte) {}})
	must(t, err)
	defer live.Close() // who is gone loses their conversations
	must(t, live.Send(map[string]any{"op": "hello"}))
	eventually(t, "the owner's presence", a.there, a.tell)
	if _, err := a.owner.Call(t.Context(), http.MethodPost, a.owner.At("/conversations/"+a.id+"/assign"), map[string]any{"member_id": a.owner.ID}, nil); err != nil {
		t.Fatal(err)
	}
	told := a.alerts()
	must(t, a.try("I will tell the press about this"))
	eventually(t, "an alert to the assignee", func() bool { return a.alerts() > told }, a.tell)
	if n := a.nines(); n != 2 {
		t.Errorf("the bot goes on: its answer is there %d times", n)
	}
}

// there reports whether the owner is.
func (a *answered) there() bool {
	a.t.Helper()
	var list struct {
		Members []struct {
			MemberID string `json:"member_id"`
			Status   string
		}
	}
	if _, err := a.owner.Call(a.t.Context(), http.MethodGet, a.owner.At("/presence"), nil, &list); err != nil {
		a.t.Fatal(err)
	}
	for _, m := range list.Members {
		if m.MemberID == a.owner.ID {
			return m.Status != "offline"
		}
	}
	return false
}

// alerts is how many findings the owner was told of.
func (a *answered) alerts() (n int) {
	a.t.Helper()
	var list struct {
		Items []struct {
			Kind           string
			ConversationID string `json:"conversation_id"`
		}
	}
	if _, err := a.owner.Call(a.t.Context(), http.MethodGet, a.owner.At("/notifications?limit=100"), nil, &list); err != nil {
		a.t.Fatal(err)
	}
	for _, i := range list.Items {
		if i.Kind == "risk_found" && i.ConversationID == a.id {
			n++
		}
	}
	return n
}

// TestBotKilledMidTurn kills the bot's process at what may be any moment of a
// turn: each message is answered once, and by the bot.
func TestBotKilledMidTurn(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { answersWhenKilled(t, "") })
	t.Run("postgres", func(t *testing.T) { answersWhenKilled(t, pgtest.Start(t).Schema(t)) })
}

func answersWhenKilled(t *testing.T, source string) {
	t.Helper()
	a := answeredOn(t, source)
	for n := 2; n <= 3; n++ {
		before := a.pid()
		must(t, a.try(fmt.Sprint("opening hours, please: ", n)))
		if p, err := os.FindProcess(before); err != nil || p.Kill() != nil {
			t.Fatalf("the bot's process %d cannot be killed", before)
		}
		eventually(t, "another process", func() bool { p := a.pid(); return p != 0 && p != before }, a.tell)
		eventually(t, "the bot's answer", func() bool { return a.nines() >= n }, a.tell)
	}
	must(t, a.try("转人工")) // what comes last: nothing of before is under way
	eventually(t, "the handoff", func() bool { _, r := a.mine(); return r == "queue" || r == "agent" }, a.tell)
	if n := a.nines(); n != 3 {
		t.Errorf("three questions have %d answers: %s", n, a.tell())
	}
}

// pid is the process of the bot.
func (a *answered) pid() int {
	a.t.Helper()
	var list struct {
		Items []struct {
			ID  string
			PID int
		}
	}
	if _, err := a.owner.Call(a.t.Context(), http.MethodGet, a.owner.At("/plugins"), nil, &list); err != nil {
		a.t.Fatal(err)
	}
	for _, p := range list.Items {
		if p.ID == "patchbay/keyword-bot" {
			return p.PID
		}
	}
	return 0
}
