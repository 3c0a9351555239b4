package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/wire"
)

// notOffered names the events that webhooks are not sent, and why.
func notOffered() map[string]string {
	const (
		list   = "a list that people choose from; nothing happens to a customer"
		rights = "who may do what is the audit log's; the members themselves are told by member.changed"
		set    = "how plugins and queues are set up; the audit log has it"
		own    = "it would tell of the telling"
	)
	return map[string]string{
		"attribute.changed": list, "canned.changed": list, "view.changed": list, "calendar.changed": list, "ticket_type.changed": list,
		"queue.changed": set, "skill.changed": set, "policy.changed": set,
		"role.changed": rights, "invitation.changed": rights,
		"workspace.changed":  "settings of the workspace: the audit log has them",
		"import.changed":     "progress of an upload; each contact is told by contact.changed",
		"webhook.changed":    own,
		"connection.changed": set, "grant.changed": set,
		"approval.changed":  "a question among colleagues; what comes of it happens at the far side",
		wire.TypeGone:       "only of live connections: it left a member's reach",
		wire.TypeTicketGone: "likewise",
		wire.TypeSkip:       "likewise: an event that is not for the member",
	}
}

// TestEveryEventIsOfferedOrNot fails for a type of event that webhooks neither
// offer nor leave out for a reason.
func TestEveryEventIsOfferedOrNot(t *testing.T) {
	reasons := notOffered()
	for _, typ := range enum(wire.FeedEvent{}) {
		reason, left := reasons[typ]
		delete(reasons, typ)
		switch offered := webhook.Offered(typ); {
		case offered && left:
			t.Errorf("%s is offered, and left out because: %s", typ, reason)
		case !offered && !left:
			t.Errorf("%s: offer it to webhooks (core/webhook/types.go), or name above why not", typ)
		}
	}
	for typ := range reasons {
		t.Errorf("%s is left out, and there is no such event", typ)
	}
}

// ticketChanges is one of each type.
func ticketChanges() map[string]ticket.Change {
	of := func(typ ticket.ChangeType, by identity.Actor, data string) ticket.Change {
		return ticket.Change{Workspace: "wsp_1", ID: "chg_1", Ticket: "tkt_1", Seq: 9, Type: typ, At: at, Actor: by, Data: json.RawMessage(data)}
	}
	commented := of(ticket.Commented, lin, "{}")
	commented.PublicSeq = 4
	commented.Comment = &ticket.Comment{
		Workspace: "wsp_1", ID: "tcm_1", Ticket: "tkt_1", Seq: 9, ClientID: "0197-c", Public: true, Author: lin, Text: "We send you a new one.", CreatedAt: at,
	}
	created := of(ticket.Created, lin, `{"number":7,"title":"The kettle does not heat","status":"new","conversation_id":"cnv_1"}`)
	status := of(ticket.StatusChanged, alice, `{"status":"open","from":"pending","by":"contact"}`)
	rated := of(ticket.Rated, alice, `{"score":5,"comment":"谢谢"}`)
	created.PublicSeq, status.PublicSeq, rated.PublicSeq = 1, 4, 4
	out := map[string]ticket.Change{}
	for _, c := range []ticket.Change{
		created, commented, status, rated,
		of(ticket.Assigned, lin, `{"assignee_id":"mem_1","assignee_name":"林晓","team_id":"tea_1","from_id":"mem_2","from_team_id":"tea_2"}`),
		of(ticket.Edited, lin, `{"fields":{"priority":{"from":"normal","to":"high"},"fields.serial":{"from":null,"to":"K-17"}}}`),
		of(ticket.Followed, lin, `{"member_ids":["mem_1"],"added":["mem_1"],"removed":[]}`),
		of(ticket.Linked, lin, `{"id":"tlk_1","kind":"blocks","ticket_id":"tkt_2","number":8,"title":"Recall","status":"open"}`),
		of(ticket.Unlinked, lin, `{"id":"tlk_1","kind":"blocks","ticket_id":"tkt_2","number":8,"title":"Recall","status":"open"}`),
		of(ticket.Labeled, lin, `{"label_ids":["lab_1"],"added":["lab_1"],"removed":[]}`),
		of(ticket.Merged, lin, `{"into":"tkt_2","number":8}`),
		of(ticket.Absorbed, lin, `{"from_id":"tkt_3","number":9,"title":"Kettle again"}`),
		of(ticket.Unmerged, lin, `{"by":"agent","number":8,"into":"tkt_2","status":"open"}`),
		of(ticket.WentOverdue, system, `{"due_at":"2026-11-22T01:00:00Z"}`),
	} {
		out[string(c.Type)] = c
	}
	return out
}

