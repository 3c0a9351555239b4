package channel

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Limits of webhook intake.
const (
	MaxHookBody    = 1 << 20          // bytes
	MaxHookWaiting = 10_000           // raw requests of one inbox that wait for its plugin
	hookBudget     = 3 * time.Second  // for verifying and parsing, below the 5 s that WeChat waits
	hookFirstRetry = 2 * time.Second  // doubled on each attempt
	hookLastRetry  = 5 * time.Minute  // the longest wait between attempts
	hookGiveUp     = 72 * time.Hour   // after this a request is given up, with a line in the log; a person may replay it
	statusAccepted = 202              // as HTTP has it: taken, and not processed yet
	hookGrace      = 10 * time.Second // a request just received is its handler's, not the replayer's
	hookApart      = time.Second      // between the request that found a plugin down and those behind it
)

// codeForged is how plugins refuse what is not from their far side: see
// errs.CodeBadSignature of the SDK.
const codeForged = "bad_signature"

// Codes that stand with raw requests that wait.
const (
	CodeBehind = "hook.behind" // behind one that its plugin did not answer
	CodeRetry  = "hook.retry"  // its plugin has answered: later, please
)

// Hooks takes the webhooks of far sides. A request is stored before the plugin
// sees it, and the far side is answered only when what the plugin made of it
// is committed. While the plugin is down or slow the request waits and is
// replayed; the far side is told that it was taken. What became of it is kept
// for a time, with the request.
type Hooks struct {
	inboxes  Store
	requests RequestStore
	plugins  Plugins
	receiver Receiver
	now      func() time.Time
	ids      id.Source
	room     room
}

// NewHooks returns a Hooks.
func NewHooks(inboxes Store, requests RequestStore, plugins Plugins, receiver Receiver, now func() time.Time) *Hooks {
	return &Hooks{inboxes: inboxes, requests: requests, plugins: plugins, receiver: receiver, now: now, ids: id.NewSource(now)}
}

// Handle takes one request under the secret token of an inbox.
func (h *Hooks) Handle(ctx context.Context, token string, r WebhookRequest) (WebhookAnswer, error) {
	inbox, err := h.inboxes.InboxByHook(ctx, HookHash(token))
	if err != nil {
		return WebhookAnswer{}, err
	}
	if !inbox.Enabled {
		return WebhookAnswer{}, errs.Absent()
	}
	r.ID = h.ids.New("whk")
	stored := StoredRequest{
		Workspace: inbox.Workspace, Inbox: inbox.ID, Request: r,
		ReceivedAt: h.now(), NextAt: h.now().Add(hookGrace),
	}
	stored.WaitsSince = stored.ReceivedAt
	if err := h.requests.PutRequest(ctx, stored, MaxHookWaiting); err != nil {
		return WebhookAnswer{}, err
	}
	answer, err := h.process(ctx, inbox, stored)
	if err != nil { // it is stored and will be replayed: for the far side that is a success
		return WebhookAnswer{Status: statusAccepted, Result: Result{Outcome: OutcomeRetry, Detail: err.Error()}}, nil //nolint:nilerr // see above
	}
	return answer, nil
}

// process lets the plugin parse a stored request, commits what came of it and
// notes that. When it fails with anything but a refusal, or the plugin asks for
// it, or the core wants an item again, the request stays and is replayed.
func (h *Hooks) process(ctx context.Context, inbox Inbox, s StoredRequest) (WebhookAnswer, error) {
	budget, cancel := context.WithTimeout(ctx, hookBudget)
	defer cancel()
	begun := h.now()
	answer, err := h.plugins.Webhook(budget, inbox, s.Request)
	if err != nil {
		return WebhookAnswer{}, err
	}
	if answer.Result.Outcome == OutcomeRetry { // whatever status it comes with
		return WebhookAnswer{}, later(answer.Result, "The channel asked to try again later.")
	}
	results, err := h.receive(ctx, inbox, answer.Inbound)
	if err != nil {
		return WebhookAnswer{}, err
	}
	e := ending(answer, results)
	e.At = h.now()
	e.Took = e.At.Sub(begun)
	forged, size := e.State == RequestForged, s.Request.Size()
	if !s.Request.Replay && !h.room.take(s.Inbox, forged, size) {
		return answer, h.requests.ForgetRequest(ctx, s.Workspace, s.Request.ID)
	}
	e.Bare = forged && size > maxForged
	return answer, h.requests.EndRequest(ctx, s.Workspace, s.Request.ID, e)
}

