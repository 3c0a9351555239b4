package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store"
)

// twin is one of two systems that are put through the same.
type twin struct {
	w       *conversationtest.World
	members []identity.Member
	inboxes []channel.Inbox
	names   map[string]string // ids by order of appearance: the ids themselves are random
}

func newTwin(t *testing.T, f conversationtest.Fixture) *twin {
	t.Helper()
	w := conversationtest.NewWorld(t, f)
	return &twin{
		w: w, members: []identity.Member{w.Owner, w.Member(w.WS, "b@example.com", "乙", 2)},
		inboxes: []channel.Inbox{w.Inbox, w.Live}, names: make(map[string]string),
	}
}

// plain writes what a thing shows, with ids replaced by names.
func (x *twin) plain(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return regexp.MustCompile(`[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}`).ReplaceAllStringFunc(string(b), func(id string) string {
		if x.names[id] == "" {
			x.names[id] = fmt.Sprintf("%s#%d", id[:3], len(x.names))
		}
		return x.names[id]
	})
}

// step is something that happens to both.
type step struct {
	Act                     int
	Inbox, Customer, Member int
	Client                  string
	Text                    string
}

func (x *twin) do(s step) error {
	inbox, m := x.inboxes[s.Inbox], x.members[s.Member]
	external := fmt.Sprint("customer", s.Customer)
	at := x.w.Tick()
	c, err := x.w.F.Reader.OfContact(x.w.Context(), x.w.WS, inbox.ID, external)
	if err != nil {
		return err
	}
	if c == nil || s.Act == 0 {
		_, err := x.w.TryReceive(inbox, external, s.Client, s.Text, at)
		return err
	}
	if s.Act == 1 {
		return x.w.F.Marks.MarkRead(x.w.Context(), x.w.WS, m.ID, c.ID, uint64(len(s.Text)))
	}
	return x.w.TryChange(x.w.WS, c.ID, func(c *conversation.Conversation) error { return x.act(s, m, c) })
}

func (x *twin) act(s step, m identity.Member, c *conversation.Conversation) error {
	t := x.w.Turn(m)
	switch s.Act {
	case 2:
		c.AddNote(t, conversation.Words(s.Client, s.Text))
	case 3:
		ch, err := c.Send(t, conversation.Words(s.Client, s.Text))
		if err == nil && !c.Live && len(s.Text)%2 == 0 {
			c.SetDelivery(x.w.System(), *ch.Message, conversation.DeliveryFailed, s.Text)
		}
		return err
	case 4:
		return c.Assign(t, m.ID, m.Name, "member")
	case 5:
		return c.Release(t, conversation.QueuedReleased)
	case 6:
		c.Resolve(t)
	case 7:
		c.Reopen(t)
	case 8:
		return c.Snooze(t, t.At.Add(time.Hour))
	default:
		c.AddNote(t, conversation.Words("", s.Text))
		return context.Canceled // undone
	}
	return nil
}

// view is everything that can be read.
func (x *twin) view() (string, error) {
	ctx, ws, r := x.w.Context(), x.w.WS, x.w.F.Reader
	var all []any
	for _, f := range []conversation.Filter{{}, {State: conversation.Open}, {Unassigned: true}, {Assignee: x.members[1].ID}, {Inbox: x.inboxes[1].ID}} {
		f.Reach = identity.Everywhere()
		p, err := r.List(ctx, ws, f, page.Request{Limit: 4})
		if err != nil {
			return "", err
		}
		all = append(all, p.Items)
		for _, c := range p.Items {
			for _, public := range []bool{false, true} {
				changes, err := r.Timeline(ctx, ws, c.ID, conversation.Range{Public: public, Limit: 1000})
				if err != nil {
					return "", err
				}
				for _, ch := range changes {
					all = append(all, conversationtest.Show(ch))
				}
			}
			read, err := x.w.F.Marks.Read(ctx, ws, x.members[0].ID, []conversation.ID{c.ID})
			if err != nil {
				return "", err
			}
			all = append(all, read[c.ID])
		}
	}
	events, err := x.w.F.Log.Since(ctx, string(ws), 0, 10_000)
	if err != nil {
		return "", err
	}
	changes, rows, err := r.Hydrate(ctx, ws, events)
	if err != nil {
		return "", err
	}
	for _, e := range events {
		all = append(all, e, conversationtest.Show(changes[e.ID]), rows[conversation.ID(e.Subject)])
	}
	due, err := r.SnoozedUntil(ctx, x.w.Tick().Add(30*time.Minute), 10)
	all = append(all, due)
	return x.plain(all), err
}

// The store and the fake, put through the same random history, cannot be told
// apart: neither by their answers nor by what can be read.
func TestStoreIsLikeTheFake(t *testing.T) {
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			Act: rapid.IntRange(0, 9).Draw(t, "act"), Inbox: rapid.IntRange(0, 1).Draw(t, "inbox"),
			Customer: rapid.IntRange(0, 2).Draw(t, "customer"), Member: rapid.IntRange(0, 1).Draw(t, "member"),
			Client: rapid.SampledFrom([]string{"", "", "a", "b", "c", "nul\x00"}).Draw(t, "client"),
			Text:   rapid.SampledFrom([]string{"x", "你好", "🙂🙂", "broken\xff", "a longer text"}).Draw(t, "text"),
		}
	}), 1, 40)
	source := lite(t)
	rapid.Check(t, func(rt *rapid.T) {
		s, err := store.Open(t.Context(), source(t))
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = s.Close(t.Context()) }()
		ours, fake := newTwin(t, fixture(s)), newTwin(t, conversationtest.NewFake().Fixture())
		for i, st := range steps.Draw(rt, "steps") {
			a, b := ours.do(st), fake.do(st)
			if code(a) != code(b) {
				rt.Fatalf("step %d %+v: the store says %v, the fake %v", i, st, a, b)
			}
		}
		a, errA := ours.view()
		b, errB := fake.view()
		if errA != nil || errB != nil || a != b {
			rt.Fatalf("the store shows\n%s (%v)\nthe fake\n%s (%v)", a, errA, b, errB)
		}
	})
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return errs.As(err).Code
}
