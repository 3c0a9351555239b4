package conversation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// begunTickets counts the tickets that are made, by conversation.
type begunTickets map[conversation.ID]int

func (b begunTickets) Begin(_ context.Context, _ conversation.Tx, _ conversation.Turn, c conversation.Conversation, _ conversation.Message, _ string) error {
	b[c.ID]++
	return nil
}

func (b begunTickets) Unserved(_ context.Context, _ conversation.Tx, _ conversation.Turn, c conversation.Conversation, _ []conversation.Message) error {
	b[c.ID]++
	return nil
}

func (b begunTickets) Callback(_ context.Context, _ conversation.Tx, _ conversation.Turn, c conversation.Conversation, wish *conversation.CallbackWish) (conversation.Noted, error) {
	n := conversation.Noted{Ticket: "T-1", Before: b[c.ID] > 0}
	if wish != nil {
		b[c.ID]++
	}
	return n, nil
}

// hours makes a calendar that is open on weekdays, 9 to 17, and has queues follow
// calendars. The clock begins on a Saturday.
func (d *desk) hours() calendar.ID {
	d.Helper()
	d.service.Hours, d.service.Houses = queue.NewHours(d.fake.Queues, d.fake.Calendars), house{}
	c := calendar.Calendar{Workspace: d.WS, ID: "cal_office", Name: "Office", Hours: calendar.Hours{Zone: "UTC"}, Revision: 1}
	for day := time.Monday; day <= time.Friday; day++ {
		c.Hours.Week[day] = []calendar.Interval{{From: 9 * 60, To: 17 * 60}}
	}
	d.OK(d.fake.Calendars.Create(d.Context(), c))
	return c.ID
}

// stream makes a queue of an inbox by a plan.
func (d *desk) stream(id queue.ID, p queue.Plan, inboxes ...string) {
	d.Helper()
	d.OK(d.fake.Queues.Create(d.Context(), queue.Queue{Workspace: d.WS, ID: id, Name: string(id), Team: d.Team(d.WS, string(id)), Inboxes: inboxes, Plan: p}))
}

// says has a visitor write, and returns the texts that they were told by ourselves.
func (d *desk) says(v conversation.Visitor, text string) []string {
	d.Helper()
	_, err := d.service.VisitorSend(d.Context(), v, conversation.VisitorPost{ClientID: d.IDs.New("m"), Text: text})
	d.OK(err)
	c, err := d.service.VisitorConversation(d.Context(), v)
	d.OK(err)
	var out []string
	for _, m := range d.automatic(c.ID) {
		out = append(out, m.Text)
	}
	return out
}

func TestAClosedQueueSaysWhenItOpens(t *testing.T) {
	d := newDesk(t)
	d.stream("que_a", queue.Plan{Calendar: d.hours()}, string(d.Live.ID))
	v := d.visitor()
	want := []string{"Thank you for your message. We are closed at the moment and will answer you when we are back: Monday, 23 November, 09:00 (UTC+0)."}
	if got := d.says(v, "hello"); !slices.Equal(got, want) {
		t.Fatalf("told %q", got)
	}
	if got := d.says(v, "anybody?"); !slices.Equal(got, want) {
		t.Fatalf("told again: %q", got)
	}
	c, err := d.service.VisitorConversation(t.Context(), v)
	d.OK(err)
	if !c.InQueue() || c.Queue != "que_a" || c.WaitingSince.IsZero() {
		t.Fatalf("%+v", c)
	}
	d.pass(48 * time.Hour) // Monday, 09:00
	if got := d.says(v, "you are open"); len(got) != 1 {
		t.Fatalf("told while it is open: %q", got)
	}
	d.pass(8 * time.Hour) // 17:00: what waits is told, too
	if got := d.says(v, "and now?"); len(got) != 2 || !strings.Contains(got[1], "Tuesday, 24 November, 09:00") {
		t.Fatalf("told %q", got)
	}
	d.assign(c.ID, d.agent.ID)
	d.pass(24 * time.Hour)
	if got := d.says(v, "thanks"); len(got) != 2 {
		t.Fatalf("who has an agent was told %q", got)
	}
	if got := d.says(d.visitor(), "你们几点上班？"); len(got) != 1 || !strings.Contains(got[0], "恢复服务时间：11月25日（周三）09:00（UTC+0）。") {
		t.Fatalf("told %q", got)
	}
}

