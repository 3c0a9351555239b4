package client

import (
	"sync"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
)

// Ledger keeps what clients were promised, and what went wrong in their eyes.
type Ledger struct {
	mu      sync.Mutex
	acks    []verdict.Ack
	refused []verdict.Ack
	faults  []verdict.Violation
	files   []verdict.File
	tickets []verdict.TicketAck
	repeats int
}

// mostFaults bounds what is kept: a broken build says the same over and over.
const mostFaults = 1000

func (l *Ledger) acked(a verdict.Ack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acks = append(l.acks, a)
}

func (l *Ledger) repeated() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.repeats++
}

func (l *Ledger) brought(f verdict.File) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files = append(l.files, f)
}

// Brought returns how many files were acknowledged as whole.
func (l *Ledger) Brought() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.files)
}

func (l *Ledger) ticket(a verdict.TicketAck) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tickets = append(l.tickets, a)
}

// Tickets returns how many answers of tickets were acknowledged.
func (l *Ledger) Tickets() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.tickets)
}

func (l *Ledger) refuse(a verdict.Ack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused = append(l.refused, a)
}

func (l *Ledger) fault(invariant, detail string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.faults) < mostFaults {
		l.faults = append(l.faults, verdict.Violation{Invariant: invariant, Detail: detail})
	}
}

// Fault notes what the harness itself found.
func (l *Ledger) Fault(invariant, detail string) { l.fault(invariant, detail) }

// Acked returns how many answers clients got, and how many of them were
// answers to a message that was sent again.
func (l *Ledger) Acked() (acks, repeats int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acks), l.repeats
}

func (l *Ledger) into(e *verdict.Evidence) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Acks = append(e.Acks, l.acks...)
	e.Refused = append(e.Refused, l.refused...)
	e.Files = append(e.Files, l.files...)
	e.Tickets = append(e.Tickets, l.tickets...)
	e.Seen = append(e.Seen, l.faults...)
}
