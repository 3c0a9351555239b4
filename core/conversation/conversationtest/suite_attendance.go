package conversationtest

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
)

// testAttendance: who waits counts as there until a time, for the wait they are in.
func testAttendance(w *World) {
	one, busy := w.Receive(w.Live, "one", "", "a"), w.Receive(w.Live, "two", "", "b")
	w.Change(busy.ID, func(c *conversation.Conversation) error {
		return c.Assign(w.System(), w.Owner.ID, w.Owner.Name, "member")
	})
	until := w.Tick()
	abroad, _ := w.Workspace("stranger@example.com")
	w.OK(w.F.Visitors.Attend(w.Context(), w.WS, nil, until))
	w.OK(w.F.Visitors.Attend(w.Context(), abroad, []conversation.ID{one.ID}, until))
	w.OK(w.F.Visitors.Attend(w.Context(), w.WS, []conversation.ID{one.ID, busy.ID, "cnv_unknown"}, until))
	due := func(at time.Time) []conversation.Attendance {
		out, err := w.F.Visitors.Absences(w.Context(), at, 10)
		w.OK(err)
		return out
	}
	if got := due(until.Add(-time.Second)); len(got) != 0 {
		w.Errorf("before the time there are %v", got)
	}
	want := conversation.Attendance{Workspace: w.WS, Conversation: one.ID, QueuedAt: one.QueuedAt, Until: until}
	Same(w, due(until), []conversation.Attendance{want})

	read := func() (a *conversation.Attendance) {
		w.OK(w.in(func(ctx context.Context, tx conversation.Tx) (err error) {
			a, err = tx.Attendance(ctx, one.ID)
			return err
		}))
		return a
	}
	put := func(a conversation.Attendance) {
		w.OK(w.in(func(ctx context.Context, tx conversation.Tx) error { return tx.PutAttendance(ctx, a) }))
	}
	want.AbandonedAt, want.Until, want.ActAt = until, until.Add(time.Minute), until.Add(time.Hour)
	put(want)
	Same(w, *read(), want)
	want.Until, want.ActAt = until.Add(time.Hour), time.Time{}
	w.OK(w.F.Visitors.Attend(w.Context(), w.WS, []conversation.ID{one.ID}, want.Until)) // the same wait
	Same(w, *read(), want)

	before := want
	before.QueuedAt = one.QueuedAt.Add(-time.Hour)
	put(before)
	w.OK(w.F.Visitors.Attend(w.Context(), w.WS, []conversation.ID{one.ID}, want.Until)) // another one
	want.AbandonedAt = time.Time{}
	Same(w, *read(), want)
	for range 2 {
		w.OK(w.in(func(ctx context.Context, tx conversation.Tx) error { return tx.EndAttendance(ctx, one.ID) }))
	}
	if read() != nil || len(due(want.Until)) != 0 {
		w.Errorf("an attendance that ended is there")
	}
}
