package extension

import (
	"context"
	"encoding/json"
	"time"
)

// Address is where an ability is asked: a plugin, for one of its instances.
type Address struct {
	Plugin   PluginID
	Instance string
}

// Author is who wrote a message.
type Author string

// The authors.
const (
	AuthorCustomer Author = "customer"
	AuthorAgent    Author = "agent"
	AuthorBot      Author = "bot"
	AuthorSystem   Author = "system"
)

// Message is a message as plugins are shown it.
type Message struct {
	ID, Conversation     string
	Seq                  uint64
	Author               Author
	AuthorID, AuthorName string // "" for customers without a name
	Text                 string
	Files                []File
	At                   time.Time
}

// File is a file of a message.
type File struct {
	ID, MediaType, Name string
	Size                int64
}

// Customer is a customer as plugins are shown them. Without the scope
// contacts:read.pii only ID, Locale and CreatedAt are filled.
type Customer struct {
	ID             string
	Name           string
	Emails, Phones []string
	External       string
	Attributes     json.RawMessage // an object; nil = {}
	Locale         string
	CreatedAt      time.Time
	Revision       uint64
}

// Trigger is why a bot is asked.
type Trigger string

// The triggers.
const (
	TriggerOpened  Trigger = "opened" // the conversation began
	TriggerMessage Trigger = "message"
	TriggerTool    Trigger = "tool" // a tool that it asked for is done
)

// Turn is what a bot is asked.
type Turn struct {
	ID           string // the same on every attempt
	Conversation string
	Trigger      Trigger
	History      []Message // the oldest first
	Customer     Customer
	Locale       string
	Tools        []ToolResult
	Memory       []byte
	Attempt      int // before this one
}

// ToolResult is what became of a tool that a bot asked for.
type ToolResult struct {
	Call   string
	OK     bool
	Code   string // why not
	Detail string
	Output json.RawMessage
}

// TurnEvent is something that a bot says about a turn: exactly one of the
// fields is set.
type TurnEvent struct {
	Delta   string
	Reply   *Reply
	Tool    *ToolCall
	Handoff *Handoff
	Resolve bool
	Done    *Done
}

// Reply is a message for the customer.
type Reply struct {
	Text  string
	Files []string // ids of uploaded files
}

// ToolCall asks for a tool.
type ToolCall struct {
	Call string // chosen by the bot, unique in the conversation
	Tool string // "<publisher>/<plugin>:<tool>"
	Args json.RawMessage
}

// Handoff gives a conversation to people.
type Handoff struct {
	Team    string // name or id; "" = where the inbox sends its customers
	Reason  string // stable: asked_for_agent, no_answer, failed, ...
	Summary string // "" = none
}

// Done ends a turn.
type Done struct {
	Memory              []byte
	Confidence          float64
	TokensIn, TokensOut uint64
	CostMicros          uint64
}

// Limits of what a bot says.
const (
	MaxMemory  = 64 << 10 // bytes
	MaxReplies = 20       // messages of one turn
	MaxCalls   = 8        // tools of one turn
	MaxReason  = 64       // bytes of a code
	MaxSummary = 4000     // characters
	MaxHistory = 50       // messages that a bot or hook is shown
)

// Bots asks bots.
type Bots interface {
	// Turn asks a bot about a conversation and calls say with each event, in
	// order, until Done, which is told too. It returns nil after Done alone. An
	// error of say ends the stream and is returned; the end of ctx cancels the
	// stream. A bot that says nothing for the host's patience, or more than it
	// may, fails with errs.Unavailable; one whose process is away with
	// errs.Unavailable "plugin.<state>". One that is asked as much as its manifest
	// allows is waited for; when that takes too long, it is CodeBusy.
	Turn(ctx context.Context, to Address, t Turn, say func(TurnEvent) error) error
}
