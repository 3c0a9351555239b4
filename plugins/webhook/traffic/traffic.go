// Package traffic keeps the last requests of an inbox, for whoever connects a
// system: what came and went, how it was answered, and why. It keeps neither
// texts nor names, and no header that could be a secret.
//
// Entries stand in the host's state, each under one of Most keys, and end by
// themselves. What is not kept, because the state is busy, is missing here and
// nowhere else.
package traffic

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk/host"
)

// Bounds of what is kept.
const (
	Most     = 50             // entries
	Kept     = 24 * time.Hour // and then forgotten
	patience = time.Second
	prefix   = "traffic/"
)

// Entry is a request and its answer.
type Entry struct {
	At      time.Time         `json:"at"`
	Out     bool              `json:"out,omitempty"`     // to the far side
	Fetched bool              `json:"fetched,omitempty"` // the far side was asked for what is new
	Test    bool              `json:"test,omitempty"`    // from the sandbox
	What    string            `json:"what"`              // POST /messages, message
	Status  int               `json:"status"`            // 0 = no answer
	Code    string            `json:"code,omitempty"`    // of what went wrong
	Field   string            `json:"field,omitempty"`
	Detail  string            `json:"detail,omitempty"`
	MS      int64             `json:"ms"`
	Bytes   int               `json:"bytes"`             // of the request; of the answers when Fetched
	Verdict string            `json:"verdict,omitempty"` // of the signature
	Items   []Item            `json:"items,omitempty"`
	Headers map[string]string `json:"headers,omitempty"` // Redacted
}

// Item is one of a request's.
type Item struct {
	ID   string `json:"id,omitempty"`
	Code string `json:"code,omitempty"` // "" = accepted
}

// Log keeps entries of one inbox.
//
// Concurrency: safe for concurrent use. Several processes may keep entries of one
// inbox: some may then be overwritten early.
type Log struct {
	State host.State

	mu   sync.Mutex
	next int
	read bool // next is known
}

// Add keeps an entry in the place of the oldest one.
func (l *Log) Add(ctx context.Context, e Entry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	slot, err := l.slot(ctx)
	if err != nil {
		return
	}
	if len(e.Items) > 10 {
		e.Items = e.Items[:10]
	}
	value, err := json.Marshal(e)
	if err != nil {
		return
	}
	_, _ = l.State.Put(ctx, host.PutRequest{Key: fmt.Sprintf("%s%02d", prefix, slot), Value: value, TTL: Kept}) // see the package
}

// slot is the next place.
func (l *Log) slot(ctx context.Context) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.read {
		all, err := l.entries(ctx)
		if err != nil {
			return 0, err
		}
		if len(all) > 0 {
			l.next = (all[0].slot + 1) % Most
		}
		l.read = true
	}
	slot := l.next
	l.next = (slot + 1) % Most
	return slot, nil
}

// List returns the entries, the newest first.
func (l *Log) List(ctx context.Context) ([]Entry, error) {
	all, err := l.entries(ctx)
	out := make([]Entry, len(all))
	for i, e := range all {
		out[i] = e.Entry
	}
	return out, err
}

type kept struct {
	Entry
	slot int
}

func (l *Log) entries(ctx context.Context) ([]kept, error) {
	page, err := l.State.List(ctx, host.ListRequest{Prefix: prefix, Limit: Most})
	if err != nil {
		return nil, err
	}
	var all []kept
	for _, one := range page.Entries {
		var k kept
		if _, err := fmt.Sscanf(strings.TrimPrefix(one.Key, prefix), "%d", &k.slot); err != nil || json.Unmarshal(one.Value, &k.Entry) != nil {
			continue
		}
		all = append(all, k)
	}
	slices.SortStableFunc(all, func(a, b kept) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.slot, a.slot)) })
	return all, nil
}

// Redacted are the headers that say something to somebody who looks for a fault,
// without the values that might prove who somebody is.
func Redacted(header http.Header) map[string]string {
	out := map[string]string{}
	for name := range header {
		if len(out) == 30 {
			break
		}
		switch name = http.CanonicalHeaderKey(name); name {
		case "Content-Type", "Content-Length", "User-Agent", "Idempotency-Key", "Accept", "Host":
			value := header.Get(name)
			out[name] = value[:min(len(value), 200)]
		default:
			out[name] = "…"
		}
	}
	return out
}
