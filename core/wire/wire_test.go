package wire_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/wire"
)

var update = flag.Bool("update", false, "write the golden files of this package anew")

// at is an instant in another zone, with more digits than the protocol carries.
var at = time.Date(2026, 11, 21, 17, 30, 15, 123_456_789, time.FixedZone("CST", 8*3600))

var (
	alice  = identity.Actor{Kind: identity.ActorContact, ID: "con_1", Name: "Alice"}
	lin    = identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "林晓", Role: identity.RoleAgent}
	system = identity.Actor{Kind: identity.ActorSystem}
	bot    = identity.Actor{Kind: identity.ActorBot, ID: "pin_1", Name: "小助手"}
	echo   = identity.Actor{Kind: identity.ActorPlugin, ID: "patchbay/echo", Name: "Echo"}
)

func message(kind conversation.MessageKind, from identity.Actor, text string) *conversation.Message {
	return &conversation.Message{
		Workspace: "wsp_1", ID: "msg_1", Conversation: "cnv_1", Seq: 2, ClientID: "0197-a", Kind: kind, Sender: from, Text: text, CreatedAt: at,
	}
}

func change(typ conversation.ChangeType, by identity.Actor, public uint64, m *conversation.Message, data string) conversation.Change {
	c := conversation.Change{
		Workspace: "wsp_1", ID: "chg_1", Conversation: "cnv_1", Seq: 9, PublicSeq: public, Type: typ, At: at, Actor: by, Message: m,
	}
	if data != "" {
		c.Data = json.RawMessage(data)
	}
	return c
}

// carried is all that channels tell of a message.
func carried() conversation.Carried {
	return conversation.Carried{
		External: "<m1@far>", HTML: true, Cut: true, Quoted: "> a rude quote", Automatic: true, Elsewhere: true, Participant: true, Member: &channel.Member{External: "7", Name: "王芳"}, Changing: &conversation.Changing{Act: conversation.ActEdit, Text: "where is it?", Target: "far-1", By: lin, At: at, Seq: 9, State: conversation.DeliveryFailed, Error: "too late"}, Forwards: &conversation.Forwarded{ID: "msg_0", Seq: 1}, EditedAt: at, RecalledAt: at,
		Template: &conversation.Template{Name: "Tea", TemplateUse: channel.TemplateUse{ID: "tea", Language: "en", Values: map[string]string{"name": "Wei"}}},
		Envelope: &channel.Envelope{
			Subject: "订单 <5>", From: channel.Party{Address: "alice@example.com", Name: "Alice"}, ReplyTo: channel.Party{Address: "reply@example.com", Name: "R"},
			To: []channel.Party{{Address: "to@example.com", Name: "T"}}, CC: []channel.Party{{Address: "cc@example.com", Name: "C"}},
			BCC: []channel.Party{{Address: "bcc@example.com", Name: "B"}},
		},
		Location:    &channel.Location{Latitude: 39.5, Longitude: -116.25, Name: "home", Address: "1 Street"},
		Unsupported: &channel.Unsupported{Kind: "poll", Summary: "A or B?"},
		Trust:       channel.Trust{Verdict: channel.Failed, Reason: "DMARC: reject"},
	}
}

