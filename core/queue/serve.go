package queue

import "github.com/patchbay-im/patchbay/core/identity"

// Manages reports why an actor may not decide who is given what: queues, skills
// and what chooses among queues.
func Manages(scope identity.Scope) error { return manages(scope) }

// ServedBy reports whether a colleague may be given the queue's work at once.
func (q Queue) ServedBy(c Colleague) bool { return c.serves(q.Steps(nil)[0]) }
