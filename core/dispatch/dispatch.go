// Package dispatch decides who answers what: it holds the waiting work items
// and the agents of each workspace, pairs them as soon as a pair is possible,
// and takes back the work of agents who disappear. It knows a work item by an
// opaque kind and id; conversations, tickets and calls are all the same to it.
//
// The parts, from the inside: Engine (pure: an index of who waits and who is
// free, and the policies that pair them), Presence (pure: who is there, by
// lease), Store (the port; the database is the only truth), Dispatcher (the
// runner: feeds the two, claims through the third, tells the Announcer).
//
// Promises. No item has two owners, and the weight of an agent's open work
// never exceeds the agent's capacity, a person's manual override excepted:
// both are conditions of the claim's transaction, not of the index, so a stale
// index costs a refused claim and nothing else. Everything that waits is in
// the index, or will be within a shadow check. An item keeps its arrival time
// however often it is taken back.
//
// Concurrency: Engine and Presence are single-threaded values; Dispatcher is
// safe for concurrent use and runs one goroutine per workspace.
//
// Lifecycle: New, then Run until its context ends; see Dispatcher.
package dispatch

// Kind says what noun a work item is, for example "conversation".
type Kind string

// Key names a work item within its workspace.
type Key struct {
	Kind Kind
	ID   string
}

// Class names a set of requirements that an agent must meet to serve an item;
// see ClassOf. "" = any agent may.
type Class string

// Profile names a set of abilities; agents of one profile can serve the same
// classes; see AbilitiesOf. "" = nothing in particular.
type Profile string

// Status is what a member is to dispatch.
type Status string

// The statuses. A member chooses between the first two; the lease decides on
// the third. Only available members are given work.
const (
	Available Status = "available"
	Away      Status = "away"
	Offline   Status = "offline"
)

// Valid reports whether a member may choose s.
func (s Status) Valid() bool { return s == Available || s == Away }

// Reason says why work went back into the queue.
type Reason string

// The reasons for which dispatch takes work back.
const (
	AgentLost Reason = "agent_lost" // the lease ran out, or the member may not work here any more
)
