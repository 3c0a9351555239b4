// Package mutant seeds known bugs for the crash harness, the property tests of
// dispatch and the suites of stores: a checker that never failed proves nothing. A build without the tag "mutant" has none of them: On
// is then constantly false and its sites compile to nothing.
package mutant

// The bugs that can be seeded, one at a time.
const (
	AckBeforeCommit = "ack_before_commit" // the writer answers before the commit
	NoDedup         = "no_dedup"          // a message sent again is stored again
	SplitOutbox     = "split_outbox"      // events commit after what they tell of

	DoubleClaim     = "double_claim"     // work that is somebody's is claimed again
	LostItem        = "lost_item"        // work whose claim failed waits no more
	CapacityOverrun = "capacity_overrun" // agents who have little room are given what is too heavy
	NewestFirst     = "newest_first"     // whoever came last is served first
	TicketTwice     = "ticket_twice"     // a ticket that is somebody's is given again
	TicketLimit     = "ticket_limit"     // tickets that members have do not count towards their limit
)
