package deliverytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/media"
)

// Fixture is an implementation under test, over the conversations whose
// messages must leave.
type Fixture struct {
	Store         delivery.Store // a Completer, too
	History       delivery.History
	Media         media.Store
	Conversations conversationtest.Fixture

	// Pause and Resume pause an inbox, and end that.
	Pause  func(t testing.TB, inbox channel.Inbox)
	Resume func(t testing.TB, inbox channel.Inbox, at time.Time)
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"a message becomes due":           testDue,
		"nothing for others":              testOthers,
		"order within a conversation":     testOrder,
		"a retry holds up what follows":   testRetry,
		"oldest first, limit and skip":    testLimit,
		"an inbox is paused":              testPaused,
		"sent":                            testSent,
		"refused":                         testRefused,
		"may or may not have left":        testUnknown,
		"files, author and quote":         testContent,
		"whom a text names":               testGroupMentions,
		"passed on to somebody else":      testForward,
		"what it answers and follows":     testContext,
		"what others wrote is not named":  testContextApart,
		"until a window closes":           testDeadline,
		"templates":                       testTemplate,
		"texts that leave as one":         testMerge,
		"as one, again by hand":           testMergeByHand,
		"as one, and killed":              testMergeKilled,
		"texts that leave each by itself": testApart,
		"the far side's ids":              testExternals,
		"edits and recalls":               testActs,
		"an act that is replaced":         testActReplaced,
		"an act by hand":                  testActByHand,
		"settled by hand":                 testByHand,
		"what the far side says later":    testReported,
		"what is said too early":          testEarly,
		"said while it is settled":        testEarlyAtOnce,
		"settled twice":                   testTwice,
		"settled across workspaces":       testWorkspaces,
		"settlements obey the law":        testLaw,
		"the history of a message":        testSteps,
		"a settlement of nothing at all":  testNothing,
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			w := &world{World: conversationtest.NewWorld(t, f.Conversations), store: f.Store, history: f.History, media: f.Media, pause: f.Pause, resume: f.Resume}
			run(w)
		})
	}
}

// world is one test case.
type world struct {
	*conversationtest.World
	store   delivery.Store
	history delivery.History
	media   media.Store
	pause   func(testing.TB, channel.Inbox)
	resume  func(testing.TB, channel.Inbox, time.Time)
}

// post makes a customer write and a member answer; it returns the answer.
func (w *world) post(inbox channel.Inbox, external, text string) conversation.Message {
	w.Helper()
	c := w.Receive(inbox, external, "", "question")
	return w.answer(c.ID, text)
}

func (w *world) answer(id conversation.ID, text string) conversation.Message {
	w.Helper()
	var m conversation.Message
	w.Change(id, func(c *conversation.Conversation) error {
		ch, err := c.Send(w.Turn(w.Owner), conversation.Words("", text))
		if err == nil {
			m = *ch.Message
		}
		return err
	})
	return m
}

func (w *world) due(now time.Time, limit int, skip ...delivery.ID) []delivery.Delivery {
	w.Helper()
	skipped := delivery.Skip{Out: make(map[delivery.ID]bool)}
	for _, id := range skip {
		skipped.Out[id] = true
	}
	got, err := w.store.Due(w.Context(), w.Inbox.Plugin, now, limit, skipped)
	w.OK(err)
	return got
}

// texts checks what is due.
func (w *world) texts(now time.Time, want ...string) []delivery.Delivery {
	w.Helper()
	got := w.due(now, 100)
	var texts []string
	for _, d := range got {
		texts = append(texts, d.Content.Text)
	}
	if fmt.Sprint(texts) != fmt.Sprint(want) {
		w.Fatalf("%v are due, want %v", texts, want)
	}
	return got
}

func (w *world) settle(d delivery.Delivery, state delivery.State, r channel.Result, next time.Time) {
	w.Helper()
	w.OK(w.store.Settle(w.Context(), []delivery.Settlement{{
		Delivery: d, State: state, Attempts: d.Attempts + 1, NextAt: next, Result: r, Provider: "far-1",
	}}))
}

