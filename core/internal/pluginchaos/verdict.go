package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The invariants.
const (
	progress   = "everything is settled"
	lost       = "nothing is lost"
	order      = "order holds in each conversation"
	duplicates = "what is doubled was in flight at a crash, and says so"
	memory     = "memory stays flat"
	pause      = "swaps hardly pause"
)

// Limits that the verdict holds the core to.
const (
	window     = 64 // items in flight at most: what a crash may double
	maxGrowth  = 20 << 20
	maxPause   = 50 * time.Millisecond
	maxLetters = 100 // events for each message that may end as poison
)

// violation is a broken invariant.
type violation struct{ invariant, detail string }

// String returns it as a line.
func (v violation) String() string { return v.invariant + ": " + v.detail }

// result is what a run came to.
type result struct {
	seed                      uint64
	ledger                    string
	events                    map[string]int
	took                      time.Duration
	made, sent, dead, doubled int
	crashes, swaps            int
	pauses                    []time.Duration
	recoveries                []time.Duration
	growth                    int64 // of heap and stacks, in bytes
	resident                  int64 // of what the system counts
	violations                []violation
}

func (r *result) broken(invariant, format string, args ...any) {
	if len(r.violations) < 20 {
		r.violations = append(r.violations, violation{invariant, fmt.Sprintf(format, args...)})
	}
}

// arrived reads the far side's book. calm: no crash has happened, so that
// nothing may be doubled.
func (r *result) arrived(data string, l ledger, calm bool) error {
	file, err := os.Open(filepath.Join(data, folder, "sink"))
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	b := book{letters: l.given(), calm: calm, last: make(map[string]int)}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var e entry
		if _, err := fmt.Sscanf(lines.Text(), "%s %s %d %t", &e.id, &e.conversation, &e.seq, &e.suspect); err != nil {
			r.broken(lost, "the far side has %q", lines.Text())
			continue
		}
		e.seq = l.place(e.conversation, e.seq)
		r.read(&b, e)
	}
	r.doubled = b.doubled
	if b.seen != r.sent {
		r.broken(lost, "%d messages arrived, and %d are sent by the ledger", b.seen, r.sent)
	}
	return lines.Err()
}

// entry is a line of the far side's book.
type entry struct {
	id, conversation string
	seq              int
	suspect          bool
}

// book is what was read of the far side's book so far.
type book struct {
	letters map[string]bool // given up: "<conversation> <number>"
	calm    bool            // no crash has happened
	last    map[string]int  // number by conversation
	seen    int
	doubled int
}

// read judges one line by those before it.
func (r *result) read(b *book, e entry) {
	last := b.last
	for b.letters[fmt.Sprintf("%s %d", e.conversation, last[e.conversation]+1)] && e.seq > last[e.conversation] {
		last[e.conversation]++ // given up: the ones after it go on
		if e.seq == last[e.conversation] {
			b.doubled++ // it had left before it was given up
		}
	}
	if e.seq == last[e.conversation] && b.letters[fmt.Sprintf("%s %d", e.conversation, e.seq)] {
		return
	}
	switch want := last[e.conversation] + 1; {
	case e.seq == want:
		last[e.conversation], b.seen = e.seq, b.seen+1
	case e.seq < want:
		b.doubled++
		if b.calm || !e.suspect {
			r.broken(duplicates, "%s arrived again, suspect %v, with %d crashes so far", e.id, e.suspect, r.crashes)
		}
		if e.seq != want-1 {
			r.broken(order, "%s is number %d of %s and came again after number %d", e.id, e.seq, e.conversation, want-1)
		}
	default:
		r.broken(order, "%s is number %d of %s and came before number %d", e.id, e.seq, e.conversation, want)
		last[e.conversation], b.seen = e.seq, b.seen+1
	}
}

// judge adds what the figures say.
func (r *result) judge(strict bool) {
	if r.doubled > window*r.crashes {
		r.broken(duplicates, "%d with %d crashes: more than %d for each", r.doubled, r.crashes, window)
	}
	if events := r.total(); r.dead > 0 && r.dead*maxLetters > events {
		r.broken(lost, "%d messages were given up as poison in %d events", r.dead, events)
	}
	if r.growth > maxGrowth {
		r.broken(memory, "the core took %d MB more at the end than after the first swaps", r.growth>>20)
	}
	if worst, median := most(r.pauses), middle(r.pauses); median > maxPause || strict && worst > maxPause {
		r.broken(pause, "median %v, worst %v", median, worst)
	}
}

func (r *result) total() int {
	n := 0
	for _, count := range r.events {
		n += count
	}
	return n
}

func most(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	return slices.Max(d)
}

func middle(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}

// String returns the figures and the verdict.
func (r *result) String() string {
	var b strings.Builder
	names := make([]string, 0, len(r.events))
	for name, n := range r.events {
		names = append(names, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(names)
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
	fmt.Fprintf(&b, "plugin chaos, seed %d, ledger %s: %d events in %v (%s)\n", r.seed, r.ledger, r.total(), r.took.Round(time.Second), strings.Join(names, ", "))
	fmt.Fprintf(&b, "messages    %d made, %d sent, %d given up as poison, %.0f a second\n", r.made, r.sent, r.dead, float64(r.sent)/r.took.Seconds())
	fmt.Fprintf(&b, "crashes     %d, recovery median %s, worst %s\n", r.crashes, ms(middle(r.recoveries)), ms(most(r.recoveries)))
	fmt.Fprintf(&b, "duplicates  %d at a far side without idempotency (window %d for each crash)\n", r.doubled, window)
	fmt.Fprintf(&b, "swaps       %d, pause median %s, worst %s\n", r.swaps, ms(middle(r.pauses)), ms(most(r.pauses)))
	fmt.Fprintf(&b, "memory      %+.1f MB of heap and stacks, %+.1f MB resident\n", float64(r.growth)/(1<<20), float64(r.resident)/(1<<20))
	for _, v := range r.violations {
		fmt.Fprintf(&b, "VIOLATION   %s\n", v)
	}
	verdict := "PASS"
	if len(r.violations) > 0 {
		verdict = "FAIL"
	}
	fmt.Fprintf(&b, "%s\n", verdict)
	return b.String()
}
