// Package channel is the inboxes (connected channel accounts) and the port to
// the plugins that speak for them. An inbox is one instance of its plugin.
package channel

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/media"
)

type (
	// InboxID names an inbox: inb_.
	InboxID string
	// PluginID is "<publisher>/<name>", from the manifest.
	PluginID string
)

// Inbox is a connected channel account.
type Inbox struct {
	Workspace      identity.WorkspaceID
	ID             InboxID
	Name           string
	Plugin         PluginID
	Live           bool            // the core's gateway serves its visitors; nothing is delivered through the plugin
	Config         json.RawMessage // an object that the plugin's config_schema accepts
	Secrets        instance.Sealed // of the secret fields, which Config does not have
	ConfigRevision uint64          // grows with each change of Config or Secrets
	HookHash       string          // SHA-256 (hex) of the token in its webhook address
	Enabled        bool
	Bot            string // the connection of the bot that answers first; "" = people do
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// MaxName bounds the name of an inbox, in characters.
const MaxName = 100

// Capabilities is what the far side can do, as the manifest declares it. The
// composer is drawn from it.
type Capabilities struct {
	Content         []string // ContentText and the others
	TextLimit       int      // characters of one message; 0 = MaxText of the conversation package
	AttachmentLimit int64    // bytes of one file; 0 = as the server's settings say
}

// What messages of a channel may hold, as manifests say it.
const (
	ContentText  = "text"
	ContentImage = "image"
	ContentAudio = "audio"
	ContentFile  = "file"
	ContentReply = "reply"
)

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

// Type is an installed channel plugin, as far as its manifest tells: known
// even while its process is down.
type Type struct {
	Plugin       PluginID
	Version      string
	Name         map[string]string // by locale; "en" is always there
	Summary      map[string]string
	Live         bool
	Capabilities Capabilities
	ConfigSchema json.RawMessage  // JSON Schema 2020-12
	Asks         []instance.Asked // scopes of the manifest
	Available    bool             // its process is ready now
	Barred       error            // why nothing new is sent through it: its license; nil = it is
}

// Problem is one fault of a configuration.
type Problem = instance.Problem

// Content of a message as channels exchange it.
type Content struct {
	Text string
}

// Person is a customer as a channel knows them.
type Person struct {
	External   string // unique per inbox
	Name       string
	Attributes map[string]string
}

// Inbound is something that a channel received.
type Inbound struct {
	Inbox    InboxID
	External string // the far side's id of the message: (inbox, external) is the key for deduplication
	Sender   Person
	Content  Content
	SentAt   time.Time // by the far side's clock; zero = unknown
}

// Outcome is what became of one item handed over the plugin boundary.
type Outcome uint8

// The outcomes. An unknown outcome counts as Retry, never as success.
const (
	OutcomeRetry     Outcome = iota // nothing happened that would not be safe to repeat
	OutcomeAccepted                 // done
	OutcomeRejected                 // refused for good
	OutcomeDuplicate                // was done before: counts as done
)

// Result answers one item.
type Result struct {
	Outcome    Outcome
	Code       string // stable, for example "invalid_recipient"
	Detail     string // for operators
	RetryAfter time.Duration
}

// Health is what a plugin says of one inbox.
type Health = instance.Health
