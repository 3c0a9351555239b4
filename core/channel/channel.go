// Package channel is the inboxes (connected channel accounts) and the port to
// the plugins that speak for them. An inbox is one instance of its plugin.
package channel

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
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

	Acknowledgement Acknowledgement
	Rules           Rules // what becomes of conversations that begin in it
}

// MaxName bounds the name of an inbox, in characters.
const MaxName = 100

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

// Outcome is what became of one item handed over the plugin boundary.
type Outcome uint8

// The outcomes. An unknown outcome counts as Retry, never as success.
const (
	OutcomeRetry     Outcome = iota // nothing happened that would not be safe to repeat
	OutcomeAccepted                 // done
	OutcomeRejected                 // refused for good
	OutcomeDuplicate                // was done before: counts as done
	OutcomeUnknown                  // may have been done; asking again might do it twice: a person decides
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
