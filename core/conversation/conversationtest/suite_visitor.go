package conversationtest

import (
	"context"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

// visitor is a session that is not stored yet.
func (w *World) visitor(subject string) conversation.Visitor {
	return conversation.Visitor{
		Workspace: w.WS, ID: conversation.VisitorID(w.IDs.New("vis")), Inbox: w.Live.ID, TokenHash: "hash", Subject: subject,
		Attributes: map[string]string{}, CreatedAt: w.Tick(), ExpiresAt: w.now.Add(time.Hour),
	}
}

func (w *World) within(fn func(ctx context.Context, tx conversation.Tx) error) error {
	return w.F.Store.Within(w.Context(), w.WS, fn)
}

func testVisitorTx(w *World) {
	v := w.visitor("用户/1")
	w.OK(w.F.Visitors.CreateVisitor(w.Context(), v))
	got, err := w.F.Visitors.Visitor(w.Context(), v.ID)
	w.OK(err)
	Same(w, got, v)
	failed := errors.New("no")
	fresh := w.visitor("")
	err = w.within(func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.VisitorSession(ctx, v.ID)
		w.check(err)
		got.TokenHash = "lost"
		w.check(tx.PutVisitor(ctx, got))
		w.check(tx.PutVisitor(ctx, fresh))
		seen, err := tx.VisitorSession(ctx, fresh.ID)
		w.check(err)
		Same(w, seen, fresh)
		return failed
	})
	if !errors.Is(err, failed) {
		w.Fatal(err)
	}
	got, err = w.F.Visitors.Visitor(w.Context(), v.ID)
	w.OK(err)
	Same(w, got, v)
	_, err = w.F.Visitors.Visitor(w.Context(), fresh.ID)
	w.Fails(err, errs.NotFound)
	// Whose session it is never changes.
	turned := v
	turned.Subject, turned.Locale, turned.TokenHash = "2", "fr", "next"
	w.OK(w.F.Visitors.SaveVisitor(w.Context(), turned))
	got, err = w.F.Visitors.Visitor(w.Context(), v.ID)
	w.OK(err)
	want := v
	want.TokenHash = "next"
	Same(w, got, want)
	other, _ := w.Workspace("abroad@example.com")
	w.OK(w.F.Store.Within(w.Context(), other, func(ctx context.Context, tx conversation.Tx) error {
		if _, err := tx.VisitorSession(ctx, v.ID); !errs.Is(err, errs.NotFound) {
			w.Errorf("another workspace loads it: %v", err)
		}
		return nil
	}))
}

func testTokens(w *World) {
	use := func(hash string, v, by conversation.VisitorID, at time.Time) *conversation.TokenUse {
		var before *conversation.TokenUse
		w.OK(w.within(func(ctx context.Context, tx conversation.Tx) (err error) {
			before, err = tx.UseToken(ctx, w.Live.ID, conversation.TokenUse{Hash: hash, Visitor: v, PresentedBy: by, At: at, ExpiresAt: at.Add(time.Hour)})
			return err
		}))
		return before
	}
	at := w.Tick()
	if before := use("one", "vis_1", "", at); before != nil {
		w.Errorf("a fresh token was used: %+v", before)
	}
	if before := use("two", "vis_1", "", at); before != nil {
		w.Errorf("another token was used: %+v", before)
	}
	before := use("one", "vis_3", "vis_2", at.Add(time.Minute))
	Same(w, *before, conversation.TokenUse{Hash: "one", Visitor: "vis_1", ExpiresAt: at.Add(time.Hour)})
	before = use("one", "vis_4", "", at.Add(time.Hour))
	Same(w, *before, conversation.TokenUse{Hash: "one", Visitor: "vis_3", PresentedBy: "vis_2", ExpiresAt: at.Add(time.Hour + time.Minute)})
	if before := use("one", "vis_5", "", at.Add(3*time.Hour)); before != nil {
		w.Errorf("an expired use counts: %+v", before)
	}
	n := 0
	for _, limit := range []int{1, 100} {
		gone, err := w.F.Visitors.SweepVisitors(w.Context(), at.Add(2*time.Hour), limit)
		w.OK(err)
		n += gone
	}
	if n != 1 {
		w.Errorf("%d tokens were swept, want the expired one", n)
	}
}

