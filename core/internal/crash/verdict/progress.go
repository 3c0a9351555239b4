package verdict

import (
	"context"
	"fmt"
	"strings"
)

// Progress is how far a running server has come with what clients do not wait for.
type Progress struct {
	Feed    uint64 // the last number given
	Pending int    // deliveries that are not settled
	Raw     int    // webhook requests that are not processed
	Asleep  int    // conversations that will wake by themselves
}

// Look reads the progress while the server runs.
func Look(ctx context.Context, file string) (Progress, error) {
	var p Progress
	db, err := open(file)
	if err != nil {
		return p, err
	}
	defer db.Close() //nolint:errcheck // read only
	err = db.QueryRowContext(ctx, `SELECT (SELECT COALESCE(MAX(feed_seq), 0) FROM workspace),
(SELECT COUNT(*) FROM delivery WHERE state = 'pending'), (SELECT COUNT(*) FROM webhook_outcome WHERE state = 'waiting'),
(SELECT COUNT(*) FROM conversation WHERE snoozed_until > 0)`).Scan(&p.Feed, &p.Pending, &p.Raw, &p.Asleep)
	if err != nil {
		return p, fmt.Errorf("read the progress: %w", err)
	}
	return p, nil
}

// Quiet reports whether nothing is left to be done.
func (p Progress) Quiet() bool { return p.Pending == 0 && p.Raw == 0 && p.Asleep == 0 }

// Public returns how many public changes each visitor session of the live
// inboxes must have been sent, by its id.
func (s *Snapshot) Public() map[string]uint64 {
	out := make(map[string]uint64, len(s.People))
	for person, contact := range s.People {
		inbox, external, _ := strings.Cut(person, "/")
		if c := s.Conversations[s.conversations()[inbox+"/"+contact]]; c != nil {
			out[external] = c.LastPublicSeq
		}
	}
	return out
}
