// Package verdict decides whether a run kept the durability contract: it
// compares what clients were promised and what they saw with what the database
// holds afterwards. The invariants carry the numbers of docs/operate/crash-testing.md.
//
// It reads the database by its own SQL and shares no code with what it judges.
package verdict

import (
	"fmt"
	"slices"
	"strings"
)

// The invariants that are checked.
const (
	Acked      = "I1"       // what was acknowledged exists exactly once; what was refused does not
	Sequences  = "I2"       // seq, public_seq and feed are 1, 2, 3, ... without a gap
	Answers    = "I3"       // every answer told the number that is stored, repeated answers too
	Outbox     = "I4"       // message, change, outbox row and delivery come together
	Streams    = "I5"       // every subscriber got every event, first deliveries in order
	Effects    = "I6"       // after deduplication every effect happened once
	Views      = "I7"       // what clients show in the end is what is stored; notes reach no customer
	Owners     = "I8"       // the history of owners leads to the one owner that is stored
	Capacity   = "I9"       // dispatch never gave an agent more than fits
	Queue      = "I10"      // what waits is in the queue, and nothing else is
	Counters   = "I12"      // stored sums equal recomputation
	Integrity  = "I13"      // the database's own check passes
	Files      = "I14"      // acknowledged bytes are on disk, every file has its row and every message its files
	Processes  = "process"  // the server stops cleanly and leaves no child behind
	Unexpected = "protocol" // an answer that the contract does not provide for
)

// Violation is a broken invariant, told in a way that can be looked into.
type Violation struct {
	Invariant string
	Detail    string
}

// Report is what Check found.
type Report struct {
	Violations []Violation
	Lost       int // acknowledged messages that do not exist
	Duplicated int // messages stored more than once, or effects that happened twice
	Gaps       int // holes in a sequence or a subscriber's stream
}

// Broken returns the invariants that do not hold, in order.
func (r *Report) Broken() []string {
	var out []string
	for _, v := range r.Violations {
		if !slices.Contains(out, v.Invariant) {
			out = append(out, v.Invariant)
		}
	}
	slices.Sort(out)
	return out
}

// String lists the violations, at most a few of each invariant.
func (r *Report) String() string {
	const most = 5
	var b strings.Builder
	shown := map[string]int{}
	for _, v := range r.Violations {
		if shown[v.Invariant]++; shown[v.Invariant] <= most {
			fmt.Fprintf(&b, "  %s: %s\n", v.Invariant, v.Detail)
		}
	}
	for _, name := range r.Broken() {
		if more := shown[name] - most; more > 0 {
			fmt.Fprintf(&b, "  %s: ... and %d more\n", name, more)
		}
	}
	return b.String()
}

func (r *Report) add(invariant, format string, args ...any) {
	r.Violations = append(r.Violations, Violation{Invariant: invariant, Detail: fmt.Sprintf(format, args...)})
}
