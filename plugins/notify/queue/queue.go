// Package queue keeps what a target is still to be told, in one document of the
// connection's state. Every change is written only over the version that was
// read, so an event that was taken is queued, and one that comes again changes
// nothing, on whichever node.
package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/plugins/notify/news"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// What is kept.
const (
	MaxBytes = 56 << 10       // of the document: the host keeps 64 KiB
	MaxAge   = 24 * time.Hour // what could not be told for so long is not news any more
	MaxBatch = 50             // items of one message
)

// Document is what is kept of a target.
type Document struct {
	Feed   uint64      `json:"feed"`            // the last event that was taken
	Items  []news.Item `json:"items,omitempty"` // that wait, in the order in which they came
	More   int         `json:"more,omitempty"`  // that wait, too, and did not fit
	Batch  *Batch      `json:"batch,omitempty"` // that is being sent
	Number uint64      `json:"number"`          // of the last batch
	Sent   []time.Time `json:"sent,omitempty"`  // in the last minute
	Last   time.Time   `json:"last,omitzero"`   // that arrived
	Hold   time.Time   `json:"hold,omitzero"`   // nothing is sent before
	Fault  *Fault      `json:"fault,omitempty"` // why something was not sent, since something was
	Tries  int         `json:"tries,omitempty"` // of the batch that failed
	Config uint64      `json:"config"`          // the revision of the settings by which it failed

	changed bool // what waits, since it was read
}

// Batch is what one message tells.
type Batch struct {
	Number uint64      `json:"number"`
	Items  []news.Item `json:"items"`
	More   int         `json:"more,omitempty"`
}

// Fault is why something was not sent.
type Fault struct {
	Code string    `json:"code"`
	Sort string    `json:"sort"`
	At   time.Time `json:"at"`
}

// Take adds and takes back what an event says; false when it was taken before.
func (d *Document) Take(feed uint64, fresh *news.Item, attended *news.Attended) bool {
	if feed <= d.Feed {
		return false
	}
	d.Feed = feed
	if attended != nil {
		waited := len(d.Items)
		d.Items = slices.DeleteFunc(d.Items, attended.Covers)
		d.changed = d.changed || len(d.Items) != waited
		if attended.Forget {
			d.forget()
		}
	}
	if fresh != nil {
		d.Items, d.changed = append(d.Items, *fresh), true
	}
	return true
}

// Changed reports whether Take changed what waits. Otherwise it need not be
// written: what comes again changes nothing again.
func (d *Document) Changed() bool { return d.changed }

func (d *Document) forget() {
	lists := [][]news.Item{d.Items}
	if d.Batch != nil {
		lists = append(lists, d.Batch.Items)
	}
	for _, list := range lists {
		for n := range list {
			if kept := list[n].Forgotten(); kept != list[n] {
				list[n], d.changed = kept, true
			}
		}
	}
}

// Next moves what is due into a batch, unless one is being sent: what goes
// together with the first of it; nil = all does. It reports whether there is a
// batch, and otherwise when there may be; zero = nothing waits.
func (d *Document) Next(now time.Time, together func(a, b news.Item) bool) (bool, time.Time) {
	if d.Batch != nil {
		return true, now
	}
	d.Items = slices.DeleteFunc(d.Items, func(i news.Item) bool { return now.Sub(i.Due) > MaxAge })
	var due, rest []news.Item
	var next time.Time
	for _, i := range d.Items {
		switch {
		case i.Due.After(now):
			rest = append(rest, i)
			if next.IsZero() || i.Due.Before(next) {
				next = i.Due
			}
		case len(due) == MaxBatch, len(due) > 0 && together != nil && !together(due[0], i):
			rest, next = append(rest, i), now
		default:
			due = append(due, i)
		}
	}
	if len(due) == 0 {
		return false, next
	}
	d.Number++
	d.Batch = &Batch{Number: d.Number, Items: due, More: d.More}
	d.Items, d.More, d.Tries = rest, 0, 0
	return true, now
}

// Room returns how long to wait until one more may be sent, so that no more than
// perMinute are in any minute and gap lies between two.
func (d *Document) Room(now time.Time, perMinute int, gap time.Duration) time.Duration {
	d.Sent = slices.DeleteFunc(d.Sent, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	var wait time.Duration
	if n := len(d.Sent); n > 0 {
		wait = max(0, gap-now.Sub(d.Sent[n-1]))
		if n >= perMinute {
			wait = max(wait, time.Minute-now.Sub(d.Sent[n-perMinute]))
		}
	}
	return wait
}

// fit leaves out the newest that do not fit, and counts them.
func (d *Document) fit() ([]byte, error) {
	for {
		raw, err := json.Marshal(d)
		if err != nil || len(raw) <= MaxBytes || len(d.Items) == 0 {
			return raw, err
		}
		n := max(1, len(d.Items)/10)
		d.Items, d.More = d.Items[:len(d.Items)-n], d.More+n
	}
}

const (
	key   = "queue"
	tries = 20

	longest = 20 * time.Millisecond // between two
)

// Read returns the document; the zero value before the first change.
func Read(ctx context.Context, s host.State) (Document, error) {
	d, _, err := read(ctx, s)
	return d, err
}

func read(ctx context.Context, s host.State) (Document, uint64, error) {
	var d Document
	e, err := s.Get(ctx, key)
	if err != nil || e == nil {
		return d, 0, err
	}
	if err := json.Unmarshal(e.Value, &d); err != nil {
		return d, 0, fmt.Errorf("what is kept of the target: %w", err)
	}
	return d, e.Version, nil
}

// Change lets change work on the document and writes it, unless change says
// that there is nothing to write. change may be called several times.
func Change(ctx context.Context, s host.State, change func(*Document) bool) (Document, error) {
	for range tries {
		d, version, err := read(ctx, s)
		if err != nil || !change(&d) {
			return d, err
		}
		raw, err := d.fit()
		if err != nil {
			return d, err
		}
		put, err := s.Put(ctx, host.PutRequest{Key: key, Value: raw, IfVersion: &version})
		if err != nil || put.Stored {
			return d, err
		}
		select { // somebody else was quicker
		case <-ctx.Done():
			return d, ctx.Err()
		case <-time.After(time.Duration(rand.Int64N(int64(longest)))): //nolint:gosec // a pause needs no secret
		}
	}
	return Document{}, errs.Unavailable(nil, "Somebody else changes what waits at the same time.").WithCode("busy")
}
