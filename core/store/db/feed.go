package db

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
)

// feeds holds the feed numbers of a group's workspaces, and the new events,
// while its transaction is open. Reading a number locks the workspace; what is
// new is written at once, before the commit: nobody reads it earlier.
type feeds struct {
	of     map[string]*feed
	undo   []restore // what the job at work changed, to be taken back if it fails
	events []event.Event
	before int // events that were there when the job at work began

	records []event.Event // those that the audit log keeps
	kept    int           // records that were there when the job at work began
}

type feed struct {
	stored, last heads
	touched      bool // by the job at work
}

// heads are the counters of a workspace's row.
type heads struct {
	feed    uint64
	numbers [Tickets + 1]uint64
}

type restore struct {
	workspace string
	known     bool
	last      heads
}

func newFeeds() *feeds { return &feeds{of: make(map[string]*feed)} }

// begin starts the record of a job.
func (f *feeds) begin() {
	for _, u := range f.undo {
		if known := f.of[u.workspace]; known != nil {
			known.touched = false
		}
	}
	f.undo, f.before, f.kept = f.undo[:0], len(f.events), len(f.records)
}

// rollback takes back what the job did.
func (f *feeds) rollback() {
	f.events, f.records = f.events[:f.before], f.records[:f.kept]
	for _, u := range f.undo {
		if !u.known {
			delete(f.of, u.workspace)
			continue
		}
		f.of[u.workspace].last = u.last
	}
	f.begin()
}

// grown lists the workspaces whose feed grew.
func (f *feeds) grown() []string {
	var out []string
	for workspace, feed := range f.of {
		if feed.last.feed != feed.stored.feed {
			out = append(out, workspace)
		}
	}
	return out
}

// Lock locks the workspace until the transaction ends; errs.Absent when there
// is none, or it was deleted.
func (t *Tx) Lock(ctx context.Context, workspace string) error {
	_, err := t.feed(ctx, workspace)
	return err
}

// Head returns the number that the last event of a workspace has, those of
// this transaction included. The workspace is locked until it ends.
func (t *Tx) Head(ctx context.Context, workspace string) (uint64, error) {
	f, err := t.feed(ctx, workspace)
	if err != nil {
		return 0, err
	}
	return f.last.feed, nil
}

func (t *Tx) feed(ctx context.Context, workspace string) (*feed, error) {
	f := t.group.feeds.of[workspace]
	if f != nil && f.touched {
		return f, nil
	}
	undo := restore{workspace: workspace, known: f != nil}
	if f == nil {
		query := `SELECT feed_seq, ` + Conversations.column() + `, ` + Tickets.column() + ` FROM workspace WHERE workspace_id = ? AND ended_at = 0`
		if t.driver == Postgres {
			query += ` FOR UPDATE`
		}
		f = &feed{}
		if err := t.Row(ctx, query, []any{workspace}, &f.stored.feed, &f.stored.numbers[Conversations], &f.stored.numbers[Tickets]); errors.Is(err, sql.ErrNoRows) {
			return nil, errs.Absent()
		} else if err != nil {
			return nil, err
		}
		f.last = f.stored
		t.group.feeds.of[workspace] = f
	}
	undo.last, f.touched = f.last, true
	t.group.feeds.undo = append(t.group.feeds.undo, undo)
	return f, nil
}

// Append gives each event the next number of its workspace's feed and stores it
// with the group; so it does with the event's audit record and the workspace's
// chain. An event without a type goes to the chain alone.
func (t *Tx) Append(ctx context.Context, events ...event.Event) error {
	for _, e := range events {
		if err := t.appendOne(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) appendOne(ctx context.Context, e event.Event) error {
	f, err := t.feed(ctx, e.Workspace)
	if err != nil {
		return err
	}
	if err := CheckText(e.ID, e.Type, e.Subject, string(e.Data)); err != nil {
		return t.fail(err)
	}
	t.wrote = true
	if e.Audit != nil && e.Audit.Action != "" {
		if err := checkRecord(e); err != nil {
			return t.fail(err)
		}
		t.group.feeds.records = append(t.group.feeds.records, e)
	}
	if e.Type == "" {
		return nil
	}
	f.last.feed++
	e.Feed = f.last.feed
	t.group.feeds.events = append(t.group.feeds.events, e)
	return nil
}

const insertEvent = `INSERT INTO event_outbox (workspace_id, feed_seq, event_id, type, subject, seq, public_seq, at, data)`

// insertEvents stores events.
func (w *writer) insertEvents(ctx context.Context, events []event.Event) error {
	rows := make([][]any, len(events))
	for i, e := range events {
		rows[i] = eventRow(e)
	}
	return w.inserts.each(Insert{Into: insertEvent}, rows, func(query string, args []any) error { return w.line.queue(ctx, query, args, nil) })
}

func eventRow(e event.Event) []any {
	var data any
	if len(e.Data) > 0 {
		data = string(e.Data)
	}
	return []any{e.Workspace, int64(e.Feed), e.ID, e.Type, e.Subject, int64(e.Seq), int64(e.PublicSeq), Micros(e.At), data} //nolint:gosec // sequences stay far below 2^63
}

// write stores the events and the numbers reached.
func (f *feeds) write(ctx context.Context, w *writer) error {
	l := w.line
	if !mutant.On(mutant.SplitOutbox) {
		if err := w.insertEvents(ctx, f.events); err != nil {
			return err
		}
	}
	if err := chain(ctx, l, f.records); err != nil {
		return err
	}
	for workspace, feed := range f.of {
		if feed.last == feed.stored {
			continue
		}
		args := []any{int64(feed.last.feed), Signed(feed.last.numbers[Conversations]), Signed(feed.last.numbers[Tickets]), workspace} //nolint:gosec // see eventRow
		if err := l.queue(ctx, updateHeads, args, nil); err != nil {
			return err
		}
	}
	return nil
}

const updateHeads = `UPDATE workspace SET feed_seq = ?, last_number = ?, last_ticket = ? WHERE workspace_id = ?`