// receive commits what the plugin made of a request. What is wanted again comes
// again with all its request: what is in already counts as a duplicate.
func (h *Hooks) receive(ctx context.Context, inbox Inbox, items []Inbound) ([]Result, error) {
	if len(items) == 0 {
		return nil, nil
	}
	for i := range items {
		items[i].Inbox = inbox.ID
	}
	scope := identity.Scope{
		Workspace: inbox.Workspace,
		Actor:     identity.Actor{Kind: identity.ActorPlugin, ID: string(inbox.Plugin)},
	}
	results, err := h.receiver.Receive(ctx, scope, items)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(results, func(r Result) bool { return r.Outcome == OutcomeRetry }); i >= 0 {
		return nil, later(results[i], "What came is too early, and is taken later.")
	}
	return results, nil
}

// later is why a request is tried again: what the plugin or the core said.
func later(r Result, otherwise string) error {
	return retryError{Err: errs.New(errs.Unavailable, CodeRetry, otherwise), said: r}
}

// retryError is a request that was answered: later, please.
type retryError struct {
	Err  error
	said Result
}

// Error implements error.
func (e retryError) Error() string { return e.Err.Error() }

// Unwrap returns the error that a far side may be told.
func (e retryError) Unwrap() error { return e.Err }

// whyOf says of an attempt that failed why, for those who look after the inbox.
func whyOf(err error) Result {
	if asked, ok := errors.AsType[retryError](err); ok && asked.said.Code != "" {
		return asked.said
	}
	e := errs.As(err)
	return Result{Code: e.Code, Detail: e.Message}
}

// Replay processes waiting requests that are due, in the order they came. It
// returns how many it tried and how many it gave up. A plugin that
// does not answer is asked once: its other requests wait behind that one, and
// do not hold up those of other inboxes.
func (h *Hooks) Replay(ctx context.Context) (tried, dropped int, err error) {
	const batch = 64
	due, err := h.requests.RequestsDue(ctx, h.now(), batch)
	if err != nil {
		return 0, 0, err
	}
	down := make(map[InboxID]time.Time) // when the first request is tried again
	for _, s := range due {
		if next, ok := down[s.Inbox]; ok {
			// Not together with the first: if that one is what hangs the
			// plugin, these get their turn.
			if err := h.requests.RetryRequest(ctx, s.Workspace, s.Request.ID, next.Add(hookApart), Result{Code: CodeBehind}); err != nil {
				return tried, dropped, err
			}
			continue
		}
		gone, next, err := h.replay(ctx, s)
		if err != nil {
			return tried, dropped, err
		}
		tried++
		if gone {
			dropped++
		}
		if !next.IsZero() {
			down[s.Inbox] = next
		}
	}
	return tried, dropped, nil
}

// replay tries one request again. down is when the next attempt is due if the
// plugin did not answer at all; zero if it did.
func (h *Hooks) replay(ctx context.Context, s StoredRequest) (dropped bool, down time.Time, err error) {
	inbox, err := h.inboxes.Inbox(ctx, s.Inbox)
	switch {
	case errs.Is(err, errs.NotFound):
		return true, down, h.requests.ForgetRequest(ctx, s.Workspace, s.Request.ID)
	case err != nil:
		return false, down, err
	case h.now().Sub(s.WaitsSince) > hookGiveUp:
		return true, down, h.requests.EndRequest(ctx, s.Workspace, s.Request.ID, Ending{State: RequestGivenUp, At: h.now()})
	}
	s.Request.Replay = true
	if _, err := h.process(ctx, inbox, s); err != nil {
		next := h.now().Add(min(hookFirstRetry<<min(s.Attempts, 10), hookLastRetry))
		if e := errs.As(err); e.Kind == errs.Unavailable && e.Code != CodeRetry {
			down = next
		}
		return false, down, h.requests.RetryRequest(ctx, s.Workspace, s.Request.ID, next, whyOf(err))
	}
	return false, down, nil
}