func (w *world) next() time.Time {
	w.Helper()
	at, err := w.store.NextDue(w.Context(), w.Inbox.Plugin)
	w.OK(err)
	return at
}

func testDue(w *world) {
	if !w.next().IsZero() {
		w.Fatal("something waits in an empty ledger")
	}
	m := w.post(w.Inbox, "外部", "answer 你好 🙂")
	c := w.Get(m.Conversation)
	if got := w.due(m.CreatedAt.Add(-time.Second), 10); len(got) != 0 {
		w.Fatalf("due before its time: %+v", got)
	}
	got := w.texts(m.CreatedAt, "answer 你好 🙂")[0]
	want := delivery.Delivery{
		Workspace: w.WS, ID: got.ID, Inbox: w.Inbox.ID, Plugin: w.Inbox.Plugin, Conversation: string(c.ID), Message: string(m.ID),
		Seq: m.Seq, Place: m.Seq, Recipient: "外部", Content: channel.Content{Text: m.Text}, Author: w.owner(), State: delivery.Pending, NextAt: m.CreatedAt, CreatedAt: m.CreatedAt,
	}
	conversationtest.Same(w.World, got, want)
	if len(got.ID) != len("dlv_")+26 || got.ID[:4] != "dlv_" {
		w.Fatalf("its id is %s", got.ID)
	}
	if !w.next().Equal(m.CreatedAt) {
		w.Fatalf("next due at %v, want %v", w.next(), m.CreatedAt)
	}
}

func testOthers(w *world) {
	m := w.post(w.Inbox, "ext", "answer")
	w.post(w.Live, "ext", "straight to the browser")
	w.Change(m.Conversation, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Words("", "a note"))
		return nil
	})
	w.texts(w.Tick(), "answer")
	got, err := w.store.Due(w.Context(), "other/plugin", w.Tick(), 10, delivery.Skip{})
	w.OK(err)
	next, err := w.store.NextDue(w.Context(), "other/plugin")
	w.OK(err)
	if len(got) != 0 || !next.IsZero() {
		w.Fatalf("another plugin gets %+v at %v", got, next)
	}
}

func testOrder(w *world) {
	one := w.post(w.Inbox, "one", "1a")
	w.answer(one.Conversation, "1b")
	w.post(w.Inbox, "two", "2a")
	now := w.Tick()
	got := w.texts(now, "1a", "2a")
	w.settle(got[0], delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	w.texts(now, "1b", "2a")
}

func testRetry(w *world) {
	one := w.post(w.Inbox, "one", "1a")
	w.answer(one.Conversation, "1b")
	now := w.Tick()
	later := now.Add(time.Minute)
	w.settle(w.texts(now, "1a")[0], delivery.Pending, channel.Result{Outcome: channel.OutcomeRetry, Code: "busy", Detail: "try later"}, later)
	w.texts(now)
	if !w.next().Equal(later) {
		w.Fatalf("next due at %v, want %v: what follows waits for it", w.next(), later)
	}
	again := w.texts(later, "1a")[0]
	if again.Attempts != 1 || again.LastCode != "busy" || again.LastDetail != "try later" || again.State != delivery.Pending {
		w.Fatalf("after an attempt: %+v", again)
	}
	if m := w.Timeline(one.Conversation, one.Seq-1)[0].Message; m.Delivery != conversation.DeliveryPending {
		w.Fatalf("the agent sees %s", m.Delivery)
	}
	w.settle(again, delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: "gone"}, time.Time{})
	w.texts(later, "1b")
}

