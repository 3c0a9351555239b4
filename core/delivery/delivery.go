// Package delivery is what must leave: one row per outbound message, its
// attempts, and the deliverer that hands rows to the channel's plugin until
// each is settled. A row is made in the transaction that makes its message.
//
// Order: within a conversation an item is handed over only when all before it
// are settled or dead. Delivery is at least once; an item that was in flight
// when a plugin died is handed over again, marked Suspect.
package delivery

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// ID names a delivery: dlv_. It is the idempotency key towards the far side,
// the same on every attempt.
type ID string

// State of a delivery.
type State string

// The states. Pending items wait for their turn or for NextAt; the others are
// final, except Merged and, once it is answered, Replaced.
const (
	Pending  State = "pending"
	Sent     State = "sent"
	Dead     State = "dead"     // refused for good, or out of attempts
	Unknown  State = "unknown"  // may have left, and nobody can tell: a person decides
	Replaced State = "replaced" // an act that a later one on the same message replaced: it may still be under way
	Merged   State = "merged"   // leaves with one before it, whose state it will have
)

// Act is what a delivery does at the far side.
type Act string

// The acts.
const (
	Post   Act = ""       // a new message
	Edit   Act = "edit"   // Content takes the place of Target's
	Recall Act = "recall" // Target is taken back
)

// Delivery is a message that must leave.
type Delivery struct {
	Workspace    identity.WorkspaceID
	ID           ID
	Inbox        channel.InboxID
	Plugin       channel.PluginID
	Conversation string
	Message      string
	Seq          uint64 // of the message in its conversation
	Place        uint64 // in the order of its conversation: the seq of the change that made it, which of a message is Seq
	Recipient    string // the far side's name of the person
	Content      channel.Content
	State        State
	Attempts     int
	NextAt       time.Time
	LastCode     string
	LastDetail   string
	ProviderID   string // the far side's id of the message
	CreatedAt    time.Time
	ExpiresAt    time.Time // not handed over from then on; zero = a day after CreatedAt

	// ResumedAt is when its inbox was paused last until; zero = it never was. A
	// delivery does not expire of what it waited before.
	ResumedAt time.Time

	Author    identity.Actor
	Automatic bool   // no person wrote it
	Quoted    uint64 // seq of the message that it quotes; 0 = none
	Forwards  uint64 // seq of the message that it passes on to somebody else, with its files; 0 = none
	Act       Act
	MergedTo  uint64 // seq of the last message that leaves with it, whose texts Content has; 0 = none
	Target    string // of Edit and Recall: the far side's id of the message

	Template *channel.TemplateUse // what Content is of; nil = an ordinary message

	// By Complete, for channels that need it; the far side's ids.
	Thread     string   // its talk; "" = it has none
	ReplyTo    string   // of the message that it quotes; "" = none
	References []string // of the messages before it, the oldest first: the first and the last MaxReferences

	// Of the attempt under way; not stored.
	Suspect bool      // was in flight when a process died, or may have been
	Began   time.Time // when it was handed over
	Version string    // of the plugin that it was handed to; "" = unknown
}

// MaxReferences bounds Delivery.References, beside the first.
const MaxReferences = 49

// FilesOf are a message's files as channels carry them.
func FilesOf(all []media.Attachment) []channel.File {
	out := make([]channel.File, len(all))
	for i, a := range all {
		out[i] = channel.File{ID: a.ID, Name: a.Name, Type: a.Type, Size: a.Size}
	}
	return out
}

// Receipt settles one attempt.
type Receipt struct {
	ID         ID
	Result     channel.Result
	ProviderID string   // the far side's id of the message; "" = it gives none
	More       []string // its further ids, if it became several messages there
}

// Store is the ledger.
type Store interface {
	// Due returns at most limit pending deliveries of the plugin, over all
	// workspaces, whose turn it is: NextAt <= now, and no earlier unsettled
	// delivery of the same conversation, oldest first. Those in skip are left out,
	// and those of inboxes that are paused (instance.Condition).
	Due(ctx context.Context, plugin channel.PluginID, now time.Time, limit int, skip Skip) ([]Delivery, error)
	// NextDue returns when the next pending delivery of the plugin is due; zero =
	// none waits, but of inboxes that are paused.
	NextDue(ctx context.Context, plugin channel.PluginID) (time.Time, error)
	// Settle records attempts, with their steps, and, in the same transaction,
	// the new delivery state of the messages as changes of their conversations.
	// The far side's ids of what was sent are remembered: what answers them or
	// tells of them is found by conversation.InboundSent.
	Settle(ctx context.Context, settled []Settlement) error
	// Interrupted records the steps of attempts whose end nobody saw, because
	// the plugin died. The deliveries stay as they are.
	Interrupted(ctx context.Context, items []Delivery) error
}

// Completer is a Store that knows the far side's ids of messages.
type Completer interface {
	// Complete adds Thread, ReplyTo and References to deliveries that Due
	// returned, and, of a channel whose messages are addressed, to whom they go.
	Complete(ctx context.Context, due []Delivery, addressed bool) error
}

// Settlement is what an attempt did to a delivery.
type Settlement struct {
	Delivery Delivery
	State    State
	Attempts int
	NextAt   time.Time // for Pending
	Result   channel.Result
	Provider string
	More     []string // see Receipt
}

// Externals are the far side's ids of what was sent; none unless it was.
func (x Settlement) Externals() []string {
	if x.State != Sent || x.Provider == "" {
		return nil
	}
	return append([]string{x.Provider}, x.More...)
}

// About are the names by which a far side may have spoken of the message already.
func (x Settlement) About() []string {
	out := []string{conversation.AboutDelivery(string(x.Delivery.ID))}
	for _, external := range x.Externals() {
		out = append(out, conversation.AboutTarget(external))
	}
	return out
}

// Unclear reports whether the message may have left, and is not to be tried
// again by itself.
func (x Settlement) Unclear() bool { // poison was in flight when its process died, again and again
	return x.State == Unknown || x.State == Dead && x.Result.Code == CodePoison
}

// Versioned is a Line that knows the version of its plugin.
type Versioned interface {
	Version() string
}

// Paced is a Line whose plugin may not get items as quickly as it takes them.
type Paced interface {
	// Ready returns how many of n items may be sent now and, when none may, how
	// long it takes until one may.
	Ready(n int) (ready int, wait time.Duration)
}

// Line is a live stream to one plugin process. It is used by one goroutine.
type Line interface {
	// Credits returns how many more items may be sent now. It grows only with
	// a batch of receipts (which may be empty).
	Credits() int
	// Send hands over a batch of 1 to 32 items. ErrLineStopped means that none
	// of them left; any other error that the line is dead and some may have.
	Send(ctx context.Context, items []Delivery) error
	// Receipts yields batches of receipts until the line dies, then is closed.
	Receipts() <-chan []Receipt
}
