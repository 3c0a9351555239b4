package host

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/patchbay-im/patchbay/sdk/message"
)

// The services of this file read and write what the core keeps. An inbox sees
// its own conversations, with their customers and tickets; a connection sees
// those of its workspace. What an instance may not see is absent.
//
// Each write has a Key of 1 to 200 bytes: repeated within 24 hours with the same
// key and content it has no further effect and gives the first answer; with
// other content it is refused. Who did it is always the plugin.

// Conversations reads conversations and takes part in them.
//
// Permissions: conversations:read for Get and Messages, messages:send for Send,
// conversations:write for the others.
type Conversations interface {
	Get(ctx context.Context, id string) (Conversation, error)
	// Messages returns a page of messages, the oldest first.
	Messages(ctx context.Context, req MessagesRequest) (MessagesResponse, error)
	// Send writes to the customer and returns the message's id. It passes the
	// same checks as an agent's message.
	Send(ctx context.Context, req SendRequest) (string, error)
	// AddNote writes to colleagues and returns the message's id.
	AddNote(ctx context.Context, req NoteRequest) (string, error)
	// SetLabels adds labels and takes labels away, by name, and returns those
	// that are there then. One that the workspace does not have is refused.
	SetLabels(ctx context.Context, req LabelsRequest) ([]string, error)
	// HandOff gives the conversation to people. An agent who has it keeps it.
	HandOff(ctx context.Context, req HandOffRequest) error
	// Resolve ends it until the customer writes again.
	Resolve(ctx context.Context, id, key string) error
}

// Conversation is a customer in an inbox.
type Conversation struct {
	ID, InboxID, ContactID string
	State                  string // open, snoozed or resolved
	Responder              string // bot, queue or agent; "" = nobody has to answer
	AssigneeID, TeamID     string
	Labels                 []string // names, sorted
	CreatedAt              time.Time
	Seq                    uint64 // of the last change
}

// MessagesRequest chooses messages.
type MessagesRequest struct {
	Conversation string
	Before       uint64 // messages before this seq; 0 = the newest
	Limit        int    // 1 to 100; 0 = 50
	Notes        bool   // internal notes too
}

// MessagesResponse is a page.
type MessagesResponse struct {
	Messages []message.Message
	More     bool // there are older ones
}

// SendRequest is a message to the customer.
type SendRequest struct {
	Key, Conversation string
	Content           message.Content // attachments: of Blobs.Upload
}

// NoteRequest is a note for colleagues.
type NoteRequest struct {
	Key, Conversation, Text string
}

// LabelsRequest names labels.
type LabelsRequest struct {
	Key, Conversation string
	Add, Remove       []string
}

// HandOffRequest says to whom, and why.
type HandOffRequest struct {
	Key, Conversation string
	Team              string // name or id; "" = whoever takes it
	Reason, Summary   string // for colleagues, as a note
}

// Contacts reads customers and keeps what the plugin knows of them. What
// identifies a person is there only with contacts:read.pii.
//
// Permissions: contacts:read for Get and Find, contacts:read.pii too for Find,
// contacts:write for Update.
type Contacts interface {
	Get(ctx context.Context, id string) (message.Contact, error)
	// Find returns at most 20.
	Find(ctx context.Context, req FindRequest) ([]message.Contact, error)
	Update(ctx context.Context, req ContactUpdate) (message.Contact, error)
}

// FindRequest has one of them.
type FindRequest struct {
	Email, Phone, ExternalID string
}

// ContactUpdate is a change of a contact; nil leaves a part as it is.
type ContactUpdate struct {
	Key, Contact string
	IfRevision   uint64 // only at this revision; 0 = at any
	Name, Locale *string
	Attributes   json.RawMessage // an object of custom attributes to set; null in it removes one
}

// Tickets reads and writes tickets. An inbox makes them of its conversations.
//
// Permissions: tickets:read for Get, tickets:write for the others.
type Tickets interface {
	Get(ctx context.Context, id string) (Ticket, error)
	Create(ctx context.Context, req NewTicket) (Ticket, error)
	Update(ctx context.Context, req TicketUpdate) (Ticket, error)
	Comment(ctx context.Context, req CommentRequest) error
}

// Ticket is a piece of work.
type Ticket struct {
	ID                        string
	Number                    uint64
	Title, Type               string // Type is the type's name
	Status, Priority          string
	ContactID, ConversationID string
	AssigneeID, TeamID        string
	Fields                    json.RawMessage // an object: the fields of the type's form; nil = none
	Revision                  uint64          // grows with each change
	CreatedAt, UpdatedAt      time.Time
}

// NewTicket is a ticket to make.
type NewTicket struct {
	Key, Title, Text string
	Type             string // name or id; "" = the workspace's default
	Priority         string // low, normal, high or urgent; "" = normal
	ContactID        string
	ConversationID   string // the contact is taken from it
	Team             string // name or id; "" = none
	Fields           json.RawMessage
}

// TicketUpdate is a change of a ticket; nil leaves a part as it is.
type TicketUpdate struct {
	Key, Ticket             string
	IfRevision              uint64 // only at this revision; 0 = at any
	Title, Status, Priority *string
	Fields                  json.RawMessage // an object of fields to set; null in it empties one
}

// CommentRequest is a comment.
type CommentRequest struct {
	Key, Ticket, Text string
	Public            bool // the customer sees it too
}

// Blobs carries files. Their bytes never stand in messages.
//
// Permissions: blobs:read for Download, blobs:write for Upload.
type Blobs interface {
	// Download writes a file of a message that the instance sees to w, and
	// returns what the host knows of it.
	Download(ctx context.Context, id string, w io.Writer) (message.Attachment, error)
	// Upload stores a file for a message; it is swept after a day when no
	// message has it. The host looks at the bytes to find out what it is.
	Upload(ctx context.Context, req UploadRequest) (message.Attachment, error)
}

// UploadRequest is a file.
type UploadRequest struct {
	Filename string
	Size     int64 // bytes: exactly as many as Body has
	Body     io.Reader
}