func testLimit(w *world) {
	for n := range 5 {
		w.post(w.Inbox, fmt.Sprint("c", n), fmt.Sprint("m", n))
	}
	now := w.Tick()
	all := w.texts(now, "m0", "m1", "m2", "m3", "m4")
	got := w.due(now, 2)
	if len(got) != 2 || got[0].ID != all[0].ID || got[1].ID != all[1].ID {
		w.Fatalf("the first two are %+v", got)
	}
	got = w.due(now, 2, all[0].ID, all[2].ID)
	if len(got) != 2 || got[0].ID != all[1].ID || got[1].ID != all[3].ID {
		w.Fatalf("without the first and third: %+v", got)
	}
	got, err := w.store.Due(w.Context(), w.Inbox.Plugin, now, 1, delivery.Skip{Held: map[delivery.ID]time.Time{all[0].ID: now}})
	if w.OK(err); len(got) != 1 || got[0].ID != all[1].ID {
		w.Fatalf("without one whose recipient must wait: %+v", got)
	}
	other := w.NewInbox(w.WS, false)
	w.post(other, "c9", "m9")
	blocked := map[channel.InboxID]time.Time{w.Inbox.ID: now, "inb_1": now, "inb_2": now}
	got, err = w.store.Due(w.Context(), w.Inbox.Plugin, w.Tick(), 10, delivery.Skip{Inboxes: blocked})
	if w.OK(err); len(got) != 1 || got[0].Inbox != other.ID {
		w.Fatalf("without an inbox: %+v", got)
	}
}

// outcomeOf settles a message and returns it as the agent sees it.
func (w *world) outcomeOf(state delivery.State, r channel.Result) *conversation.Message {
	w.Helper()
	m := w.post(w.Inbox, "ext", "answer")
	w.settle(w.texts(w.Tick(), "answer")[0], state, r, time.Time{})
	w.texts(w.Tick())
	if !w.next().IsZero() {
		w.Fatal("something still waits")
	}
	changes := w.Timeline(m.Conversation, m.Seq-1)
	last := changes[len(changes)-1]
	if last.Type != conversation.MessageDelivery || last.Message.ID != m.ID || last.PublicSeq != 0 || last.Actor.ID != string(w.Inbox.Plugin) {
		w.Fatalf("the last change is %+v", last)
	}
	w.CheckSequences(m.Conversation)
	return changes[0].Message
}

func testSent(w *world) {
	m := w.outcomeOf(delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted})
	if m.Delivery != conversation.DeliverySent || m.DeliveryError != "" {
		w.Fatalf("the agent sees %+v", m)
	}
}

func testRefused(w *world) {
	m := w.outcomeOf(delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: "invalid_recipient", Detail: "没有这个号码"})
	if m.Delivery != conversation.DeliveryFailed || m.DeliveryError != "没有这个号码" {
		w.Fatalf("the agent sees %+v", m)
	}
}

func testUnknown(w *world) {
	m := w.outcomeOf(delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: delivery.CodePoison})
	if m.Delivery != conversation.DeliveryUnknown || m.DeliveryError != delivery.CodePoison {
		w.Fatalf("the agent sees %+v", m)
	}
	m = w.outcomeOf(delivery.Unknown, channel.Result{Outcome: channel.OutcomeUnknown, Code: "timeout", Detail: "no answer"})
	if m.Delivery != conversation.DeliveryUnknown || m.DeliveryError != "no answer" {
		w.Fatalf("the agent sees %+v", m)
	}
}

