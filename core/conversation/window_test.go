package conversation_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

// windowed is a desk whose inbox takes two messages in two days after the
// customer wrote, and one in a minute after they followed.
func windowed(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.plugins.Installed = []channel.Type{{Plugin: d.Inbox.Plugin, Capabilities: channel.Capabilities{
		Content: []string{channel.ContentText},
		Windows: []channel.Window{{On: channel.TriggerMessage, Quota: 2, For: 48 * time.Hour}, {On: "followed", Quota: 1, For: time.Minute}},
	}}}
	return d
}

func TestWindowsOfAConversation(t *testing.T) {
	d := windowed(t)
	d.receive(item(d.Inbox, "m1", "wang", "question"))
	c := d.of(d.Inbox, "wang")
	post := func(clientID string) error {
		_, err := d.service.Post(d.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: clientID, Kind: conversation.Text, Text: "answer"})
		return err
	}
	d.OK(post("a1"))
	d.OK(post("a1")) // said again, not sent again
	d.OK(post("a2"))
	before := d.Get(c.ID)
	d.refused(post("a3"), errs.Conflict, "message.window_quota")
	if after := d.Get(c.ID); after.LastSeq != before.LastSeq || after.Windows[0].Used != 2 || !after.Windows[0].ExpiresAt.Equal(d.now().Add(48*time.Hour)) {
		t.Fatalf("after a refusal: %+v", after.Windows)
	}
	_, err := d.service.Post(d.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "n1", Kind: conversation.Note, Text: "a note"})
	d.OK(err)

	d.pass(time.Hour)
	followed := item(d.Inbox, "m2", "wang", "followed")
	followed.Trigger = "followed"
	d.receive(followed)
	d.OK(post("a4"))
	d.refused(post("a5"), errs.Conflict, "message.window_quota")
	d.receive(item(d.Inbox, "m3", "wang", "more")) // renews
	d.OK(post("a5"))
	d.pass(49 * time.Hour)
	d.refused(post("a6"), errs.Conflict, "message.window_closed")

	old := item(d.Inbox, "m4", "wang", "brought late")
	old.SentAt = d.now().Add(-72 * time.Hour)
	d.receive(old)
	d.refused(post("a7"), errs.Conflict, "message.window_closed")
	recent := item(d.Inbox, "m5", "wang", "brought in time")
	recent.SentAt = d.now().Add(-47 * time.Hour)
	d.receive(recent)
	d.OK(post("a7"))
	if w := d.Get(c.ID).Windows[0]; !w.ExpiresAt.Equal(d.now().Add(time.Hour)) {
		t.Fatalf("it closes at %v", w.ExpiresAt)
	}
}

// What was planned fails, and says why, when its time finds the window closed.
func TestAScheduledMessageNeedsAWindow(t *testing.T) {
	d := windowed(t)
	d.receive(item(d.Inbox, "m1", "wang", "question"))
	c := d.of(d.Inbox, "wang")
	for i, in := range []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour, 72 * time.Hour} {
		_, _, err := d.service.Schedule(d.Context(), as(d.agent), conversation.Schedule{
			Conversation: c.ID, ClientID: string(rune('a' + i)), Text: "later", SendAt: d.now().Add(in),
		})
		d.OK(err)
	}
	d.pass(4 * time.Hour)
	if n, err := d.service.SendDue(d.Context()); err != nil || n != 3 {
		t.Fatalf("%d settled, %v", n, err)
	}
	d.pass(72 * time.Hour)
	if n, err := d.service.SendDue(d.Context()); err != nil || n != 1 {
		t.Fatalf("%d settled, %v", n, err)
	}
	failed, err := d.service.Scheduled(d.Context(), as(d.agent), c.ID)
	if err != nil || len(failed) != 2 || failed[0].Code != "message.window_quota" || failed[1].Code != "message.window_closed" {
		t.Fatalf("%+v, %v", failed, err)
	}
}

// To send again spends as much as to send.
func TestSendingAgainNeedsAWindow(t *testing.T) {
	d := windowed(t)
	d.receive(item(d.Inbox, "m1", "wang", "question"))
	c := d.of(d.Inbox, "wang")
	first := d.post(d.agent, c.ID, conversation.Text, "a1", "one").Change.Message
	d.post(d.agent, c.ID, conversation.Text, "a2", "two")
	d.Change(c.ID, func(c *conversation.Conversation) error {
		c.SetDelivery(d.System(), *first, conversation.DeliveryUnknown, "timeout")
		return nil
	})
	_, err := d.service.ResolveDelivery(d.Context(), as(d.agent), c.ID, first.ID, conversation.SendAgain)
	d.refused(err, errs.Conflict, "message.window_quota")
	d.pass(time.Second)
	d.receive(item(d.Inbox, "m2", "wang", "hello?"))
	m, err := d.service.ResolveDelivery(d.Context(), as(d.agent), c.ID, first.ID, conversation.SendAgain)
	if err != nil || m.Delivery != conversation.DeliveryPending || d.Get(c.ID).Windows[0].Used != 1 {
		t.Fatalf("%+v, %v, %+v", m, err, d.Get(c.ID).Windows)
	}
}

// Whatever happens in whatever order, no window gives more than its quota, and
// nothing is refused that one could give.
func TestWindowsNeverGiveMoreThanTheirQuota(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		declared := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) channel.Window {
			return channel.Window{
				On: rapid.SampledFrom([]string{"message", "followed", "scanned"}).Draw(t, "on"), Quota: rapid.IntRange(0, 3).Draw(t, "quota"),
				For: time.Duration(rapid.IntRange(1, 10).Draw(t, "minutes")) * time.Minute,
			}
		}), 1, 3).Draw(t, "declared")
		seen := map[string]bool{}
		kept := declared[:0]
		for _, w := range declared { // one of a kind
			if !seen[w.On] {
				seen[w.On], kept = true, append(kept, w)
			}
		}
		type opening struct {
			at   time.Time
			left int
			by   channel.Window
		}
		open := map[string]*opening{}
		c, at := &conversation.Conversation{}, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 240).Draw(t, "seconds")) * time.Second)
			if rapid.Bool().Draw(t, "opens") {
				w := rapid.SampledFrom(kept).Draw(t, "window")
				c.OpenWindows(kept, w.On, at)
				if o := open[w.On]; o == nil || at.After(o.at) {
					open[w.On] = &opening{at: at, left: w.Quota, by: w}
				}
				continue
			}
			fits := false
			for _, o := range open {
				fits = fits || at.Before(o.at.Add(o.by.For)) && (o.by.Quota == 0 || o.left > 0)
			}
			if err := c.CanSpend(kept, at); (err == nil) != fits {
				t.Fatalf("can spend: %v, want %v", err, fits)
			}
			before := map[string]int{}
			for _, w := range c.Windows {
				before[w.On] = w.Used
			}
			if err := c.Spend(kept, at, 1); (err == nil) != fits {
				t.Fatalf("spent: %v, want %v", err, fits)
			}
			spent := 0
			for _, w := range c.Windows {
				if w.Used == before[w.On] {
					continue
				}
				spent++
				o := open[w.On]
				o.left--
				if w.Quota > 0 && w.Used > w.Quota || !at.Before(w.ExpiresAt) || !c.Deadline(1).Equal(w.ExpiresAt) {
					t.Fatalf("spent by %+v at %v", w, at)
				}
			}
			if fits != (spent == 1) || spent > 1 {
				t.Fatalf("%d windows gave", spent)
			}
		}
	})
}
