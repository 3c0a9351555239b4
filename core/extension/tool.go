package extension

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Tool is something that a bot, a rule or an agent may have done, as its
// plugin's manifest says.
type Tool struct {
	Plugin       PluginID
	Name         string
	Title        map[string]string // by locale
	Description  map[string]string
	ArgsSchema   json.RawMessage
	OutputSchema json.RawMessage // nil = not said
	Writes       bool
	Approval     bool // a person must agree each time
	Timeout      time.Duration
}

// FullName is "<publisher>/<plugin>:<tool>".
func (t Tool) FullName() string { return string(t.Plugin) + ":" + t.Name }

// CallerKind is what kind of party has a tool used.
type CallerKind string

// The kinds of callers.
const (
	CallerAgent CallerKind = "agent"
	CallerBot   CallerKind = "bot" // any plugin; ID is its connection's or inbox's
	CallerRule  CallerKind = "rule"
)

// Caller is who has a tool used.
type Caller struct {
	Kind   CallerKind
	ID     string
	Name   string   // for people who are asked to agree; "" = the id
	Plugin PluginID // of a bot
}

// Invocation is one use of a tool, as its plugin sees it.
type Invocation struct {
	ID      string // the same on every attempt
	Tool    string
	Args    json.RawMessage
	Subject Subject
	Caller  Caller
	Attempt int
	Timeout time.Duration
}

// Ending is how a use of a tool ended.
type Ending string

// The outcomes.
const (
	Accepted Ending = "accepted"
	Retry    Ending = "retry"    // it may have happened; the same use may be tried again
	Rejected Ending = "rejected" // for good
)

// Result is what a use of a tool led to.
type Result struct {
	Outcome    Ending
	Code       string
	Detail     string // for members
	Output     json.RawMessage
	RetryAfter time.Duration
}

// Tools is the port to the tools of plugins.
type Tools interface {
	// Tools lists those of the installed plugins, by plugin and as the manifests
	// order them.
	Tools() []Tool
	// CheckArgs returns what is wrong with the arguments, by JSON pointer.
	CheckArgs(plugin PluginID, tool string, args json.RawMessage) []errs.Field
	// Invoke has a tool used, at least once. What the plugin says on the way goes
	// to progress.
	Invoke(ctx context.Context, c Connection, i Invocation, progress func(string)) (Result, error)
}

// CallState is where a use of a tool stands.
type CallState string

// The states.
const (
	CallPending CallState = "pending" // a person must agree
	CallRunning CallState = "running"
	CallDone    CallState = "done"
	CallFailed  CallState = "failed" // for good
	CallDenied  CallState = "denied"
	CallExpired CallState = "expired" // nobody decided in time
)

// Call is a use of a tool, from when it is asked for until its result is
// forgotten.
type Call struct {
	Workspace  identity.WorkspaceID
	ID         string // tci_
	Key        string // the caller's idempotency key, unique with Caller
	Connection ConnectionID
	Plugin     PluginID
	Tool       string
	Args       json.RawMessage
	Subject    Subject
	Caller     Caller
	State      CallState
	Attempts   int
	Completed  Result
	CreatedAt  time.Time
	LeaseUntil time.Time // of CallRunning: nobody else tries until then
	ExpiresAt  time.Time // of CallPending: decided by then, or never; else: forgotten then
	DecidedBy  identity.MemberID
	DecidedAt  time.Time
}

// Over reports whether nothing more happens to the call.
func (c Call) Over() bool { return c.State != CallPending && c.State != CallRunning }

// InLocale returns the text of a language, of the one that it is a kind of, or
// the English one.
func InLocale(texts map[string]string, locale string) string {
	if text, ok := texts[locale]; ok {
		return text
	}
	language, _, _ := strings.Cut(locale, "-")
	if text, ok := texts[language]; ok {
		return text
	}
	return texts["en"]
}
