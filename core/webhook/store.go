package webhook

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Store keeps endpoints. A method is one transaction, on disk when it returns
// nil; what is absent or of another workspace is errs.Absent.
type Store interface {
	// Endpoints lists the endpoints of a workspace, the oldest first.
	Endpoints(ctx context.Context, w identity.WorkspaceID) ([]Endpoint, error)
	// Endpoint returns one.
	Endpoint(ctx context.Context, w identity.WorkspaceID, id ID) (Endpoint, error)
	// Create stores an endpoint, which is sent what comes from now on. It
	// conflicts when there are MaxEndpoints.
	Create(ctx context.Context, e Endpoint, changed event.Event) error
	// Change loads an endpoint, lets change work on it and saves it. One that
	// becomes active is sent what comes from now on.
	Change(ctx context.Context, w identity.WorkspaceID, id ID, change func(*Endpoint) (Effect, error)) (Endpoint, error)
	// Delete removes an endpoint with its deliveries.
	Delete(ctx context.Context, w identity.WorkspaceID, id ID, changed event.Event) error
	// Mark says who was erased since a time, for what is made of events: Ledger.Record compares it.
	Mark(ctx context.Context, w identity.WorkspaceID, since time.Time) (event.Mark, error)
}

// Effect is what a change of an endpoint brings with it.
type Effect struct {
	Save   bool          // the endpoint changed
	Bury   string        // not "": its pending deliveries die with this code
	Hurry  bool          // its pending deliveries are due now
	At     time.Time     // of Bury and Hurry
	Events []event.Event // committed with it
}

// Ledger keeps what must be sent.
type Ledger interface {
	// Cursor returns the feed number up to which events were looked at. For
	// workspaces older than webhooks it began at their head.
	Cursor(ctx context.Context, w identity.WorkspaceID) (uint64, error)
	// Record stores deliveries and moves the cursor up to a feed number. Left
	// out are those whose Feed the cursor had reached, those their endpoint has
	// already, and those of an endpoint that is gone. If somebody was erased since
	// one was made it stores nothing: event.ErrErased.
	Record(ctx context.Context, w identity.WorkspaceID, upTo uint64, list []Delivery) error
	// Waiting lists the endpoints that are on and have pending deliveries.
	Waiting(ctx context.Context) ([]Queue, error)
	// Next returns when the next delivery of an endpoint, of those whose turn
	// it is, is due, or its claim ends; zero = none waits.
	Next(ctx context.Context, q Queue) (time.Time, error)
	// Claim takes pending deliveries of an endpoint that are due and whose turn
	// it is, the oldest first, so that nobody else sends them until a time.
	Claim(ctx context.Context, q Queue, now, until time.Time, limit int) ([]Delivery, error)
	// Settle records an attempt at a claimed delivery and what becomes of it,
	// and lets change work on the endpoint in the same transaction. Of a
	// delivery that is not pending any more only the attempt is recorded.
	Settle(ctx context.Context, s Settlement, change func(*Endpoint) Effect) error
	// Unclaim gives back everything that is claimed: for a process that knows
	// that no other is at work.
	Unclaim(ctx context.Context) error
}

// Queue is what waits for one endpoint.
type Queue struct {
	Workspace identity.WorkspaceID
	Endpoint  ID
}

// Settlement is what an attempt did to a delivery.
type Settlement struct {
	Delivery Delivery
	Attempt  Attempt
	State    State
	Attempts int
	NextAt   time.Time // for Pending
}

// Log reads the ledger and replays from it.
type Log interface {
	// Deliveries lists an endpoint's deliveries, the newest event first,
	// without their bodies.
	Deliveries(ctx context.Context, w identity.WorkspaceID, id ID, state State, p page.Request) (page.Page[Delivery], error)
	// Delivery returns one with its attempts, the oldest first.
	Delivery(ctx context.Context, w identity.WorkspaceID, id DeliveryID) (Delivery, []Attempt, error)
	// Counts counts an endpoint's deliveries by state.
	Counts(ctx context.Context, w identity.WorkspaceID, id ID) (map[State]int, error)
	// Replay makes deliveries of an endpoint pending again and due now, and
	// returns how many. Those that are pending stay as they are.
	Replay(ctx context.Context, w identity.WorkspaceID, id ID, which Selection, now time.Time, done func(n int) []event.Event) (int, error)
	// Sweep removes deliveries that were settled before the times given, by
	// state, at most limit, in all workspaces, and returns how many.
	Sweep(ctx context.Context, delivered, dead time.Time, limit int) (int, error)
}

// Selection chooses deliveries to replay. What is given is joined by "and".
type Selection struct {
	Delivery DeliveryID // "" = any
	State    State      // "" = Delivered and Dead
	Since    time.Time  // of the event; zero = any
}

// Renderer makes envelopes: {id, type, version, workspace, occurred_at, seq, data}.
type Renderer interface {
	// Render returns the envelopes of events, by event id. An event that no
	// endpoint can be told of has none: its subject is gone, or it is a ticket's
	// comment that the customer may not read.
	Render(ctx context.Context, w identity.WorkspaceID, events []event.Event) (map[string]Envelope, error)
}

// Envelope is an event as it is sent.
type Envelope struct {
	Body         []byte
	Narrowed     bool   // inboxes and filters apply: it is about a conversation or a ticket
	Gone         bool   // what it is about is no more: no filter can be asked
	Conversation string // that it is about, or that its ticket came from; "" = none, and no filter selects it
	Inbox        string // of the conversation or the ticket; "" = none
}

// Filters check and evaluate filters of conversations.
type Filters interface {
	// Check returns the stored form of a filter, or errs.Invalid. A filter that
	// asks about "me" or "mine" is refused: nobody in person asks.
	Check(ctx context.Context, w identity.WorkspaceID, raw json.RawMessage) (json.RawMessage, error)
	// Among returns which conversations a stored filter selects now. One that
	// cannot be understood any more, because a field is gone, selects none.
	Among(ctx context.Context, w identity.WorkspaceID, stored json.RawMessage, ids []string) (map[string]bool, error)
}

// Poster sends one request.
type Poster interface {
	// Post sends a body and returns what came of it, with Code and Detail when
	// no answer did. Redirects are not followed. It ends with ctx.
	Post(ctx context.Context, url string, headers [][2]string, body []byte) Attempt
	// Check judges an address as it is written; errs.Invalid with a sentence.
	Check(url string) error
}

// Notifier tells people that an endpoint was disabled.
type Notifier interface {
	WebhookDisabled(ctx context.Context, e Endpoint)
}

// Inboxes tells which inboxes there are.
type Inboxes interface {
	// HasInbox reports whether a workspace has an inbox.
	HasInbox(ctx context.Context, w identity.WorkspaceID, id string) (bool, error)
}