func TestTextsOfAClosedQueue(t *testing.T) {
	d := newDesk(t)
	texts := map[string]string{queue.English: "{{contact.first_name}}, {{workspace.name}} is back {{queue.opens_at}}"}
	d.stream("que_a", queue.Plan{Calendar: d.hours(), Outside: queue.Outside{Texts: texts}}, string(d.Live.ID))
	v := d.visitor()
	v.Name = "Mara Lund"
	if got := d.says(v, "hello"); len(got) != 1 || got[0] != "Mara, Harbour Café is back Monday, 23 November, 09:00 (UTC+0)" {
		t.Fatalf("told %q", got)
	}
}

func TestACallbackMakesOneTicketForEachClosedTime(t *testing.T) {
	d := newDesk(t)
	made := begunTickets{}
	d.service.Tickets = made
	d.stream("que_a", queue.Plan{Calendar: d.hours(), Outside: queue.Outside{Do: queue.Callback}}, string(d.Live.ID))
	v := d.visitor()
	if got := d.says(v, "call me"); len(got) != 1 || !strings.HasSuffix(got[0], "\n\n"+queue.Ask(queue.English)) {
		t.Fatalf("told %q", got)
	}
	d.says(v, "+49 30 123456")
	c, err := d.service.VisitorConversation(t.Context(), v)
	d.OK(err)
	if made[c.ID] != 1 {
		t.Fatalf("%d tickets", made[c.ID])
	}
	d.pass(56 * time.Hour) // Monday, 17:00
	d.says(v, "nobody called")
	if made[c.ID] != 2 {
		t.Fatalf("%d tickets", made[c.ID])
	}
	known := d.visitor()
	known.Email = "mara@example.com"
	d.OK(d.kept.CreateVisitor(t.Context(), conversation.Visitor{Workspace: d.WS, ID: "vis_known", Inbox: d.Live.ID, Email: "mara@example.com", CreatedAt: d.Tick()}))
	known.ID = "vis_known"
	if got := d.says(known, "call me"); len(got) != 1 || strings.Contains(got[0], queue.Ask(queue.English)) {
		t.Fatalf("who can be reached is told %q", got)
	}
}

func TestAClosedQueueOverflows(t *testing.T) {
	d := newDesk(t)
	office := d.hours()
	always := queue.Plan{}
	d.stream("que_c", always)
	d.stream("que_b", queue.Plan{Calendar: office, Outside: queue.Outside{Do: queue.Pass}, Overflow: queue.Overflow{Queue: "que_c", After: time.Minute}})
	d.stream("que_a", queue.Plan{Calendar: office, Outside: queue.Outside{Do: queue.Pass}, Overflow: queue.Overflow{Queue: "que_b", After: time.Minute}}, string(d.Live.ID))
	v := d.visitor()
	if got := d.says(v, "hello"); len(got) != 0 {
		t.Fatalf("told %q", got)
	}
	c, err := d.service.VisitorConversation(t.Context(), v)
	d.OK(err)
	if c.Queue != "que_c" || !c.InQueue() {
		t.Fatalf("%+v", c)
	}
	q, err := d.fake.Queues.Change(t.Context(), d.WS, "que_c", func(q *queue.Queue) error { q.Calendar = office; return nil })
	d.OK(err)
	if c.Team != q.Team {
		t.Fatalf("of the team %q", c.Team)
	}
	other := d.visitor()
	if got := d.says(other, "hello"); len(got) != 1 {
		t.Fatalf("nobody is open, told %q", got)
	}
	if c, err = d.service.VisitorConversation(t.Context(), other); err != nil || c.Queue != "que_a" {
		t.Fatalf("%+v, %v", c, err)
	}
	_, err = d.fake.Queues.Change(t.Context(), d.WS, "que_c", func(q *queue.Queue) error { q.Calendar = ""; return nil })
	d.OK(err)
	d.says(other, "still here")
	if c, err = d.service.VisitorConversation(t.Context(), other); err != nil || c.Queue != "que_a" {
		t.Fatalf("what waited lost its place: %+v, %v", c, err)
	}
}