// changes is one of each type.
func changes() map[string]conversation.Change {
	sent := message(conversation.Text, lin, "on its way 🚚")
	sent.Delivery, sent.DeliveryError = conversation.DeliveryFailed, "the number is blocked"
	picture := media.Attachment{
		Workspace: "wsp_1", ID: "att_1", Name: "猫 & <b>.png", Type: "image/png", Size: 2048, Kind: media.Image, Width: 640, Height: 480,
		Preview: "image/jpeg", SHA256: "secret", CreatedAt: at, Ticket: "abc.def",
	}
	shown := message(conversation.Text, alice, "")
	shown.Attachments = []media.Attachment{picture}
	shown.ReplyTo = &conversation.Quote{ID: "msg_0", Seq: 1, Kind: conversation.Text, Sender: lin, Text: "send me a picture", Attachment: media.Audio}
	waited := message(conversation.Text, alice, "")
	waited.Attachments = []media.Attachment{{
		Workspace: "wsp_1", ID: "att_2", Name: "voice.amr", Type: "audio/amr", Size: 900, Kind: media.File, CreatedAt: at, Ticket: "abc.def",
		Arrival: media.Failed, Trouble: media.Trouble{Code: "plugin.no_answer", Detail: "The plugin did not answer."},
	}}
	called := message(conversation.Note, lin, "@Mo a rude one")
	called.Mentions = []conversation.Mention{{Member: "mem_2", Name: "Mo"}}
	called.ReplyTo = &conversation.Quote{ID: "msg_0", Seq: 1, Kind: conversation.Note, Sender: lin, Text: "a rude quote"}
	covered := message(conversation.Text, lin, "call ***")
	covered.Altered = &conversation.Altered{Original: "call 110", By: []conversation.Alterer{{Connection: "pin_1", Plugin: "acme/guard", Name: "外发检查", Reason: "No numbers."}}}
	mail := message(conversation.Text, alice, "where is my order?")
	mail.Carried = carried()
	mail.GroupMentions = []channel.Member{{External: "8", Name: "Bob"}}
	edited := message(conversation.Text, alice, "hello")
	edited.EditedAt = at
	recalled := message(conversation.Text, lin, "")
	recalled.EditedAt, recalled.RecalledAt = at, at
	return map[string]conversation.Change{
		"message.edited":               change(conversation.MessageEdited, alice, 5, edited, ""),
		"message.recalled":             change(conversation.MessageRecalled, lin, 5, recalled, ""),
		"message.created.mail":         change(conversation.MessageCreated, alice, 4, mail, ""),
		"message.created.altered":      change(conversation.MessageCreated, lin, 4, covered, ""),
		"message.created.picture":      change(conversation.MessageCreated, alice, 4, shown, ""),
		"note.created.mention":         change(conversation.NoteCreated, lin, 0, called, ""),
		"conversation.created":         change(conversation.Created, alice, 0, nil, ""),
		"message.created":              change(conversation.MessageCreated, alice, 4, message(conversation.Text, alice, "你好 <b>"), ""),
		"message.created.agent":        change(conversation.MessageCreated, lin, 4, message(conversation.Text, lin, "hello"), ""),
		"message.created.plugin":       change(conversation.MessageCreated, echo, 4, message(conversation.Text, echo, "beep"), ""),
		"note.created":                 change(conversation.NoteCreated, lin, 0, message(conversation.Note, lin, "a rude one"), ""),
		"message.delivery":             change(conversation.MessageDelivery, system, 0, sent, ""),
		"message.file":                 change(conversation.MessageFile, echo, 0, waited, `{"attachment_id":"att_2","state":"failed"}`),
		"conversation.assigned":        change(conversation.Assigned, system, 4, nil, `{"assignee_id":"mem_1","assignee_name":"林晓","by":"dispatch","from_id":"mem_2"}`),
		"conversation.queued":          change(conversation.Queued, system, 0, nil, `{"reason":"agent_lost","from_id":"mem_1"}`),
		"conversation.offered":         change(conversation.Offered, system, 0, nil, `{"member_id":"mem_1","member_name":"林晓","until":"2026-11-22T01:00:20Z"}`),
		"conversation.offer_ended":     change(conversation.OfferEnded, lin, 0, nil, `{"member_id":"mem_1","reason":"rejected","text":"in a call"}`),
		"conversation.abandoned":       change(conversation.Abandoned, system, 0, nil, `{"queue_id":"que_1","team_id":"tea_1","since":"2026-11-21T09:24:00Z"}`),
		"conversation.resolved":        change(conversation.ResolvedChange, lin, 4, nil, ""),
		"conversation.reopened":        change(conversation.Reopened, lin, 4, nil, `{"by":"agent"}`),
		"conversation.snoozed":         change(conversation.SnoozedChange, lin, 0, nil, `{"until":"2026-11-22T01:00:00Z"}`),
		"conversation.unsnoozed":       change(conversation.Unsnoozed, system, 0, nil, ""),
		"conversation.labeled":         change(conversation.Labeled, lin, 0, nil, `{"label_ids":["lab_1"],"added":["lab_1"],"removed":[]}`),
		"conversation.attributes":      change(conversation.AttributesChanged, lin, 0, nil, `{"set":{"plan":"专业","seats":12.5,"old":null}}`),
		"conversation.priority":        change(conversation.PriorityChanged, lin, 0, nil, `{"priority":"urgent"}`),
		"conversation.participants":    change(conversation.ParticipantsChanged, lin, 0, nil, `{"member_ids":["mem_1"],"added":["mem_1"],"removed":[]}`),
		"conversation.team":            change(conversation.TeamChanged, lin, 0, nil, `{"team_id":"tea_1","from_team_id":""}`),
		"conversation.merged":          change(conversation.Merged, lin, 0, nil, `{"into":"cnv_2","number":12}`),
		"conversation.absorbed":        change(conversation.Absorbed, lin, 0, nil, `{"from_id":"cnv_2","number":13,"inbox_id":"inb_1","contact_id":"con_1","contact_name":"Alice","messages":3}`),
		"conversation.unmerged":        change(conversation.Unmerged, alice, 0, nil, `{"by":"contact","number":12,"into":"cnv_2","state":"open"}`),
		"conversation.identified":      change(conversation.Identified, alice, 0, nil, `{"recipient":"sub:42"}`),
		"conversation.offline":         change(conversation.OfflineChange, alice, 0, nil, `{"email":"alice@example.com","phone":""}`),
		"conversation.event":           change(conversation.CustomerEvent, alice, 0, nil, `{"text":"扫描了二维码 <b>","trigger":"scanned"}`),
		"rating.requested":             change(conversation.RatingRequested, lin, 4, nil, `{"rating_id":"rat_1","via":"widget","member_id":"mem_1"}`),
		"rating.given":                 change(conversation.RatingGiven, alice, 5, nil, `{"rating_id":"rat_1","via":"widget","score":5,"comment":"谢谢"}`),
		"conversation.read_by_contact": change(conversation.ReadByContact, alice, 0, nil, `{"seq":7}`),
		"scheduled.created": change(conversation.ScheduledCreated, lin, 0, nil,
			`{"scheduled_id":"sch_1","send_at":"2026-11-22T01:00:00Z","state":"waiting","author_id":"mem_1","author_name":"林晓","text":"how was it?","unless_reply":true}`),
		"scheduled.changed": change(conversation.ScheduledChanged, lin, 0, nil,
			`{"scheduled_id":"sch_1","send_at":"2026-11-22T02:00:00Z","state":"waiting","author_id":"mem_1","author_name":"林晓","text":"how was it?","unless_reply":true}`),
		"scheduled.cancelled": change(conversation.ScheduledCancelled, lin, 0, nil,
			`{"scheduled_id":"sch_1","send_at":"2026-11-22T01:00:00Z","state":"cancelled","author_id":"mem_1","author_name":"林晓","text":"how was it?"}`),
		"scheduled.sent": change(conversation.ScheduledSent, system, 0, nil,
			`{"scheduled_id":"sch_1","send_at":"2026-11-22T01:00:00Z","state":"sent","author_id":"mem_1","author_name":"林晓","text":"how was it?","message_id":"msg_9"}`),
		"scheduled.failed": change(conversation.ScheduledFailed, system, 0, nil,
			`{"scheduled_id":"sch_1","send_at":"2026-11-22T01:00:00Z","state":"failed","author_id":"mem_1","author_name":"林晓","text":"how was it?","code":"conversation.resolved","detail":"It is over."}`),
		"message.created.bot":     change(conversation.MessageCreated, bot, 4, message(conversation.Text, bot, "您好"), ""),
		"conversation.queued.bot": change(conversation.Queued, bot, 0, nil, `{"reason":"handoff","handoff":"asked_for_agent","team_id":"tea_1"}`),
		"conversation.bot":        change(conversation.BotEngaged, system, 0, nil, `{"bot_id":"pin_1","bot_name":"小助手"}`),
		"finding.created": change(conversation.FindingRaised, echo, 0, nil,
			`{"finding_id":"fnd_1","message_id":"msg_1","message_seq":2,"connection_id":"pin_1","code":"complaint_to_regulator","level":"warning",`+
				`"title":{"en":"Threatens a complaint","zh-CN":"威胁投诉"},"advice":{"en":"Bring in a supervisor."},"start":3,"end":9,"score":0.9}`),
		"finding.dismissed":       change(conversation.FindingDismissed, lin, 0, nil, `{"finding_id":"fnd_1"}`),
		"conversation.odd":        change(conversation.Queued, system, 0, nil, `[1]`),
		"message.created.without": change(conversation.MessageCreated, alice, 4, nil, ""),
	}
}

