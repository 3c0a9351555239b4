// Package search finds conversations, messages, contacts and tickets by words. What is
// found is looked up in an index of terms, which follows the feed of each
// workspace on its own and can be made anew at any time, and is then compared
// with the text itself: the index decides what is looked at, never what is true.
//
// Terms are made here, the same for every index: see Terms.
package search

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Format numbers what an index holds and how its terms are made. An index of
// another format is made anew.
const Format = 2

// Kind is what is found.
type Kind string

// The kinds.
const (
	Conversation Kind = "conversation"
	Message      Kind = "message"
	Contact      Kind = "contact"
	Ticket       Kind = "ticket"
)

// Comment is the kind of comments in an index. What is found is the ticket.
const Comment Kind = "comment"

// Key names a document: a conversation, a contact or a ticket by its id, a
// message by its conversation and seq, a comment by CommentKey.
type Key struct {
	Kind Kind
	ID   string
	Seq  uint64 // of a message
}

// Document is what an index keeps of a thing.
type Document struct {
	Key
	At    time.Time // of a message, and when the others began
	Terms []string
	Again bool // of a message: it says something else than when it was put
}

// CommentKey names a comment on a ticket by the seq of its change.
func CommentKey(t ticket.ID, seq uint64) Key {
	return Key{Kind: Comment, ID: string(t) + "/" + strconv.FormatUint(seq, 10)}
}

// OfComment is the ticket and the seq that CommentKey put into an id.
func OfComment(id string) (ticket.ID, uint64) {
	of, seq, _ := strings.Cut(id, "/")
	n, _ := strconv.ParseUint(seq, 10, 63) // what we wrote, or no comment
	return ticket.ID(of), n
}

// Position is how far an index has come in a workspace.
type Position struct {
	Feed  uint64 // events up to this one are in it
	Scan  string // while what was there before is read: where to go on
	Ready bool   // all that was there before is in it
}

// Batch is a step of an index.
type Batch struct {
	Put      []Document // new, or instead of the one with the same key
	Remove   []Key      // a Message without a number: all of its conversation, at the latest with the next Reset
	Position Position   // after the step
}

// Lookup asks an index for documents of one kind that have all needs.
type Lookup struct {
	Kind  Kind
	Needs []Need
	After *Hit // only what comes after it in the order; nil = from the newest on
	Limit int
}

// Hit is a document that an index found.
type Hit struct {
	ID    string
	Seq   uint64
	Order int64 // the index's own; with ID and Seq it is total
}

// Index keeps terms. It may lag behind and may lose everything; it never waits
// for, nor locks, what messages are written to.
type Index interface {
	// Position returns how far the index has come; zero for a workspace it does not know.
	Position(ctx context.Context, workspace identity.WorkspaceID) (Position, error)
	// Apply takes a step as a whole. Putting a message again changes nothing.
	Apply(ctx context.Context, workspace identity.WorkspaceID, b Batch) error
	// Find returns documents, the newest first.
	Find(ctx context.Context, workspace identity.WorkspaceID, l Lookup) ([]Hit, error)
	// Reset forgets everything.
	Reset(ctx context.Context) error
	// Forget forgets a workspace: it is one that the index does not know.
	Forget(ctx context.Context, workspace identity.WorkspaceID) error
	// Lead reports whether this node is the one that keeps the index up to date.
	Lead(ctx context.Context) (bool, error)
}

// Corrupt is the code of errors that Reset cures.
const Corrupt = "search.corrupt"

// Delta is what a stretch of the feed did to documents.
type Delta struct {
	Put     []Document
	Remove  []Key
	Through uint64 // the last event looked at
}

// Person is a contact as it is found.
type Person struct {
	ID           string
	Name         string
	Email        string
	Phone        string
	Organisation string // its name
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Source reads what an index is made of, and what was found in it.
type Source interface {
	// Head returns the number of the workspace's last event.
	Head(ctx context.Context, workspace identity.WorkspaceID) (uint64, error)
	// Scan returns documents of all there is, in steps: "" starts, and next is
	// "" after the last step.
	Scan(ctx context.Context, workspace identity.WorkspaceID, from string, limit int) (found []Document, next string, err error)
	// Since returns what the events after a number, at most limit, did.
	Since(ctx context.Context, workspace identity.WorkspaceID, after uint64, limit int) (Delta, error)
	// Messages returns messages by their keys; what is gone is left out.
	Messages(ctx context.Context, workspace identity.WorkspaceID, keys []Key) (map[Key]conversation.Message, error)
	// Conversations returns conversations by id, merged ones included.
	Conversations(ctx context.Context, workspace identity.WorkspaceID, ids []conversation.ID) (map[conversation.ID]conversation.Conversation, error)
	// People returns contacts by id; merged ones are left out.
	People(ctx context.Context, workspace identity.WorkspaceID, within identity.Reach, ids []string) (map[string]Person, error)
	Work
}

// Work reads tickets that were found.
type Work interface {
	// Tickets returns tickets by id; merged ones are left out.
	Tickets(ctx context.Context, workspace identity.WorkspaceID, ids []ticket.ID) (map[ticket.ID]ticket.Ticket, error)
	// Comments returns comments by their keys, with the names of their files;
	// what is gone is left out.
	Comments(ctx context.Context, workspace identity.WorkspaceID, keys []Key) ([]ticket.Comment, error)
}
