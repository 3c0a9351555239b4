package conversation

import (
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
)

// What a key begins with that is no customer's external id. Those have no
// control characters.
const (
	keyThread = "\n"
	keyApart  = "\r"
)

// Key is what the inbox finds the conversation by: see InboundTx.Current.
func (c *Conversation) Key() string {
	switch {
	case c.Thread != "":
		return ThreadKey(c.Thread)
	case c.Apart:
		return keyApart + string(c.ID)
	default:
		return c.Recipient
	}
}

// ThreadKey is the key of the far side's thread.
func ThreadKey(thread string) string { return keyThread + thread }

// Found puts what a key says of it into a conversation that a store has read.
func (c *Conversation) Found(key string) {
	c.Thread, _ = strings.CutPrefix(key, keyThread)
	if c.Thread == key {
		c.Thread = ""
	}
	c.Apart = strings.HasPrefix(key, keyApart)
}

// externalUnverified begins what an inbox knows somebody by for whom nobody
// vouches: it is another person than the one whose address it is.
const externalUnverified = "unverified:"

// knownAs is what an inbox knows a sender by.
func knownAs(p channel.Person, trust channel.Trust) string {
	if trust.Proven() {
		return p.External
	}
	return externalUnverified + p.External
}

// Address is the far side's name of the customer, whoever they are.
func (c *Conversation) Address() string { return AddressOf(c.Recipient) }

// AddressOf is the far side's name of whom an inbox knows by an external id.
func AddressOf(external string) string { return strings.TrimPrefix(external, externalUnverified) }

// Unverified reports whether an external id is of somebody for whom nobody vouches.
func Unverified(external string) bool { return strings.HasPrefix(external, externalUnverified) }
