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
	Attempt        int  // attempts before this one
	Suspect        bool // was in flight when a process died: the far side may have it already
}

// SendResponse says that the far side has the message.
type SendResponse struct {
	MessageID string // the far side's id of it; "" = it gives none
	Duplicate bool   // the far side had it already, under the same DeliveryID
}