func testTwice(w *world) {
	m := w.post(w.Inbox, "ext", "answer")
	d := w.texts(w.Tick(), "answer")[0]
	w.settle(d, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	before := w.Get(m.Conversation)
	w.settle(d, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	w.settle(d, delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: "late"}, time.Time{})
	w.settle(d, delivery.Pending, channel.Result{Outcome: channel.OutcomeRetry}, w.Tick())
	w.texts(w.Tick())
	conversationtest.Same(w.World, w.Get(m.Conversation), before)
}

func testWorkspaces(w *world) {
	other, _ := w.Workspace("other@example.com")
	inbox := w.NewInbox(other, false)
	mine := w.post(w.Inbox, "ext", "mine")
	theirs := w.Receive(inbox, "ext", "", "question")
	w.OK(w.TryChange(other, theirs.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(w.System(), conversation.Words("", "theirs"))
		return err
	}))
	due := w.texts(w.Tick(), "mine", "theirs")
	var all []delivery.Settlement
	for _, d := range due {
		all = append(all, delivery.Settlement{Delivery: d, State: delivery.Sent, Attempts: 1, Result: channel.Result{Outcome: channel.OutcomeAccepted}})
	}
	w.OK(w.store.Settle(w.Context(), all))
	w.texts(w.Tick())
	if m := w.Timeline(mine.Conversation, mine.Seq-1)[0].Message; m.Delivery != conversation.DeliverySent {
		w.Fatalf("mine is %s", m.Delivery)
	}
}

func testLaw(w *world) {
	one := w.post(w.Inbox, "one", "1a")
	w.answer(one.Conversation, "1b")
	before, timeline := w.Get(one.Conversation), w.Timeline(one.Conversation, 0)
	w.settle(w.texts(w.Tick(), "1a")[0], delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{})
	w.settle(w.texts(w.Tick(), "1b")[0], delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: "no"}, time.Time{})
	w.CheckLaw(before, timeline)
	w.CheckSequences(one.Conversation)
}

func testNothing(w *world) {
	w.OK(w.store.Settle(w.Context(), nil))
}

func testSteps(w *world) {
	m := w.post(w.Inbox, "ext", "answer")
	other := w.post(w.Inbox, "other", "theirs")
	steps := func(of conversation.Message) []delivery.Step {
		got, err := w.history.Steps(w.Context(), of.Workspace, string(of.Conversation), of.Seq)
		w.OK(err)
		return got
	}
	if got := steps(m); len(got) != 0 {
		w.Fatalf("before any attempt: %+v", got)
	}
	d := w.due(w.Tick(), 10)[0]
	first, second, third := w.Tick(), w.Tick(), w.Tick()
	d.Began, d.Version = first, "1.2.3"
	w.OK(w.store.Interrupted(w.Context(), []delivery.Delivery{d}))
	d.Began = second
	w.settle(d, delivery.Pending, channel.Result{Outcome: channel.OutcomeRetry, Code: "busy", Detail: "稍后再试"}, third)
	d = w.due(third, 10)[0]
	d.Began, d.Version = third, "1.2.4"
	w.settle(d, delivery.Dead, channel.Result{Outcome: channel.OutcomeRejected, Code: "gone", Detail: "no such number"}, time.Time{})
	got := steps(m)
	if len(got) != 4 || got[3].At.Before(third) {
		w.Fatalf("the steps are %+v", got)
	}
	got[3].At = time.Time{} // when it was recorded
	plugin := string(w.Inbox.Plugin)
	conversationtest.Same(w.World, got, []delivery.Step{
		{At: first, State: delivery.StepAttempt, Attempt: 1, Code: delivery.CodePluginDied, Plugin: plugin + " 1.2.3"},
		{At: second, State: delivery.StepAttempt, Attempt: 1, Code: "busy", Detail: "稍后再试", Plugin: plugin + " 1.2.3"},
		{At: third, State: delivery.StepAttempt, Attempt: 2, Plugin: plugin + " 1.2.4"},
		{State: delivery.StepFailed, Attempt: 2, Code: "gone", Detail: "no such number", Provider: "far-1"},
	})
	w.settle(d, delivery.Sent, channel.Result{Outcome: channel.OutcomeAccepted}, time.Time{}) // too late
	if n := len(steps(m)); n != 4 {
		w.Fatalf("a late receipt makes it %d steps", n)
	}
	if got := steps(other); len(got) != 0 {
		w.Fatalf("another message has %+v", got)
	}
	abroad, _ := w.Workspace("stranger@example.com")
	m.Workspace = abroad
	if got := steps(m); len(got) != 0 {
		w.Fatalf("another workspace reads %+v", got)
	}
}
