package channel

import (
	"context"
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
	hookGiveUp     = 72 * time.Hour   // after this a request is dropped, with a line in the log
	statusAccepted = 202              // as HTTP has it: taken, and not processed yet
	hookGrace      = 10 * time.Second // a request just received is its handler's, not the replayer's
)

// Hooks takes the webhooks of far sides. A request is stored before the plugin
// sees it, and the far side is answered only when what the plugin made of it
// is committed. While the plugin is down or slow the request waits and is
// replayed; the far side is told that it was taken.
type Hooks struct {
	inboxes  Store
	requests RequestStore
	plugins  Plugins
	receiver Receiver
	now      func() time.Time
	ids      id.Source
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
// forgets the request. When it fails with anything but a refusal, the request
// stays and is replayed.
func (h *Hooks) process(ctx context.Context, inbox Inbox, s StoredRequest) (WebhookAnswer, error) {
	budget, cancel := context.WithTimeout(ctx, hookBudget)
	defer cancel()
	answer, err := h.plugins.Webhook(budget, inbox, s.Request)
	if err == nil && answer.Result.Outcome == OutcomeRetry && answer.Status == 0 {
		err = errs.New(errs.Unavailable, "hook.retry", "The channel asked to try again later.")
	}
	if err == nil && len(answer.Inbound) > 0 {
		for i := range answer.Inbound {
			answer.Inbound[i].Inbox = inbox.ID
		}
		scope := identity.Scope{
			Workspace: inbox.Workspace,
			Actor:     identity.Actor{Kind: identity.ActorPlugin, ID: string(inbox.Plugin)},
		}
		_, err = h.receiver.Receive(ctx, scope, answer.Inbound)
	}
	if err != nil {
		return WebhookAnswer{}, err
	}
	return answer, h.requests.RequestDone(ctx, s.Workspace, s.Request.ID)
}

// Replay processes waiting requests that are due, in the order they came. It
// returns how many it tried and how many it dropped for good.
func (h *Hooks) Replay(ctx context.Context) (tried, dropped int, err error) {
	const batch = 64
	due, err := h.requests.RequestsDue(ctx, h.now(), batch)
	if err != nil {
		return 0, 0, err
	}
	for _, s := range due {
		gone, err := h.replay(ctx, s)
		if err != nil {
			return tried, dropped, err
		}
		tried++
		if gone {
			dropped++
		}
	}
	return tried, dropped, nil
}

func (h *Hooks) replay(ctx context.Context, s StoredRequest) (dropped bool, err error) {
	inbox, err := h.inboxes.Inbox(ctx, s.Inbox)
	switch {
	case errs.Is(err, errs.NotFound), h.now().Sub(s.ReceivedAt) > hookGiveUp:
		return true, h.requests.RequestDone(ctx, s.Workspace, s.Request.ID)
	case err != nil:
		return false, err
	}
	s.Request.Replay = true
	if _, err := h.process(ctx, inbox, s); err != nil {
		wait := min(hookFirstRetry<<min(s.Attempts, 10), hookLastRetry)
		return false, h.requests.RetryRequest(ctx, s.Workspace, s.Request.ID, h.now().Add(wait))
	}
	return false, nil
}
