package push

import (
	"math/rand/v2"
	"time"
)

// How a browser is told of many things at once.
const (
	every = 10 * time.Second // one push, in the long run
	burst = 5                // at once
	merge = 3                // more that are due at once are one push that counts them
)

// pace is the rate of one subscription (the generic cell rate algorithm):
// whether a push may leave, else how long to wait.
func (s *Subscription) pace(now time.Time) (time.Duration, bool) {
	free := s.Paced.Add(-(burst - 1) * every)
	return max(0, free.Sub(now)), !free.After(now)
}

// spent counts a push.
func (s *Subscription) spent(now time.Time) {
	if s.Paced.Before(now) {
		s.Paced = now
	}
	s.Paced = s.Paced.Add(every)
}

const (
	firstRetry   = 10 * time.Second
	longestRetry = 30 * time.Minute
	longestAsked = time.Hour // of what Retry-After asks
)

// rest is how long a subscription rests after failures in a row.
func rest(failures int, asked time.Duration) time.Duration {
	d := longestRetry
	if failures < 8 {
		d = min(firstRetry<<(failures-1), longestRetry)
	}
	d += rand.N(d/5 + 1) //nolint:gosec // jitter, not a secret
	return max(d, min(asked, longestAsked))
}
