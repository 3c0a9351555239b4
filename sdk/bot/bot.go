// Package bot is the ability to answer customers until a person does.
//
// The core keeps the conversation and asks the bot turn by turn: a Bot gets
// what was said and what it remembered, and says what to do about it. Between
// two turns it needs no memory of its own, so turns of one conversation may
// run on different nodes.
//
// Concurrency: Turn is called from several goroutines at once, for different
// conversations; the turns of one conversation follow one another.
// Durability: what a bot says counts when the core has it. A turn that fails is
// asked again with the same TurnID, and what was said under it before is not
// said twice.
package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// MaxMemory bounds TurnResponse.Memory, in bytes.
const MaxMemory = 64 << 10

// Bot answers customers.
type Bot interface {
	// Turn says through out what to do now, and returns when that is all. ctx
	// ends when nobody wants the answer any more (an agent took over, the
	// customer left), when the bot has said nothing for 20 seconds (a Delta is
	// something), and after 10 minutes in any case. Nothing of the turn counts
	// that the core has not got by then, so stop.
	//
	// After an error the core asks again with the same TurnID, and after three
	// gives the conversation to people. An error of the source Rejected is not
	// asked again: people get the conversation at once.
	Turn(ctx context.Context, req TurnRequest, out *Turn) (TurnResponse, error)
}

// Trigger is why a bot is asked.
type Trigger uint8

// The triggers. One that this version of the SDK does not know is
// TriggerUnknown: a bot that does not know either says nothing.
const (
	TriggerUnknown    Trigger = iota
	TriggerOpened             // the conversation began, and nobody has written yet
	TriggerMessage            // the last message of History is the customer's
	TriggerToolResult         // a tool that the bot asked for is done: see ToolResults
)

// TurnRequest is what a bot gets.
type TurnRequest struct {
	Instance       instance.Instance
	TurnID         string // the same on every attempt
	ConversationID string
	Trigger        Trigger
	History        []message.Message // the newest messages, the oldest of them first, without notes
	Contact        message.Contact   // cut to the scopes; the zero value without contacts:read
	Locale         string            // BCP 47: the customer's language as far as it is known; "" = not known
	ToolResults    []ToolResult
	Memory         []byte // TurnResponse.Memory of the turn before; empty at first
	Attempt        int    // attempts before this one
}

// Said returns the customer's last message, and false when History has none.
func (r TurnRequest) Said() (message.Message, bool) {
	for _, m := range slices.Backward(r.History) {
		if m.Author == message.AuthorCustomer {
			return m, true
		}
	}
	return message.Message{}, false
}

// Recall reads Memory, written as JSON, into a struct; without any memory it
// changes nothing.
func (r TurnRequest) Recall(into any) error {
	if len(r.Memory) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.Memory, into); err != nil {
		return fmt.Errorf("the memory of %s: %w", r.ConversationID, err)
	}
	return nil
}

// ToolResult is what came of a ToolCall.
type ToolResult struct {
	CallID string
	// Err is why the tool did not work; nil = it did. An error of the source
	// Rejected with the code CodeDenied says that a person said no.
	Err    *errs.Error
	Output json.RawMessage // a JSON value; nil when Err is not
}

// CodeDenied is the code of a tool that a person did not allow.
const CodeDenied = "denied"

// TurnResponse is what to keep of a turn. The zero value is a fine one.
type TurnResponse struct {
	Memory     []byte  // given back with the next turn of the conversation; at most MaxMemory
	Confidence float64 // 0 to 1; 0 = not known
	TokensIn   uint64
	TokensOut  uint64
	CostMicros uint64 // millionths of a US dollar
}

// Remember returns r with v, as JSON, for its memory.
func (r TurnResponse) Remember(v any) (TurnResponse, error) {
	encoded, err := json.Marshal(v)
	if err != nil {
		return r, fmt.Errorf("encode the memory: %w", err)
	}
	if len(encoded) > MaxMemory {
		return r, fmt.Errorf("the memory has %d bytes, more than %d", len(encoded), MaxMemory)
	}
	r.Memory = encoded
	return r, nil
}
