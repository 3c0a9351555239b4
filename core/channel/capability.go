package channel

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/media"
)

// Capabilities is what the far side can do, as the manifest declares it. The
// composer is drawn from it.
type Capabilities struct {
	Content         []string      // ContentText and the others
	TextLimit       int           // characters of one message; 0 = MaxText of the conversation package
	AttachmentLimit int64         // bytes of one file; 0 = as the server's settings say
	Can             []string      // CanEdit and the others
	EditWithin      time.Duration // since a message was written; 0 = always
	RecallWithin    time.Duration // likewise
	SendKey         bool          // the far side does once what comes twice under one key
	Threads         Threads
	Windows         []Window // when one may write; none = always
	Rates           []Rate   // how quickly; none = as the plugin takes it
}

// What messages of a channel may hold, as manifests say it.
const (
	ContentText     = "text"
	ContentImage    = "image"
	ContentAudio    = "audio"
	ContentFile     = "file"
	ContentReply    = "reply"
	ContentHTML     = "html"
	ContentEnvelope = "envelope" // subject, to, cc, bcc
	ContentLocation = "location"
	ContentMention  = "mention" // members of a group
)

// What a channel can do beside carrying messages, as manifests say it.
const (
	CanEdit     = "edit"     // what was sent
	CanRecall   = "recall"   // what was sent
	CanTyping   = "typing"   // show that somebody writes
	CanRead     = "read"     // show that a message was read
	CanBackfill = "backfill" // bring what came since a time
	CanGroups   = "groups"   // talk with groups
	CanBegin    = "begin"    // write to an address that never wrote

	CanTemplates = "templates" // list messages that were prepared there, and send them
)

// Threads says how a channel's messages make conversations.
type Threads string

// The ways. "" = a person has one conversation in the inbox.
const (
	ThreadsReply Threads = "reply" // an answer goes on, anything else begins a conversation
	ThreadsKey   Threads = "key"   // the far side has talks, and names them
)

// Window is a time in which the far side takes messages to a person.
type Window struct {
	On    string        // the trigger that opens it: "message", or a word of the plugin's
	Quota int           // messages; 0 = any number
	For   time.Duration // since the trigger
}

// TriggerMessage opens the window of every message of a customer.
const TriggerMessage = "message"

// Rate bounds how quickly messages leave.
type Rate struct {
	Per   RateScope
	Count int
	Every time.Duration
	Burst int // 0 = Count
}

// RateScope says what a rate is counted by.
type RateScope string

// The scopes.
const (
	PerAccount   RateScope = "account"   // of one inbox
	PerRecipient RateScope = "recipient" // of one person in it
)

// Able reports whether the channel can do something beside carrying messages.
func (c Capabilities) Able(ability string) bool { return slices.Contains(c.Can, ability) }

// Takes reports whether messages of the channel may hold something.
func (c Capabilities) Takes(content string) bool { return slices.Contains(c.Content, content) }

// TakesKind reports whether the channel carries an attachment of a kind: as
// what it is, or else as a file.
func (c Capabilities) TakesKind(k media.Kind) bool {
	return c.Takes(ContentFile) || k == media.Image && c.Takes(ContentImage) || k == media.Audio && c.Takes(ContentAudio)
}

// TakesFiles reports whether the channel carries attachments of any kind.
func (c Capabilities) TakesFiles() bool {
	return c.Takes(ContentImage) || c.Takes(ContentAudio) || c.Takes(ContentFile)
}
