package conversationtest

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// both changes two conversations in one transaction, loaded in the order of
// their ids.
func (w *World) both(a, b conversation.ID, fn func(ctx context.Context, tx conversation.Tx, a, b *conversation.Conversation) error) error {
	return w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
		loaded := make(map[conversation.ID]*conversation.Conversation, 2)
		for _, id := range []conversation.ID{min(a, b), max(a, b)} {
			c, err := tx.Conversation(ctx, id)
			if err != nil {
				return err
			}
			loaded[id] = c
		}
		if err := fn(ctx, tx, loaded[a], loaded[b]); err != nil {
			return err
		}
		if err := tx.Save(ctx, loaded[a]); err != nil {
			return err
		}
		return tx.Save(ctx, loaded[b])
	})
}

// TryMerge merges a conversation into another one; for any goroutine.
func (w *World) TryMerge(t conversation.Turn, source, target conversation.ID) error {
	return w.both(source, target, func(ctx context.Context, tx conversation.Tx, a, b *conversation.Conversation) error {
		of, err := tx.Extent(ctx, a.ID)
		if err != nil {
			return err
		}
		return a.MergeInto(t, b, of)
	})
}

// TryUnmerge undoes a merge.
func (w *World) TryUnmerge(t conversation.Turn, source, target conversation.ID, able bool) error {
	return w.both(source, target, func(_ context.Context, _ conversation.Tx, a, b *conversation.Conversation) error {
		return a.Unmerge(t, b, able)
	})
}

// testMerge merges conversations in every state and takes it back.
func testMerge(w *World) {
	lin := w.Member(w.WS, "lin@example.com", "小林", 5)
	target := w.Receive(w.Live, "target", "", "here").ID
	for name, prepare := range map[string]func(c *conversation.Conversation) error{
		"waiting":  func(*conversation.Conversation) error { return nil },
		"assigned": func(c *conversation.Conversation) error { return c.Assign(w.Turn(lin), lin.ID, lin.Name, "member") },
		"answered": func(c *conversation.Conversation) error {
			_, err := c.Send(w.Turn(lin), conversation.Words("", "answer"))
			return err
		},
		"asleep":   func(c *conversation.Conversation) error { return c.Snooze(w.Turn(lin), w.now.Add(time.Hour)) },
		"resolved": func(c *conversation.Conversation) error { c.Resolve(w.Turn(lin)); return nil },
	} {
		source := w.Receive(w.Inbox, name, "", "first").ID
		w.Change(source, prepare)
		w.mergeAndUndo(name, source, target)
	}
	gone := w.Receive(w.Inbox, "gone", "", "first").ID
	w.Change(gone, func(c *conversation.Conversation) error { return c.Assign(w.Turn(lin), lin.ID, lin.Name, "member") })
	w.OK(w.TryMerge(w.Turn(lin), gone, target))
	w.OK(w.TryUnmerge(w.Turn(lin), gone, target, false))
	if c := w.Get(gone); !c.InQueue() || c.Assignee != "" {
		w.Fatalf("whose agent is gone: %+v", c)
	}
}

func (w *World) mergeAndUndo(name string, source, target conversation.ID) {
	w.Helper()
	before, other := w.Get(source), w.Get(target)
	said, heard := w.Timeline(source, 0), w.Timeline(target, 0)
	w.OK(w.TryMerge(w.Turn(w.Owner), source, target))
	merged := w.Get(source)
	if merged.MergedInto != target || merged.State != conversation.Resolved || merged.InQueue() || merged.LastPublicSeq != before.LastPublicSeq {
		w.Fatalf("%s: merged it is %+v", name, merged)
	}
	list, err := w.F.Reader.List(w.Context(), w.WS, conversation.Filter{Reach: identity.Everywhere()}, page.Request{Limit: 100})
	w.OK(err)
	for _, c := range list.Items {
		if c.ID == source {
			w.Fatalf("%s: what is merged is listed", name)
		}
	}
	w.CheckLaw(before, said)
	w.CheckLaw(other, heard)
	Same(w, len(w.Timeline(source, 0)), len(said)+1)
	w.OK(w.TryUnmerge(w.Turn(w.Owner), source, target, true))
	after := w.Get(source)
	w.CheckLaw(before, said)
	w.CheckLaw(merged, w.Timeline(source, 0)[:len(said)+1])
	w.CheckLaw(other, heard)
	w.CheckSequences(source)
	after.LastSeq, after.UpdatedAt, after.QueuedAt = before.LastSeq, before.UpdatedAt, before.QueuedAt
	Same(w, after, before)
}

// testMergesAtOnce lets pairs merge into each other, and all into one, at the
// same time: what comes out has no chain and no cycle.
func testMergesAtOnce(w *World) {
	const n = 6
	var ids []conversation.ID
	for i := range n {
		ids = append(ids, w.Receive(w.Inbox, string(rune('a'+i)), "", "x").ID)
	}
	w.Fails(w.TryMerge(w.System(), ids[0], ids[0]), errs.Invalid)
	var wg sync.WaitGroup
	for _, a := range ids {
		for _, b := range ids {
			t := w.System()
			if a != b {
				wg.Go(func() {
					if err := w.TryMerge(t, a, b); err != nil && !errs.Is(err, errs.Conflict) {
						w.Error(err)
					}
				})
			}
		}
	}
	wg.Wait()
	merged := 0
	for _, id := range ids {
		c := w.Get(id)
		w.CheckSequences(id)
		if c.MergedInto == "" {
			continue
		}
		merged++
		if into := w.Get(c.MergedInto); into.MergedInto != "" {
			w.Errorf("%s is merged into %s, which is merged into %s", id, into.ID, into.MergedInto)
		}
		w.Fails(w.TryUnmerge(w.System(), c.MergedInto, id, true), errs.Conflict)
		w.Fails(w.TryMerge(w.System(), c.MergedInto, id), errs.Conflict)
	}
	if merged == 0 {
		w.Error("nothing merged")
	}
}
