package channel

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// RequestState says what became of a raw webhook request.
type RequestState string

// The states.
const (
	RequestWaiting   RequestState = "waiting"   // for its plugin, or for its turn
	RequestProcessed RequestState = "processed" // what it brought is in
	RequestRefused   RequestState = "refused"   // by the plugin, or all that it brought by the core
	RequestForged    RequestState = "forged"    // its signature or secret is wrong: of a stranger, or of a wrong setting
	RequestGivenUp   RequestState = "given_up"  // it waited for longer than anybody tries
)

// RequestStates lists them.
func RequestStates() []RequestState {
	return []RequestState{RequestWaiting, RequestProcessed, RequestRefused, RequestForged, RequestGivenUp}
}

// StoredRequest is a raw webhook request that waits for its plugin.
type StoredRequest struct {
	Workspace  identity.WorkspaceID
	Inbox      InboxID
	Request    WebhookRequest
	ReceivedAt time.Time
	WaitsSince time.Time // when it came, or was last replayed by hand
	Attempts   int       // by the replayer, since then
	NextAt     time.Time
}

// Size is how many bytes of a request are kept.
func (r WebhookRequest) Size() int64 {
	n := len(r.Body) + len(r.Path) + len(r.Query)
	for name, values := range r.Headers {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return int64(n)
}

// Ending is what became of a request, and when.
type Ending struct {
	State      RequestState
	At         time.Time
	Took       time.Duration // of the last attempt
	Code       string        // stable; "" = nothing was wrong
	Detail     string        // for operators
	Accepted   int           // items that are in
	Duplicates int           // items that were in before
	Refused    int           // items that were refused
	Senders    []string      // external ids of the people in it, by which an erasure finds it
	Bare       bool          // the raw request is not kept
}

// LoggedRequest is a request with what became of it.
type LoggedRequest struct {
	StoredRequest // of a list without the raw request, but for its id and method

	Ending
	Kept int64 // bytes
}

// RequestFilter says which requests of an inbox are meant.
type RequestFilter struct {
	States []RequestState // empty: all
	Since  time.Time      // received then or later; zero: all
	ID     string         // one alone; "" = all
}

// RequestReplay says which requests wait anew, the oldest first.
type RequestReplay struct {
	RequestFilter

	At      time.Time // when they are due
	Settled time.Time // one that waits already is due then if it was received before this
	Limit   int       // how many at most
	Waiting int       // how many of an inbox may wait
}

// RequestPile is how many ended requests of an inbox are kept: of those that
// were forged, or of the others.
type RequestPile struct {
	Workspace identity.WorkspaceID
	Inbox     InboxID
	Forged    bool
	Count     int
	Bytes     int64
	Oldest    time.Time // the first that ended
}

// RequestCut says how much of a pile goes, the first that ended first: so many
// and so many bytes, and whatever ended before a time.
type RequestCut struct {
	Count  int
	Bytes  int64
	Before time.Time
}

// RequestStore keeps raw webhook requests and what became of them.
type RequestStore interface {
	// PutRequest stores a request, which waits. It fails with errs.RateLimited
	// when the inbox already has limit requests waiting.
	PutRequest(ctx context.Context, r StoredRequest, limit int) error
	// EndRequest notes what became of a request that waits; none if it does not.
	EndRequest(ctx context.Context, workspace identity.WorkspaceID, id string, e Ending) error
	// ForgetRequest removes a request.
	ForgetRequest(ctx context.Context, workspace identity.WorkspaceID, id string) error
	// RetryRequest counts an attempt that failed, and sets when the next is due.
	RetryRequest(ctx context.Context, workspace identity.WorkspaceID, id string, next time.Time, why Result) error
	// RequestsDue returns waiting requests with NextAt <= now, over all
	// workspaces, the oldest first.
	RequestsDue(ctx context.Context, now time.Time, limit int) ([]StoredRequest, error)
	RequestLogStore
}

// RequestLogStore is what members are shown of it.
type RequestLogStore interface {
	// Requests lists the requests of an inbox, the newest first, without what is raw.
	Requests(ctx context.Context, workspace identity.WorkspaceID, inbox InboxID, f RequestFilter, p page.Request) (page.Page[LoggedRequest], error)
	// Request returns one with its raw request, or errs.Absent. Bare says that
	// nothing raw is kept.
	Request(ctx context.Context, workspace identity.WorkspaceID, inbox InboxID, id string) (LoggedRequest, error)
	// ReplayRequests makes requests wait anew, those whose raw request is kept,
	// and returns how many. It fails with errs.RateLimited when as many of the
	// inbox wait as may.
	ReplayRequests(ctx context.Context, workspace identity.WorkspaceID, inbox InboxID, r RequestReplay) (int, error)
	// RequestPiles lists the piles of all workspaces.
	RequestPiles(ctx context.Context) ([]RequestPile, error)
	// CutRequests removes ended requests of a pile, at most limit, in one
	// transaction, and returns what they were.
	CutRequests(ctx context.Context, p RequestPile, c RequestCut, limit int) (RequestCut, error)
}

// Backlog is returned when an inbox has as many requests waiting as it may.
func Backlog() *errs.Error {
	return errs.New(errs.RateLimited, "hook.backlog", "Too many requests of this inbox wait for its plugin. Try again later.")
}