// work is a ticket with everything that one can have.
func work() ticket.Ticket {
	return ticket.Ticket{
		Workspace: "wsp_1", ID: "tkt_1", Number: 7, Type: "tty_1", Title: "The kettle does not heat", Description: "Bought in May.",
		Status: ticket.Open, Priority: ticket.High, Contact: "con_1", ContactName: "Alice", Organisation: "org_1", Conversation: "cnv_1", Inbox: "inb_1",
		Assignee: "mem_1", AssigneeName: "林晓", Team: "tea_1", Followers: []identity.MemberID{"mem_2"}, DueAt: at, Fields: map[string]any{"serial": "K-17"},
		Links:     []ticket.Link{{ID: "tlk_1", Kind: ticket.Blocks, Ticket: "tkt_2", Number: 8, Title: "Recall", Status: ticket.Open}},
		CreatedBy: lin, CreatedAt: at, UpdatedAt: at, LastSeq: 9, LastPublicSeq: 4, Comments: 2,
	}
}

// envelope is an event of a type as it is sent.
func envelope(t *testing.T, typ string) wire.Webhook {
	t.Helper()
	w := wire.WebhookOf(event.Event{ID: "chg_1", Workspace: "wsp_1", Type: typ, Subject: "con_1", At: at, Data: []byte(`{"id":"con_1","secret":"not promised"}`)})
	if c, ok := changes()[typ]; ok {
		w.Seq = 9
		return w.Talk(c, conversations()["ordered"])
	}
	if c, ok := ticketChanges()[typ]; ok {
		w.Seq = 9
		return w.Work(c, work())
	}
	if typ == conversation.Deleted {
		w.Data = wire.WebhookData{ID: "cnv_1"}
		return w
	}
	if !strings.HasSuffix(typ, "changed") {
		t.Errorf("there is no example of %s", typ)
	}
	return w
}

// TestEnvelopes compares an envelope of every type of event with its file, and
// the pages about them with what is sent.
func TestEnvelopes(t *testing.T) {
	test := wire.WebhookOf(event.Event{ID: "chg_1", Workspace: "wsp_1", Type: webhook.Test, Subject: "whk_1", At: at, Data: []byte(`{"message":"This is a test. Nothing happened."}`)})
	files := map[string]bool{webhook.Test: true}
	same(t, filepath.Join("testdata", "webhooks", webhook.Test+".json"), indented(t, test))
	for _, typ := range webhook.Types() {
		files[typ.Name] = true
		same(t, filepath.Join("testdata", "webhooks", typ.Name+".json"), indented(t, envelope(t, typ.Name)))
	}
	found, err := filepath.Glob("testdata/webhooks/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if !files[strings.TrimSuffix(filepath.Base(f), ".json")] {
			t.Errorf("nothing is sent like %s any more", f)
		}
	}
	same(t, "../../docs/api/webhook-events.md", eventsPage(t, "en"))
	same(t, "../../docs/api/webhook-events.zh-CN.md", eventsPage(t, "zh-CN"))
}

// pageWords are the texts of the page about events that are not the console's.
type pageWords struct {
	title, other, made, intro, talk, work, rest, stop, change, id, gone, test string
}