// conversations is one of each look.
func conversations() map[string]conversation.Conversation {
	fresh := conversation.Conversation{
		Workspace: "wsp_1", ID: "cnv_1", Inbox: "inb_1", Contact: "con_1", Recipient: "secret-openid", State: conversation.Open,
		LastSeq: 1, CreatedAt: at, UpdatedAt: at, Plugin: "patchbay/echo",
	}
	waiting := fresh
	waiting.Responder, waiting.WaitingSince, waiting.QueuedAt = conversation.ResponderQueue, at, at
	waiting.ContactName, waiting.LastSeq, waiting.LastPublicSeq, waiting.LastInboundSeq = "Alice", 3, 1, 2
	waiting.Last = conversation.Preview{Text: "你好", Sender: identity.ActorContact, Kind: conversation.Text, At: at}
	taken := waiting
	taken.Responder, taken.Assignee, taken.AssigneeName, taken.WaitingSince = conversation.ResponderAgent, "mem_1", "林晓", time.Time{}
	waiting.Last.Attachment, waiting.ContactReadSeq = media.Image, 2
	taken.Last = conversation.Preview{Text: "a rude one", Sender: identity.ActorMember, Kind: conversation.Note, At: at}
	snoozed := taken
	snoozed.State, snoozed.SnoozedUntil = conversation.Snoozed, at.Add(time.Hour)
	ordered := taken
	ordered.Organised = conversation.Organised{
		Number: 1024, Team: "tea_1", Priority: conversation.Urgent, Labels: []catalog.LabelID{"lab_1", "lab_2"},
		Attributes: map[string]any{"plan": "专业", "seats": 12.5, "paid": true}, Participants: []identity.MemberID{"mem_1"}, MergedInto: "cnv_2",
		Before: &conversation.Standing{State: conversation.Open},
	}
	offered := waiting
	offered.Offering = conversation.Offering{OfferedTo: "mem_1", OfferUntil: at.Add(20 * time.Second)}
	return map[string]conversation.Conversation{"offered": offered, "ordered": ordered, "new": fresh, "waiting": waiting, "taken": taken, "snoozed": snoozed}
}

