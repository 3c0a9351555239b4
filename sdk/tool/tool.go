// Package tool is the ability to do something on demand: look up a parcel, pay
// a refund, book a slot. Bots, rules and agents ask for tools. What tools there
// are, what they take and whether a person must agree each time stands in the
// manifest, so that it is known without a process.
//
// Concurrency: Invoke is called from several goroutines at once.
package tool

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// CodeUnknown answers for a tool that the plugin does not have.
const CodeUnknown = "unknown_tool"

// Tools does what the manifest's tools promise. Map is one that finds the tool
// by its name.
type Tools interface {
	// Invoke uses a tool. The core has checked Args against the manifest's
	// schema, and a person has agreed where the manifest wants it. ctx ends
	// after the tool's timeout_s.
	//
	// It is called at least once for each ID: repeated with the same one it
	// must have no further effect. An error of the source Rejected is told to
	// who asked; after any other it is tried again a few times.
	Invoke(ctx context.Context, req InvokeRequest) (InvokeResponse, error)
}

// Func is one tool.
type Func func(ctx context.Context, req InvokeRequest) (InvokeResponse, error)

// Map is a Tools whose functions are found by the tool's name in the manifest.
type Map map[string]Func

// Invoke calls the tool.
func (m Map) Invoke(ctx context.Context, req InvokeRequest) (InvokeResponse, error) {
	fn := m[req.Tool]
	if fn == nil {
		return InvokeResponse{}, errs.Reject(CodeUnknown, fmt.Sprintf("There is no tool %q.", req.Tool))
	}
	return fn(ctx, req)
}

// InvokeRequest is one use of a tool.
type InvokeRequest struct {
	Instance instance.Instance
	ID       string // the idempotency key: the same on every attempt
	Tool     string // its name in the manifest
	Args     json.RawMessage

	// What it is about, where it is about something.
	ConversationID string
	TicketID       string
	ContactID      string

	Caller  Caller
	Attempt int // attempts before this one

	// Progress tells who waits how far it is: a sentence, as often as there is
	// something to tell. It never fails; it may be nil in a test that calls a
	// tool itself, so call Tell.
	Progress func(sentence string)
}

// Tell tells who waits how far it is.
func (r InvokeRequest) Tell(sentence string) {
	if r.Progress != nil {
		r.Progress(sentence)
	}
}

// Decode reads the arguments into a struct.
func (r InvokeRequest) Decode(into any) error {
	if len(r.Args) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.Args, into); err != nil {
		return fmt.Errorf("the arguments of %s: %w", r.Tool, err)
	}
	return nil
}

// Caller is who asked for a tool.
type Caller struct {
	Kind string // CallerAgent, CallerBot or CallerRule; others may come
	ID   string
}

// Kinds of callers.
const (
	CallerAgent = "agent"
	CallerBot   = "bot"
	CallerRule  = "rule"
)

// InvokeResponse is what came of it.
type InvokeResponse struct {
	Output    any  // encoded as JSON that the manifest's output_schema accepts; nil = nothing to tell
	Duplicate bool // it happened before, under the same ID
}