func wordsOf(locale string) pageWords {
	if locale == "en" {
		return pageWords{
			title: "Events of webhooks", other: "[中文](webhook-events.zh-CN.md)", made: "Written from the examples that the tests compare. Do not edit.",
			intro: "What [webhooks](webhooks.md) are sent, by type of event. `data` has the `change` and beside it the `conversation` or the `ticket` as it was when the event was recorded. " +
				"Of events about other things `data` is `{\"id\": \"...\"}`. Members that are absent have no value; new ones may be added.",
			talk: "## An event of a conversation, whole", work: "## An event of a ticket, whole", rest: "## An event about something else, whole",
			stop: ". ", change: "`data.change`:", id: "`data` is the `id` of what changed: fetch it.", gone: "`data` is the `id` of what is no more.", test: "What the test button sends; nobody has to ask for it.",
		}
	}
	return pageWords{
		title: "Webhook 的事件", other: "[English](webhook-events.md)", made: "由测试所比对的示例生成，请勿手工修改。",
		intro: "按事件类型列出 [Webhook](webhooks.zh-CN.md) 发送的内容。`data` 含 `change`，以及事件被记录时的 `conversation` 或 `ticket`。" +
			"关于其他事物的事件，`data` 是 `{\"id\": \"...\"}`。没有值的成员不出现；以后可能增加新成员。",
		talk: "## 会话事件的完整示例", work: "## 工单事件的完整示例", rest: "## 其他事件的完整示例",
		stop: "。", change: "`data.change`：", id: "`data` 是发生变化的对象的 `id`：请通过 API 获取。", gone: "`data` 是已不存在的对象的 `id`。", test: "测试按钮发送的事件，无须订阅。",
	}
}

// eventsPage writes the page about events. What each means are the console's words.
func eventsPage(t *testing.T, locale string) []byte {
	t.Helper()
	var console struct {
		Webhooks struct {
			Groups map[string]string `json:"groups"`
			Events map[string]string `json:"events"`
		} `json:"webhooks"`
	}
	text, err := os.ReadFile("../../web/console/src/locales/webhooks." + locale + ".json")
	if err == nil {
		err = json.Unmarshal(text, &console)
	}
	if err != nil {
		t.Fatal(err)
	}
	words := wordsOf(locale)
	var b bytes.Buffer
	example := func(shape any) { fmt.Fprintf(&b, "```json\n%s```\n\n", indented(t, shape)) }
	fmt.Fprintf(&b, "# %s\n\n%s\n\n<!-- %s -->\n\n%s\n\n", words.title, words.other, words.made, words.intro)
	for _, whole := range []struct{ title, typ string }{
		{words.talk, string(conversation.MessageCreated)}, {words.work, string(ticket.Commented)}, {words.rest, "contact.changed"},
	} {
		fmt.Fprintf(&b, "%s\n\n", whole.title)
		example(envelope(t, whole.typ))
	}
	group := ""
	for _, typ := range webhook.Types() {
		if typ.Group != group {
			group = typ.Group
			if console.Webhooks.Groups[group] == "" {
				t.Errorf("the console has no word for the group %s", group)
			}
			fmt.Fprintf(&b, "## %s\n\n", console.Webhooks.Groups[group])
		}
		said := console.Webhooks.Events[strings.ReplaceAll(typ.Name, ".", "_")]
		if said == "" {
			t.Errorf("the console does not say in %s what %s is", locale, typ.Name)
		}
		fmt.Fprintf(&b, "### `%s`\n\n%s%s", typ.Name, said, words.stop)
		switch e := envelope(t, typ.Name); {
		case e.Data.Change != nil:
			fmt.Fprintf(&b, "%s\n\n", words.change)
			example(e.Data.Change)
		case typ.Name == conversation.Deleted || typ.Name == erasure.Changed:
			fmt.Fprintf(&b, "%s\n\n", words.gone)
		default:
			fmt.Fprintf(&b, "%s\n\n", words.id)
		}
	}
	fmt.Fprintf(&b, "### `%s`\n\n%s\n", webhook.Test, words.test)
	return b.Bytes()
}
