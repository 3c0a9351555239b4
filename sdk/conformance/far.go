package conformance

import (
	"regexp"

	"github.com/patchbay-im/patchbay/sdk/conformance/farside"
)

// far is where a plugin's work goes: a provider of the kit, or the core itself
// for plugins that bring back what they are given.
type far interface {
	// behave sets how it answers from now on; false if it cannot answer so.
	behave(m manner) bool
	// arrivals returns what came, in order.
	arrivals() []arrival
}

// manner is how a far side answers.
type manner = farside.Manner

// arrival is something that came to a far side.
type arrival struct {
	farside.Arrival
	token string // of the task; "" = none was found
}

// tokenPattern is how tasks are known again, wherever their text ends up.
const (
	tokenPrefix  = "kit-"
	tokenPattern = tokenPrefix + `\d{6}`
)

// token finds the task of a text.
var token = regexp.MustCompile(tokenPattern)

// found are arrivals with their tasks.
func found(list []farside.Arrival) []arrival {
	out := make([]arrival, len(list))
	for i, a := range list {
		out[i] = arrival{a, token.FindString(a.Text)}
	}
	return out
}

// ledger keeps arrivals of the kit's own far sides.
//
// Concurrency: safe for concurrent use.
type ledger struct{ book *farside.Book }

func newLedger() *ledger { return &ledger{farside.NewBook(nil)} }

// behave implements far.
func (l *ledger) behave(m manner) bool { return l.book.Behave(m) }

// manner returns how to answer, and what is closed when that changes.
func (l *ledger) manner() (manner, <-chan struct{}) { return l.book.Manner() }

// arrivals implements far.
func (l *ledger) arrivals() []arrival { return found(l.book.Arrivals()) }

// note keeps an arrival.
func (l *ledger) note(a farside.Arrival) { l.book.Note(a) }

// effects counts, by token, how often a far side did something.
func effects(f far) map[string]int {
	out := make(map[string]int)
	for _, a := range f.arrivals() {
		if a.token != "" && !a.Duplicate {
			out[a.token]++
		}
	}
	return out
}
