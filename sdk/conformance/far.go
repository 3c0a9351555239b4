package conformance

import (
	"regexp"
	"slices"
	"sync"
	"time"
)

// far is where a plugin's work goes: a provider of the kit, or the core itself
// for plugins that bring back what they are given.
type far interface {
	// behave sets how it answers from now on; false if it cannot answer so.
	behave(m manner) bool
	// arrivals returns what came, in order.
	arrivals() []arrival
}

// manner is how a far side answers. The zero value is well.
type manner struct {
	status     int           // 0 = well; 429 and 5xx are what they are to HTTP
	retryAfter time.Duration // with a status
	dated      bool          // Retry-After is a date, by the far side's clock
	hang       bool          // no answer while the caller waits
	cut        bool          // the connection ends without an answer
	garbage    bool          // an answer that means nothing
	delay      time.Duration // before a good answer
	clock      time.Duration // how wrong the far side's clock is
}

// arrival is something that came to a far side.
type arrival struct {
	token     string // of the task; "" = none was found
	text      string // all that came
	duplicate bool   // the far side knew it by its own key, and did nothing
	raw       string // the request as it was, with its path; "" = the far side does not tell
	made      string // the id that its answer gave; likewise
}

// tokenPattern is how tasks are known again, wherever their text ends up.
const (
	tokenPrefix  = "kit-"
	tokenPattern = tokenPrefix + `\d{6}`
)

// ledger keeps arrivals.
//
// Concurrency: safe for concurrent use.
type ledger struct {
	mu    sync.Mutex
	list  []arrival
	how   manner
	turn  chan struct{} // closed and replaced when how changes
	token *regexp.Regexp
}

func newLedger() *ledger {
	return &ledger{turn: make(chan struct{}), token: regexp.MustCompile(tokenPattern)}
}

// behave implements far.
func (l *ledger) behave(m manner) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.how = m
	close(l.turn)
	l.turn = make(chan struct{})
	return true
}

// manner returns how to answer, and what is closed when that changes.
func (l *ledger) manner() (manner, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.how, l.turn
}

// arrivals implements far.
func (l *ledger) arrivals() []arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

// note keeps an arrival; its token is found in its text.
func (l *ledger) note(a arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.token = l.token.FindString(a.text)
	l.list = append(l.list, a)
}

// effects counts, by token, how often a far side did something.
func effects(f far) map[string]int {
	out := make(map[string]int)
	for _, a := range f.arrivals() {
		if a.token != "" && !a.duplicate {
			out[a.token]++
		}
	}
	return out
}