func TestGolden(t *testing.T) {
	shapes := make(map[string]any)
	for name, c := range conversations() {
		shapes["conversation-"+name] = wire.ConversationOf(c)
	}
	for name, c := range changes() {
		shapes["change-"+name] = wire.ChangeOf(c)
		if public, ok := wire.PublicChangeOf(c); ok {
			shapes["public-"+name] = public
		}
	}
	pending := message(conversation.Text, lin, "hello")
	pending.Delivery = conversation.DeliveryPending
	shapes["message-pending"] = wire.MessageOf(*pending)
	queued, taken := changes()["conversation.queued"], conversations()["waiting"]
	shapes["feed-conversation"] = wire.FeedEventOf(event.Event{
		ID: "chg_1", Workspace: "wsp_1", Feed: 42, Type: string(queued.Type), Subject: "cnv_1", Seq: 9, PublicSeq: 4, At: at, Data: []byte(`{"ignored":true}`),
	}, &queued, &taken)
	shapes["feed-workspace"] = wire.FeedEventOf(event.Event{
		ID: "chg_2", Workspace: "wsp_1", Feed: 43, Type: "inbox.changed", Subject: "inb_1", At: at, Data: []byte(`{"id":"inb_1"}`),
	}, nil, nil)
	quote := &conversation.Quote{ID: "msg_0", Seq: 1, Kind: conversation.Text, Sender: alice, Text: "when?"}
	shapes["draft"] = wire.DraftOf(conversation.Draft{
		Workspace: "wsp_1", Member: "mem_1", Conversation: "cnv_1", Kind: conversation.Note, Text: "not yet", ReplyTo: quote, Rev: 3, UpdatedAt: at,
	})
	shapes["scheduled"] = wire.ScheduledOf(conversation.Scheduled{
		Workspace: "wsp_1", ID: "sch_1", Conversation: "cnv_1", Author: lin, ClientID: "0197-b", Text: "tomorrow", ReplyTo: quote, SendAt: at,
		UnlessReply: true, Inbound: 2, State: conversation.ScheduledWaits, CreatedAt: at,
	})
	shapes["presence"] = wire.Presence{MemberID: "mem_1", Status: "away", Capacity: 5}

	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) { golden(t, name, shape) })
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := shapes[strings.TrimSuffix(filepath.Base(f), ".json")]; !ok {
			t.Errorf("nothing has the shape of %s any more", f)
		}
	}
}

// golden compares a shape with its file.
func golden(t *testing.T, name string, shape any) {
	t.Helper()
	same(t, filepath.Join("testdata", name+".json"), indented(t, shape))
}

func indented(t *testing.T, shape any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(shape); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// same compares a text with a file, or with -update writes it.
func same(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the test with -update when it is meant", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

func TestStamp(t *testing.T) {
	if got := wire.Stamp(at).Format(time.RFC3339Nano); got != "2026-11-21T09:30:15.123Z" {
		t.Errorf("a time is written as %s", got)
	}
}
