package channel

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// MaxReplay is how many requests one call replays.
const MaxReplay = 1000

// Actions in the audit log.
const (
	ActionRequestRead      = "inbox.request_read"
	ActionRequestsReplayed = "inbox.requests_replayed"
)

// Keeper records what somebody did.
type Keeper interface {
	Keep(ctx context.Context, scope identity.Scope, r *event.Record) error
}

// RequestLog shows members the raw requests of an inbox and has them replayed.
// Its replays go through Hooks.Replay, the one runner there is. It is safe for
// concurrent use.
type RequestLog struct {
	inboxes Store
	store   RequestLogStore
	audit   Keeper
	now     func() time.Time
}

// NewRequestLog returns a RequestLog.
func NewRequestLog(inboxes Store, store RequestLogStore, audit Keeper, now func() time.Time) *RequestLog {
	return &RequestLog{inboxes: inboxes, store: store, audit: audit, now: now}
}

// List returns requests, the newest first. Needs InboxManage. Sentences of the
// plugin, which may name a person, are for those who may read all conversations.
func (l *RequestLog) List(ctx context.Context, scope identity.Scope, inbox InboxID, states []RequestState, p page.Request) (page.Page[LoggedRequest], error) {
	if _, err := l.mine(ctx, scope, inbox); err != nil {
		return page.Page[LoggedRequest]{}, err
	}
	found, err := l.store.Requests(ctx, scope.Workspace, inbox, RequestFilter{States: states}, p)
	if !scope.ReadsAll() {
		for i := range found.Items {
			found.Items[i].Detail = ""
		}
	}
	return found, err
}

// ShownRequest is a request for a member to see.
type ShownRequest struct {
	LoggedRequest

	Headers  []ShownValue // by name
	Query    []ShownValue // in order
	Withheld bool         // what is raw is left out: the member may not read all conversations
}

// Get returns one request, with what is raw for those who may read all
// conversations: it may be anybody's. That somebody read it is recorded. Needs
// InboxManage.
func (l *RequestLog) Get(ctx context.Context, scope identity.Scope, inbox InboxID, id string) (ShownRequest, error) {
	in, err := l.mine(ctx, scope, inbox)
	if err != nil {
		return ShownRequest{}, err
	}
	found, err := l.store.Request(ctx, scope.Workspace, inbox, id)
	if err != nil {
		return ShownRequest{}, err
	}
	raw := found.Request
	out := ShownRequest{LoggedRequest: found, Withheld: !scope.ReadsAll()}
	out.Request.Headers, out.Request.Query = nil, ""
	if out.Withheld {
		out.Detail, out.Request = "", WebhookRequest{ID: raw.ID, Method: raw.Method}
		return out, nil
	}
	if out.Bare {
		return out, nil
	}
	out.Headers, out.Query = shownHeaders(raw.Headers), shownQuery(raw.Query)
	record := identity.Record(ctx, scope, ActionRequestRead, in.Target()).Say(map[string]string{"request": id})
	return out, l.audit.Keep(ctx, scope, record)
}

// Replay has one request processed again, also one that was processed: what is
// in already counts as a duplicate. Needs InboxManage.
func (l *RequestLog) Replay(ctx context.Context, scope identity.Scope, inbox InboxID, id string) (LoggedRequest, error) {
	in, err := l.ready(ctx, scope, inbox)
	if err != nil {
		return LoggedRequest{}, err
	}
	found, err := l.store.Request(ctx, scope.Workspace, inbox, id)
	switch {
	case err != nil:
		return LoggedRequest{}, err
	case found.Bare:
		return LoggedRequest{}, errs.New(errs.Conflict, "hook.not_kept", "The request itself is not kept, so it cannot be replayed.")
	}
	n, err := l.again(ctx, scope, in, RequestFilter{ID: id}, map[string]any{"request": id})
	switch {
	case err != nil:
		return LoggedRequest{}, err
	case n == 0:
		return LoggedRequest{}, errs.New(errs.Conflict, "hook.in_progress", "The request is being processed. Look again in a moment.")
	}
	found, err = l.store.Request(ctx, scope.Workspace, inbox, id)
	found.Request = WebhookRequest{ID: found.Request.ID, Method: found.Request.Method}
	if !scope.ReadsAll() {
		found.Detail = ""
	}
	return found, err
}

// ReplayAll has the requests in some states that came since a time processed
// again, in the order they came, at most MaxReplay, and returns how many. Needs
// InboxManage.
func (l *RequestLog) ReplayAll(ctx context.Context, scope identity.Scope, inbox InboxID, states []RequestState, since time.Time) (int, error) {
	in, err := l.ready(ctx, scope, inbox)
	if err != nil {
		return 0, err
	}
	if len(states) == 0 || slices.Contains(states, RequestProcessed) {
		return 0, errs.New(errs.Invalid, "hook.replay_states", "Say which requests to replay: refused, forged or given up.")
	}
	said := map[string]any{"outcome": states}
	if !since.IsZero() {
		said["since"] = since.UTC()
	}
	return l.again(ctx, scope, in, RequestFilter{States: states, Since: since}, said)
}

func (l *RequestLog) again(ctx context.Context, scope identity.Scope, in Inbox, f RequestFilter, said map[string]any) (int, error) {
	now := l.now()
	n, err := l.store.ReplayRequests(ctx, scope.Workspace, in.ID, RequestReplay{
		RequestFilter: f, At: now, Settled: now.Add(-hookGrace), Limit: MaxReplay, Waiting: MaxHookWaiting,
	})
	if err != nil || n == 0 && f.ID != "" {
		return n, err
	}
	said["requests"] = n
	return n, l.audit.Keep(ctx, scope, identity.Record(ctx, scope, ActionRequestsReplayed, in.Target()).Say(said))
}

// mine refuses who may not manage the inbox, and inboxes of others.
func (l *RequestLog) mine(ctx context.Context, scope identity.Scope, id InboxID) (Inbox, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return Inbox{}, err
	}
	inbox, err := l.inboxes.Inbox(ctx, id)
	if err == nil && inbox.Workspace != scope.Workspace {
		err = errs.Absent()
	}
	return inbox, err
}

// ready refuses inboxes that are turned off, besides.
func (l *RequestLog) ready(ctx context.Context, scope identity.Scope, id InboxID) (Inbox, error) {
	inbox, err := l.mine(ctx, scope, id)
	if err == nil && !inbox.Enabled {
		err = errs.New(errs.Conflict, "hook.inbox_off", "The inbox is turned off. Turn it on, and replay then.")
	}
	return inbox, err
}
