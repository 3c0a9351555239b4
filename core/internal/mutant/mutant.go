// Package mutant seeds known bugs for the crash harness: a checker that never
// failed proves nothing. A build without the tag "mutant" has none of them: On
// is then constantly false and its sites compile to nothing.
package mutant

// The bugs that can be seeded, one at a time.
const (
	AckBeforeCommit = "ack_before_commit" // the writer answers before the commit
	NoDedup         = "no_dedup"          // a message sent again is stored again
	SplitOutbox     = "split_outbox"      // events commit after what they tell of
)