// A mail is answered once by itself: with the hours, not with that it has arrived.
// No machine is, and one that passes for a person only once for each closed time.
func TestMailsToAClosedQueue(t *testing.T) {
	d := newDesk(t)
	d.acknowledges(nil)
	made := begunTickets{}
	d.service.Tickets = made
	d.stream("que_a", queue.Plan{Calendar: d.hours(), Outside: queue.Outside{Do: queue.Callback}}, string(d.Inbox.ID))
	c := d.where(d.mail("<1>", anna, "where is it?"))
	said := d.automatic(c.ID)
	if len(said) != 1 || !strings.Contains(said[0].Text, "Monday, 23 November") || strings.Contains(said[0].Text, queue.Ask(queue.English)) || !said[0].Automatic || said[0].Envelope.To[0].Address != anna {
		t.Fatalf("told %+v", said)
	}
	if second := d.where(d.mail("<2>", anna, "another matter")); len(d.automatic(second.ID)) != 0 || made[second.ID] != 1 {
		t.Fatalf("told again: %+v, %d tickets", d.automatic(second.ID), made[second.ID])
	}
	for name, change := range map[string]func(in *channel.Inbound){
		"a machine": func(in *channel.Inbound) { in.Automatic = true },
		"a list":    func(in *channel.Inbound) { in.NoReply = true },
		"unproven":  func(in *channel.Inbound) { in.Trust.Verdict = channel.Unverified },
	} {
		in := d.mail("<"+name+">", strings.ReplaceAll(name, " ", "-")+"@example.com", "hello")
		change(&in)
		c := d.where(in)
		tickets := 0
		if name == "unproven" {
			tickets = 1
		}
		if len(d.automatic(c.ID)) != 0 || made[c.ID] != tickets {
			t.Errorf("%s is told %+v, %d tickets", name, d.automatic(c.ID), made[c.ID])
		}
	}
	late := d.where(d.brought(d.mail("<old>", carol, "from last week"), 24*time.Hour))
	if len(d.automatic(late.ID)) != 0 || made[late.ID] != 0 {
		t.Errorf("what is brought late is told %+v, %d tickets", d.automatic(late.ID), made[late.ID])
	}
}

// firstBot is a bot that answers the customers of every inbox.
type firstBot struct{ bot conversation.Bot }

func (b firstBot) BotOf(context.Context, channel.Inbox) (*conversation.Bot, error) {
	return &b.bot, nil
}

// Who talks to a bot is told nothing, until it hands them to people who are not there.
func TestABotHandsOffToAClosedQueue(t *testing.T) {
	d := newDesk(t)
	d.stream("que_a", queue.Plan{Calendar: d.hours()}, string(d.Live.ID))
	bot := conversation.Bot{ID: "con_bot", Name: "Bot"}
	d.service.Bots = firstBot{bot}
	d.reconfigure(func(in *channel.Inbox) { in.Bot = bot.ID })
	v := d.visitor()
	if got := d.says(v, "hello"); len(got) != 0 {
		t.Fatalf("told %q", got)
	}
	c, err := d.service.VisitorConversation(t.Context(), v)
	d.OK(err)
	turn, err := d.service.BeginTurn(t.Context(), conversation.Ref{Workspace: d.WS, ID: c.ID}, &bot, "clm_1", d.now().Add(time.Minute))
	d.OK(err)
	if turn == nil {
		t.Fatal("no turn")
	}
	d.OK(d.service.HandOff(t.Context(), turn.BotClaim, conversation.BotHandoff{Reason: "asked_for_agent"}))
	said := d.automatic(c.ID)
	if got := d.Get(c.ID); got.Queue != "que_a" || !got.InQueue() || len(said) != 1 || said[0].Sender.Kind != identity.ActorSystem {
		t.Fatalf("%+v, told %+v", got, said)
	}
	if got := d.says(v, "hello?"); len(got) != 1 {
		t.Fatal(fmt.Sprint("told again: ", got))
	}
}
