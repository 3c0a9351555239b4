package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/polling"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// Keys of what is kept of rounds.
const keyPlace, keyRound, keyRefused = "poll/place", "poll/round", "poll/refused"

// Round is the last time that a system was asked.
type Round struct {
	At      time.Time `json:"at"`
	Status  int       `json:"status"` // of the last answer; 0 = none
	Code    string    `json:"code,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	Pages   int       `json:"pages"`
	Taken   int       `json:"taken"`
	Again   int       `json:"again"`    // were taken before
	Refused int       `json:"refused"`  // could not be taken
	LeftOut int       `json:"left_out"` // nobody wrote them
	Waiting int       `json:"waiting"`  // are taken when what is on its way has arrived
	MS      int64     `json:"ms"`
	Bytes   int       `json:"bytes"`
}

// Refused are the items that could not be taken, so that none is lost in silence.
type Refused struct {
	Total int           `json:"total"`
	Items []RefusedItem `json:"items,omitempty"` // the newest first, at most mostRefused
}

// RefusedItem is one of them. It has no text in it.
type RefusedItem struct {
	At       time.Time `json:"at"`
	ID       string    `json:"id,omitempty"`
	Code     string    `json:"code"`
	Field    string    `json:"field,omitempty"`
	Message  string    `json:"message"`
	Revision uint64    `json:"revision"` // of the form that could not read it
}

const (
	mostRefused = 50
	refusedFor  = 24 * time.Hour // an inbox is said not to work well
	codeRefused = "items_refused"
)

// Lately counts those of the last day that the form could not read as it is now.
func (r Refused) Lately(now time.Time, revision uint64) int {
	n := 0
	for _, one := range r.Items {
		if one.Revision == revision && now.Sub(one.At) < refusedFor {
			n++
		}
	}
	return n
}

func (r Refused) sentence(now time.Time, revision uint64) string {
	return fmt.Sprintf("%d messages of the connected system could not be taken, the last one because: %s The sandbox on the inbox's page lists them.",
		r.Lately(now, revision), r.Items[0].Message)
}

// stand is what the host keeps of an inbox's rounds.
type stand struct{ state host.State }

// place is how far it came, and the version of the entry; 0 = there is none.
func (k stand) place(ctx context.Context) (at polling.Place, version uint64, err error) {
	version, err = k.read(ctx, keyPlace, &at)
	return at, version, err
}

// move keeps how far it came. False: somebody put it elsewhere meanwhile.
func (k stand) move(ctx context.Context, at polling.Place, version uint64) (uint64, bool, error) {
	value, err := json.Marshal(at)
	if err != nil {
		return 0, false, err
	}
	put, err := k.state.Put(ctx, host.PutRequest{Key: keyPlace, Value: value, IfVersion: &version})
	return put.Version, put.Stored, err
}

func (k stand) round(ctx context.Context) (*Round, error) {
	var r Round
	if version, err := k.read(ctx, keyRound, &r); err != nil || version == 0 {
		return nil, err
	}
	return &r, nil
}

func (k stand) refused(ctx context.Context) (r Refused, err error) {
	_, err = k.read(ctx, keyRefused, &r)
	return r, err
}

// refuse adds items to those that could not be taken.
func (k stand) refuse(ctx context.Context, items []RefusedItem) error {
	r, err := k.refused(ctx)
	if err != nil || len(items) == 0 {
		return err
	}
	r.Total += len(items)
	for _, one := range items {
		r.Items = append([]RefusedItem{one}, r.Items...)
	}
	r.Items = r.Items[:min(len(r.Items), mostRefused)]
	return k.write(ctx, keyRefused, r)
}

// restart forgets how far it came and what was refused: the next round begins
// where the form says, and what the core has it takes once all the same.
func (k stand) restart(ctx context.Context) error {
	for _, key := range []string{keyRefused, keyRound, keyPlace} {
		if _, err := k.state.Delete(ctx, host.DeleteRequest{Key: key}); err != nil {
			return err
		}
	}
	return nil
}

// read reads an entry. What cannot be read any more counts as not there.
func (k stand) read(ctx context.Context, key string, into any) (uint64, error) {
	e, err := k.state.Get(ctx, key)
	if err != nil || e == nil {
		return 0, err
	}
	_ = json.Unmarshal(e.Value, into)
	return e.Version, nil
}

func (k stand) write(ctx context.Context, key string, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = k.state.Put(ctx, host.PutRequest{Key: key, Value: encoded})
	return err
}

// recent are the marks of items that were seen, the last of them.
type recent struct {
	marks map[[markSize]byte]bool
	order [][markSize]byte
	next  int
}

const (
	markSize   = 16
	mostRecent = 10_000
)

func markOf(text string) (out [markSize]byte) {
	sum := sha256.Sum256([]byte(text))
	copy(out[:], sum[:])
	return out
}

func (r *recent) has(text string) bool { return r.marks[markOf(text)] }

func (r *recent) add(text string) {
	mark := markOf(text)
	switch {
	case r.marks[mark]:
		return
	case r.marks == nil:
		r.marks = make(map[[markSize]byte]bool)
	}
	r.marks[mark] = true
	if len(r.order) < mostRecent {
		r.order = append(r.order, mark)
		return
	}
	delete(r.marks, r.order[r.next])
	r.order[r.next] = mark
	r.next = (r.next + 1) % mostRecent
}
