package backfill

import (
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/patchbay-im/patchbay/core/channel"
)

// tally counts what a run brings, each item once, however often it is brought: a
// step that failed is asked for again, and brings again what it had.
//
// Concurrency: safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	seen     map[[16]byte]channel.Outcome
	found    int // by the word of the channel, of the steps that are done
	counts   Counts
	refusals []Refusal
}

func newTally() *tally { return &tally{seen: make(map[[16]byte]channel.Outcome)} }

// count takes what became of items. What is to come again counts when it has.
func (t *tally) count(items []channel.Inbound, results []channel.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range results {
		key := keyOf(items[i])
		before, again := t.seen[key]
		switch {
		case r.Outcome == channel.OutcomeRetry || r.Outcome == channel.OutcomeUnknown:
			continue
		case again && before != channel.OutcomeRejected, again && r.Outcome == channel.OutcomeRejected:
			continue
		case again:
			t.counts.Refused--
		}
		t.seen[key] = r.Outcome
		switch r.Outcome {
		case channel.OutcomeAccepted:
			t.counts.New++
		case channel.OutcomeDuplicate:
			t.counts.Known++
		case channel.OutcomeRejected:
			t.counts.Refused++
			t.refuse(r)
		case channel.OutcomeRetry, channel.OutcomeUnknown:
		}
	}
}

func (t *tally) refuse(r channel.Result) {
	at := slices.IndexFunc(t.refusals, func(x Refusal) bool { return x.Code == r.Code })
	switch {
	case at >= 0:
		t.refusals[at].Count++
	case len(t.refusals) < MaxRefusals:
		t.refusals = append(t.refusals, Refusal{Code: r.Code, Detail: r.Detail, Count: 1})
	}
}

// step adds what a step had found.
func (t *tally) step(found int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.found += max(found, 0)
}

// write says in a run what was counted.
func (t *tally) write(r *Run) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Counts, r.Refusals = t.counts, slices.Clone(t.refusals)
	r.Found = max(t.found, r.New+r.Known+r.Refused)
}

func keyOf(in channel.Inbound) [16]byte {
	sum := sha256.Sum256([]byte(string(in.Kind) + "\x00" + in.External))
	return [16]byte(sum[:16])
}
