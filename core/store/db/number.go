package db

import "context"

// Counter is a counter that a workspace's row holds.
type Counter int

// The counters.
const (
	Conversations Counter = iota // of the last conversation
	Tickets                      // of the last ticket
)

// column is where it is kept.
func (c Counter) column() string {
	if c == Tickets {
		return `last_ticket`
	}
	return `last_number`
}

// Number moves a counter of a workspace on and returns it. The workspace is locked
// until the transaction ends, so numbers have no gap and no twin.
func (t *Tx) Number(ctx context.Context, workspace string, of Counter) (uint64, error) {
	f, err := t.feed(ctx, workspace)
	if err != nil {
		return 0, err
	}
	f.last.numbers[of]++
	return f.last.numbers[of], nil
}

// Renumber begins the counters of a workspace anew.
func (t *Tx) Renumber(ctx context.Context, workspace string) error {
	f, err := t.feed(ctx, workspace)
	if err != nil {
		return err
	}
	f.last.numbers = [Tickets + 1]uint64{}
	return nil
}
