package delivery

import (
	"cmp"
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
)

// StepState names what happened to a message on its way.
type StepState string

// The steps. The ledger keeps all but the first StepQueued, which is known from
// the message itself, StepWaiting, which is so only now, and the StepRead of a
// live channel, which is the customer's mark.
const (
	StepQueued    StepState = "queued"  // with CodeSendAgain: once more
	StepWaiting   StepState = "waiting" // its inbox is paused now, since then
	StepAttempt   StepState = "attempt" // handed to the plugin; with a code when it did not get through
	StepSent      StepState = "sent"
	StepDelivered StepState = "delivered" // the far side has brought it to the person
	StepFailed    StepState = "failed"
	StepUnknown   StepState = "unknown"
	StepRead      StepState = "read" // the customer has seen it
)

// Codes of steps that no far side gives.
const (
	CodeStored     = "stored"      // a live channel's message is where its customer reads it
	CodePluginDied = "plugin_died" // during the attempt: it may have left

	CodePaused = "account_paused" // the far side rejected the inbox's credentials for good

	CodeSaidArrived = "said_arrived" // a member says that the customer has it
	CodeSendAgain   = "send_again"   // a member wants it sent again
	CodeDismissed   = "dismissed"    // a member says that a change was not made, and is not to be

	CodeEdit   = "edit"   // of StepQueued: a change of what it says waits
	CodeRecall = "recall" // of StepQueued: it waits to be taken back
)

// Step is one thing that happened to a message on its way.
type Step struct {
	At       time.Time
	State    StepState
	Attempt  int // counted from 1; 0 = none
	Code     string
	Detail   string // for operators
	Plugin   string // "<id> <version>"
	Provider string // the far side's id of the message
}

// Steps are what a settlement adds to the history, in order. now is when it is
// recorded.
func (x Settlement) Steps(now time.Time) []Step {
	var out []Step
	attempt := Step{At: x.Delivery.Began, State: StepAttempt, Attempt: x.Attempts, Plugin: x.Delivery.handler()}
	if x.State == Pending {
		attempt.Code, attempt.Detail = x.Result.Code, x.Result.Detail
	}
	if x.Attempts > x.Delivery.Attempts { // else nothing was tried: it was given up
		if attempt.At.IsZero() {
			attempt.At = now
		}
		out = append(out, attempt)
	}
	end := Step{At: now, Attempt: x.Attempts, Code: x.Result.Code, Detail: x.Result.Detail, Provider: x.Provider}
	switch {
	case x.State == Pending:
		return out
	case x.State == Sent:
		end.State, end.Code, end.Detail = StepSent, "", ""
	case x.Unclear():
		end.State = StepUnknown
	default:
		end.State = StepFailed
	}
	return append(out, end)
}

// Told is what agents see of a settlement that is final.
func (x Settlement) Told() (state conversation.DeliveryState, detail string) {
	state = conversation.DeliveryFailed
	switch {
	case x.State == Sent:
		return conversation.DeliverySent, ""
	case x.Unclear():
		state = conversation.DeliveryUnknown
	}
	return state, cmp.Or(x.Result.Detail, x.Result.Code)
}

// StepOf is the step that a change of a conversation makes in the history of
// its message; false when it makes none. It comes after the steps of a
// settlement of the same instant.
func StepOf(ch conversation.Change, plugin channel.PluginID) (Step, bool) {
	news, ok := ch.DeliveryNews()
	s := Step{At: ch.At.Add(time.Microsecond), Plugin: string(plugin), Code: news.Code, Detail: news.Detail}
	switch news.Reported {
	case channel.StatusSent:
		s.State = StepSent
	case channel.StatusDelivered:
		s.State = StepDelivered
	case channel.StatusRead:
		s.State = StepRead
	case channel.StatusFailed:
		s.State = StepFailed
	}
	switch news.Resolved {
	case conversation.SaidArrived:
		s.State, s.Code, s.Plugin = StepSent, CodeSaidArrived, ""
	case conversation.SendAgain:
		s.State, s.Code, s.Plugin = StepQueued, CodeSendAgain, ""
	case conversation.Dismissed:
		s.State, s.Code, s.Plugin = StepFailed, CodeDismissed, ""
	}
	if news.Asked {
		s.State, s.Code = StepQueued, string(news.Act)
	}
	return s, ok && s.State != "" // the steps of an act's attempts are its settlements'
}

// Interrupted is the step of an attempt whose end nobody saw.
func (d Delivery) Interrupted() Step {
	return Step{At: d.Began, State: StepAttempt, Attempt: d.Attempts + 1, Code: CodePluginDied, Plugin: d.handler()}
}

func (d Delivery) handler() string {
	if d.Version == "" {
		return string(d.Plugin)
	}
	return string(d.Plugin) + " " + d.Version
}

// History reads what the ledger keeps.
type History interface {
	// Steps returns the steps of a message that the ledger keeps, in order. id
	// is its conversation's.
	Steps(ctx context.Context, workspace identity.WorkspaceID, id string, seq uint64) ([]Step, error)
}

// Conversations are the use cases of conversations that a Tracker needs.
type Conversations interface {
	Get(ctx context.Context, scope identity.Scope, id conversation.ID) (conversation.Conversation, error)
	Message(ctx context.Context, scope identity.Scope, id conversation.ID, message conversation.MessageID) (conversation.Message, error)
	SeenAt(ctx context.Context, scope identity.Scope, id conversation.ID, seq uint64) (time.Time, error)
}

// Tracker answers where a message is.
type Tracker struct {
	// Paused tells since when an inbox is paused; zero = it is not. nil = none is.
	Paused func(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID) (time.Time, error)

	history       History
	conversations Conversations
}

// NewTracker returns a Tracker.
func NewTracker(h History, c Conversations) *Tracker { return &Tracker{history: h, conversations: c} }

// waiting is the step of a message that waits since its inbox is paused.
func (t *Tracker) waiting(ctx context.Context, c conversation.Conversation, m conversation.Message) ([]Step, error) {
	if t.Paused == nil || m.Delivery != conversation.DeliveryPending {
		return nil, nil
	}
	since, err := t.Paused(ctx, c.Workspace, c.Inbox)
	if err != nil || since.IsZero() {
		return nil, err
	}
	return []Step{{At: later(since, m.CreatedAt), State: StepWaiting, Code: CodePaused}}, nil
}

// Trace tells what happened to a message on its way to the customer, in order.
// What never had to leave (a note, the customer's own) has no steps.
func (t *Tracker) Trace(ctx context.Context, scope identity.Scope, id conversation.ID, message conversation.MessageID) ([]Step, error) {
	c, err := t.conversations.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	m, err := t.conversations.Message(ctx, scope, id, message)
	if err != nil || m.Kind == conversation.Note || m.Sender.Kind == identity.ActorContact {
		return nil, err
	}
	var out []Step
	if m.Delivery == "" {
		out = []Step{{At: m.CreatedAt, State: StepSent, Code: CodeStored, Plugin: string(c.Plugin)}}
	} else {
		out = []Step{{At: m.CreatedAt, State: StepQueued, Plugin: string(c.Plugin)}}
		kept, err := t.history.Steps(ctx, scope.Workspace, string(id), m.Seq)
		if err != nil {
			return nil, err
		}
		out = append(out, kept...)
		waiting, err := t.waiting(ctx, c, m)
		if err != nil {
			return nil, err
		}
		out = append(out, waiting...)
	}
	seen, err := t.conversations.SeenAt(ctx, scope, id, m.Seq)
	if err == nil && !seen.IsZero() {
		out = append(out, Step{At: seen, State: StepRead})
	}
	return out, err
}