func testSweep(w *World) {
	var all []conversation.Visitor
	for n := range 5 {
		v := w.visitor("")
		v.ExpiresAt = w.now.Add(time.Duration(n) * time.Hour)
		w.OK(w.F.Visitors.CreateVisitor(w.Context(), v))
		all = append(all, v)
	}
	before := all[3].ExpiresAt
	for _, want := range []int{2, 1, 0} {
		if gone, err := w.F.Visitors.SweepVisitors(w.Context(), before, 2); err != nil || gone != want {
			w.Errorf("swept %d, %v, want %d", gone, err, want)
		}
	}
	for n, v := range all {
		if _, err := w.F.Visitors.Visitor(w.Context(), v.ID); (err == nil) != (n >= 3) {
			w.Errorf("the session that ends after %d hours: %v", n, err)
		}
	}
}

func testProve(w *World) {
	c := w.Receive(w.Live, "vis_1", "m1", "hello")
	prove := func(visitor, person string) (proved bool) {
		w.OK(w.within(func(ctx context.Context, tx conversation.Tx) (err error) {
			proved, err = tx.Contacts().Prove(ctx, string(w.Live.ID), visitor, person, w.now)
			return err
		}))
		return proved
	}
	if prove("vis_none", "sub:1") {
		w.Error("nobody was proved")
	}
	if !prove("vis_1", "sub:1") {
		w.Fatal("an anonymous visitor with one identity was not proved")
	}
	w.Change(c.ID, func(c *conversation.Conversation) error { c.Identify(w.System(), "sub:1"); return nil })
	got := w.Get(c.ID)
	if got.Recipient != "sub:1" || !got.Verified() || got.Contact != c.Contact {
		w.Errorf("the conversation is now %+v", got)
	}
	if found, err := w.F.Reader.OfContact(w.Context(), w.WS, w.Live.ID, "vis_1"); err != nil || found != nil {
		w.Errorf("the session still finds %+v, %v", found, err)
	}
	who, ids, err := w.F.Contacts.Get(w.Context(), w.WS, c.Contact)
	w.OK(err)
	if !who.Verified || len(ids) != 1 || ids[0].External != "sub:1" || ids[0].Kind != contact.IdentityUser || ids[0].VerifiedAt.IsZero() {
		w.Errorf("the contact is %+v, known by %+v", who, ids)
	}
	w.Receive(w.Live, "vis_2", "m1", "hello")
	if prove("vis_2", "sub:1") {
		w.Error("a second contact became the person")
	}
	w.CheckSequences(c.ID)
}

func testRatings(w *World) {
	c := w.Receive(w.Live, "vis_1", "m1", "hello")
	last := func() (a conversation.Answer) {
		w.OK(w.within(func(ctx context.Context, tx conversation.Tx) (err error) {
			a, err = tx.LastAnswer(ctx, c.ID)
			return err
		}))
		return a
	}
	if a := last(); a != (conversation.Answer{}) {
		w.Errorf("answered before any answer: %+v", a)
	}
	agent := w.Member(w.WS, "b@example.com", "小李", 5)
	w.Change(c.ID, func(c *conversation.Conversation) error {
		_, err := c.Send(w.Turn(agent), conversation.Words("a1", "hi"))
		return err
	})
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Words("n1", "note"))
		return nil
	})
	if a := last(); a.Member != agent.ID || a.Seq == 0 {
		w.Errorf("the last answer is %+v", a)
	}
	before, timeline := w.Get(c.ID), w.Timeline(c.ID, 0)
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.Resolve(w.Turn(agent))
		c.RequestRating(w.Turn(agent), conversation.ViaWidget, agent.ID)
		return nil
	})
	asked := w.Get(c.ID)
	w.Change(c.ID, func(c *conversation.Conversation) error {
		return c.Rate(w.System(), conversation.RatingAnswer{Rating: c.Rating, Score: 5, Comment: "谢谢 😀", Via: conversation.ViaLink})
	})
	got := w.Get(c.ID)
	if got.RatedID != asked.Rating || got.Score != 5 || got.Comment != "谢谢 😀" || got.RatedAt.IsZero() {
		w.Errorf("rated %+v", got.Rated)
	}
	w.CheckLaw(before, timeline)
	w.CheckSequences(c.ID)
}
