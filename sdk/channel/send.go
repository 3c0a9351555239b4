package channel

import (
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// SendRequest is one message for the far side.
type SendRequest struct {
	Instance instance.Instance
	// DeliveryID is the idempotency key: the same on every attempt. A far side
	// that takes such a key should get this one.
	DeliveryID     string
	ConversationID string
	Seq            uint64 // of the message in its conversation, growing
	Recipient      string // Person.ID
	Content        message.Content
	Attempt        int // attempts before this one
	// Suspect: it was in flight when a process died, and the far side may have it
	// already. A channel whose far side takes no key finds out, or returns
	// errs.Doubt.
	Suspect bool

	Author     message.Author
	AuthorName string // to show the author by; "" = the company
	Automatic  bool   // no person wrote it: an acknowledgement, a survey

	// Thread is the far side's talk, as Inbound.Thread told. ReplyTo is the far
	// side's id of the message that this one quotes; "" = none. References are the
	// far side's ids of the conversation's messages, the oldest first: the first
	// one, and at most 49 of the last.
	Thread     string
	ReplyTo    string
	References []string

	// Act is Post, unless the manifest's channel.can lists "edit" or "recall".
	Act    Act
	Target string // of Edit and Recall: the far side's id of the message

	// Template is set where the message is a template of the far side: Content.Text
	// is what it comes to, and Content.Attachments has its file. nil = an ordinary
	// message, as always unless the manifest's channel.can lists "templates".
	Template *TemplateUse
}

// Act is what to do at the far side.
type Act uint8

// The acts.
const (
	Post   Act = iota // a new message
	Edit              // Content takes the place of Target's
	Recall            // Target is taken back
)

// SendResponse says that the far side has the message.
type SendResponse struct {
	MessageID string // the far side's id of it, for replies, receipts and echoes; "" = it gives none
	Duplicate bool   // the far side had it already, under the same DeliveryID
}
