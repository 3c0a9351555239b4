package realtime

import (
	"context"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime/socket"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Conversations are the use cases that sessions call; *conversation.Service
// has them. Post and VisitorSend return after the commit.
type Conversations interface {
	Post(ctx context.Context, scope identity.Scope, p conversation.Post) (conversation.Posted, error)
	Get(ctx context.Context, scope identity.Scope, id conversation.ID) (conversation.Conversation, error)
	Authenticate(ctx context.Context, inbox channel.InboxID, token string) (conversation.Visitor, error)
	StillOpen(ctx context.Context, id conversation.VisitorID) error
	VisitorConversations
}

// VisitorConversations are those of them that visitors' sessions call.
type VisitorConversations interface {
	VisitorSend(ctx context.Context, v conversation.Visitor, p conversation.VisitorPost) (conversation.Posted, error)
	VisitorsAttend(ctx context.Context, w identity.WorkspaceID, ids []conversation.ID) error
	VisitorRead(ctx context.Context, v conversation.Visitor, public uint64) error
	VisitorReadByMembers(ctx context.Context, c conversation.Conversation) (uint64, error)
	VisitorChanges(ctx context.Context, v conversation.Visitor, after uint64, limit int) ([]conversation.Change, *conversation.Conversation, error)
}

// Hydrator finds what feed entries are about; a conversation.Reader can.
type Hydrator interface {
	Hydrate(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]conversation.Change, map[conversation.ID]conversation.Conversation, error)
}

// TicketHydrator finds which tickets feed entries are about; a ticket.Reader can.
type TicketHydrator interface {
	HydrateTickets(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]ticket.Change, map[ticket.ID]ticket.Ticket, error)
}

// Presence is told which members are there. conn names one connection, over
// all nodes; a member may have several.
type Presence interface {
	// Heartbeat opens or renews the lease of a connection.
	Heartbeat(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, conn string)
	// Gone ends the lease of a connection. It is not called when the gateway
	// drains: a member who comes back within the lease never was away.
	Gone(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, conn string)
	// Snapshot returns the presence of every member of the workspace.
	Snapshot(ctx context.Context, workspace identity.WorkspaceID) ([]MemberPresence, error)
}

// Queue tells a visitor's place.
type Queue interface {
	// Place returns how a conversation stands in the queue that waits there: its
	// Position, Available and Standing.
	Place(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID) (QueuePlace, error)
}

// Kind is whose connection it is.
type Kind string

// The kinds of connections.
const (
	KindMember  Kind = "member"
	KindVisitor Kind = "visitor"
)

// Metrics counts. Its methods must be quick and safe for concurrent use.
type Metrics interface {
	// Opened and Closed bracket a connection. code is the close code sent or
	// received; 1006 when the connection just broke, 4409 for a slow reader.
	Opened(kind Kind)
	Closed(kind Kind, code int)
	// Received counts a text frame, Sent frames handed over for sending.
	Received(kind Kind)
	Sent(kind Kind, frames int)
}

// Options are what a Gateway works on.
type Options struct {
	Conversations Conversations
	Log           event.Log
	Hydrator      Hydrator
	Tickets       TicketHydrator // nil = there are none
	Contacts      contact.Circle
	Presence      Presence
	Queue         Queue
	Supervision   Supervision   // nil = nobody may ask for figures
	Notifications Notifications // nil = nobody is told anything
	Bus           event.Bus
	Epoch         string // changes when a backup is restored
	Node          string // names this node in the ids of connections; unique in the cluster
	Now           func() time.Time
	Logger        *slog.Logger
	Metrics       Metrics // nil = none
	// Spend takes one of the budget that a visitor has over REST and sockets
	// together, for a message; its error refuses it. Marks of what was read and
	// signs of typing are gathered, and need none. nil = no budget.
	Spend func(v conversation.VisitorID) error
	// MemberTypes is told that a member writes to a customer beyond a far side, as
	// often as the member's client says so. It does not block. nil = nobody is told.
	MemberTypes func(ctx context.Context, w identity.WorkspaceID, id conversation.ID)
	Tuning      Tuning
}

// Tuning are the gateway's numbers. Zero values take the defaults.
type Tuning struct {
	Portable         bool             // see socket.Options
	Workers          int              // how many database calls at once; 0 = 256
	MemberHeartbeat  time.Duration    // 0 = 10 s; a session ends after 2.5 of them without a frame
	MemberLease      time.Duration    // told to members; 0 = 30 s
	VisitorHeartbeat time.Duration    // 0 = 25 s
	MemberRate       socket.Rate      // 0 = 50 frames/s, 100 at once
	VisitorRate      socket.Rate      // 0 = 20 frames/s, 40 at once
	WriteLimit       int              // bytes waiting for one slow reader; 0 = 1 MiB
	Ticks            <-chan time.Time // drives every timeout, about once a second; nil = a ticker
}

func (t Tuning) withDefaults() Tuning {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&t.MemberHeartbeat, 10*time.Second)
	def(&t.MemberLease, 30*time.Second)
	def(&t.VisitorHeartbeat, 25*time.Second)
	if t.Workers == 0 {
		t.Workers = 256
	}
	if t.MemberRate == (socket.Rate{}) {
		t.MemberRate = socket.Rate{PerSecond: 50, Burst: 100}
	}
	if t.VisitorRate == (socket.Rate{}) {
		t.VisitorRate = socket.Rate{PerSecond: 20, Burst: 40}
	}
	return t
}

type noMetrics struct{}

func (noMetrics) Opened(Kind)      {}
func (noMetrics) Closed(Kind, int) {}
func (noMetrics) Received(Kind)    {}
func (noMetrics) Sent(Kind, int)   {}
