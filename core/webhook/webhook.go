// Package webhook tells other systems what happens in a workspace: endpoints
// that an administrator named, and the ledger of what must reach each of them.
//
// Promise: an event that an endpoint asked for is in the ledger once for each
// endpoint, whatever crashes, because how far the feed was looked at commits
// with the rows that came of it. It is sent at least once, with a stable event
// id, and in order among the events of one subject (a conversation, a ticket):
// the next leaves when all before it are delivered or dead. What is dead stays
// for a while, to be replayed.
//
// An endpoint that is slow or down delays no other: each has a few requests of
// its own. docs/adr/0028-webhooks.md says why the ledger is not the one of
// package delivery.
package webhook

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ID names an endpoint: whk_.
type ID string

// DeliveryID names a delivery: whd_, the same on every attempt and replay.
type DeliveryID string

// Changed is the type of the event that says an endpoint was made, changed or
// deleted, or that its health changed. Its data is {"id": "..."}.
const Changed = "webhook.changed"

// Health says how an endpoint is doing.
type Health string

// The states.
const (
	Healthy  Health = "healthy"
	Failing  Health = "failing"  // the last attempts failed; it is tried less often
	Disabled Health = "disabled" // it failed for days: nothing is sent until somebody enables it
)

// Endpoint is where events are sent.
type Endpoint struct {
	Workspace   identity.WorkspaceID
	ID          ID
	URL         string
	Description string
	Events      []string        // types; All alone = all
	Filter      json.RawMessage // of conversations; nil = all
	Inboxes     []string        // of conversations; nil = all
	Active      bool            // false: somebody turned it off, and nothing is recorded
	Secrets     []Secret        // the oldest first

	Health       Health
	FailingSince time.Time // zero = the last attempt succeeded, or there was none
	LastSuccess  time.Time
	From         uint64 // feed number: events up to it are not sent
	CreatedBy    identity.MemberID
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// All stands for every type of event.
const All = "*"

// Limits.
const (
	MaxEndpoints   = 20 // of a workspace
	MaxURL         = 2000
	MaxDescription = 200
	MaxInboxes     = 100
	MaxBody        = 512 << 10 // bytes of an envelope; a larger one is sent without its data
	MaxAnswer      = 4 << 10   // bytes kept of an answer's body
	MaxAttempts    = 20        // attempts kept of a delivery, the newest
)

// State of a delivery.
type State string

// The states. Delivered and Dead deliveries become Pending when they are replayed.
const (
	Pending   State = "pending"
	Delivered State = "delivered"
	Dead      State = "dead" // out of attempts, or the endpoint was disabled
)

// Delivery is an event that an endpoint must be told of.
type Delivery struct {
	Workspace identity.WorkspaceID
	ID        DeliveryID
	Endpoint  ID
	Event     string // the event's id
	Type      string
	Feed      uint64 // its place in the feed: the order
	Subject   string // what it is about: order is kept among the same
	Body      []byte // the envelope as it is signed and sent
	At        time.Time
	Made      event.Mark // when Body was made; not stored

	State     State
	Attempts  int // since it became Pending
	NextAt    time.Time
	Status    int    // of the last answer; 0 = none came
	Code      string // what went wrong last; "" = nothing
	CreatedAt time.Time
	PendingAt time.Time // when it became Pending: at first, or by the last replay
	SettledAt time.Time // zero while Pending
}

// Attempt is one request and what came of it.
type Attempt struct {
	At      time.Time
	Took    time.Duration
	KIDs    []string // of the secrets that signed it
	Status  int      // 0 = no answer
	Headers [][2]string
	Body    string // the beginning of the answer's body
	Cut     bool   // the body went on
	Code    string // "" = it succeeded
	Detail  string // for administrators
}

// OK reports whether the endpoint took the event.
func (a Attempt) OK() bool { return a.Code == "" }

// RetryAfter is how long the far side wants to be left alone: the header of that
// name in seconds (RFC 9110, 10.2.3); 0 = it says nothing of that.
func (a Attempt) RetryAfter() time.Duration {
	i := slices.IndexFunc(a.Headers, func(h [2]string) bool { return h[0] == "Retry-After" })
	if i < 0 {
		return 0
	}
	n, err := strconv.Atoi(a.Headers[i][1])
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// Codes of attempts, and of deliveries that died without one.
const (
	CodeStatus    = "status"            // an answer other than 2xx
	CodeRedirect  = "redirect"          // 3xx: redirects are not followed
	CodeRefused   = "address_refused"   // the address is not public, nor allowed
	CodeName      = "name_not_found"    // its host has no address
	CodeTimeout   = "timeout"           // no answer in time
	CodeTLS       = "tls"               // the certificate is not good
	CodeConnect   = "connection"        // no connection, or it broke
	CodeDisabled  = "endpoint_disabled" // not tried: the endpoint was disabled
	CodeNoSecrets = "no_secret"         // not tried: no secret could be opened
)

// Subscribes reports whether the endpoint asks for events of a type.
func (e Endpoint) Subscribes(kind string) bool {
	for _, t := range e.Events {
		if t == All || t == kind {
			return true
		}
	}
	return false
}
