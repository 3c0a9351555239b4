// Package message is the vocabulary of what people say to each other, whatever
// the channel, and of who they are. A channel receives only what its manifest
// lists under channel.content.
package message

import (
	"encoding/json"
	"fmt"
	"time"
)

// Author is who wrote a message.
type Author uint8

// The authors. An author that this version of the SDK does not know is
// AuthorUnknown.
const (
	AuthorUnknown  Author = iota
	AuthorCustomer        // who asks
	AuthorAgent           // a person who answers
	AuthorBot             // a bot that answers
	AuthorSystem          // the core itself, or a plugin that is no bot
)

// String returns the author as manifests name it.
func (a Author) String() string {
	switch a {
	case AuthorCustomer:
		return "customer"
	case AuthorAgent:
		return "agent"
	case AuthorBot:
		return "bot"
	case AuthorSystem:
		return "system"
	case AuthorUnknown:
		return "unknown"
	default:
		return "unknown"
	}
}

// Message is a message of a conversation as the core keeps it.
type Message struct {
	ID             string
	ConversationID string
	Seq            uint64 // of the message in its conversation, growing
	Author         Author
	AuthorID       string // the agent's or the bot's id; "" for customers
	AuthorName     string // to show the author by
	Content        Content
	At             time.Time
	Note           bool // internal: customers never see it
}

// Contact is a customer as the core knows them. What identifies a person (Name,
// Emails, Phones, ExternalID, Attributes) is there only with the scope
// contacts:read.pii.
type Contact struct {
	ID         string
	Name       string
	Emails     []string
	Phones     []string
	ExternalID string          // the workspace's own id of the customer; "" = none
	Attributes json.RawMessage // an object: the custom attributes; nil = none
	Locale     string          // BCP 47; "" = not known
	Blocked    bool
	CreatedAt  time.Time
	Revision   uint64 // grows with each change
	// MergedInto is the contact that this one was merged into, which may have
	// been merged in turn; "" = none, or the merge was undone.
	MergedInto string
}

// DecodeAttributes reads the custom attributes into a struct or a map; without
// any it changes nothing.
func (c Contact) DecodeAttributes(into any) error {
	if len(c.Attributes) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.Attributes, into); err != nil {
		return fmt.Errorf("the attributes of %s: %w", c.ID, err)
	}
	return nil
}
