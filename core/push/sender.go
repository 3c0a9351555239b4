package push

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
)

// Accounts finds the account of a session; an identity.AccountStore does.
type Accounts interface {
	Account(ctx context.Context, id identity.AccountID) (identity.Account, error)
}

// Doors tells what a session opens; identity.Sessions do.
type Doors interface {
	// Recheck returns what the session may do in a workspace now; SessionEnded,
	// or why it may not.
	Recheck(ctx context.Context, session identity.SessionID, w identity.WorkspaceID) (identity.Scope, error)
}

// News finds what members are to be told; a notification.Service does.
type News interface {
	// Fresh returns a notification that is unread and in sight of its member,
	// and how the member wants to be told; ok is false for any other.
	Fresh(ctx context.Context, w identity.WorkspaceID, id notification.ID) (told notification.Told, ok bool, err error)
}

// SenderDeps is what a Sender stands on.
type SenderDeps struct {
	Ledger   Ledger
	Accounts Accounts
	Doors    Doors
	News     News
	Renderer Renderer
	Poster   Poster
	Signer   *Signer
	Now      func() time.Time
	Log      *slog.Logger
}

// Sender sends what is due.
//
// Concurrency: Run runs once in a process; Wake may be called from anywhere.
// Several processes share a ledger by claims.
//
// Lifecycle: Run returns when its context ends, after its requests, which end
// with it; what was under way is sent again.
type Sender struct {
	SenderDeps
	wake chan struct{}

	mu   sync.Mutex
	told map[string]bool // refusals that stand in the log
}

const (
	attemptTime = 15 * time.Second // for one request with its answer
	claimTime   = 2 * time.Minute  // for all of one subscription
	atOnce      = 8                // subscriptions that are served
	batch       = 50               // notifications that are looked at, of one subscription
	idle        = 30 * time.Second // look at the ledger at least this often
	storeRetry  = time.Second      // after the ledger failed
	maxTold     = 200              // refusals that are remembered
)

// NewSender returns a Sender.
func NewSender(d SenderDeps) *Sender {
	return &Sender{SenderDeps: d, wake: make(chan struct{}, 1), told: make(map[string]bool)}
}

// Wake makes the sender look at the ledger now.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := s.round(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.Log.WarnContext(ctx, "the ledger of pushes failed", "error", err)
			}
			wait = storeRetry
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// round serves what is due, and returns how long nothing is.
func (s *Sender) round(ctx context.Context) (time.Duration, error) {
	next, err := s.Ledger.Next(ctx)
	if err != nil || next.IsZero() {
		return idle, err
	}
	now := s.Now()
	if wait := next.Sub(now); wait > 0 {
		return min(wait, idle), nil
	}
	due, err := s.Ledger.Claim(ctx, now, now.Add(claimTime), atOnce)
	if err != nil {
		return 0, err
	}
	var g errgroup.Group
	for _, sub := range due {
		g.Go(func() error { return s.serve(ctx, sub) })
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	if len(due) == 0 { // somebody else has it
		return time.Second, nil
	}
	return 0, nil
}

// serve sends what is due for one subscription.
func (s *Sender) serve(ctx context.Context, sub Subscription) error {
	if sub.Endpoint == "" {
		s.complain(ctx, sub, "sealed") // another master key, or a damaged row: its browser subscribes again
		return s.Ledger.End(ctx, sub)
	}
	if wait, ok := sub.pace(s.Now()); !ok {
		sub.RestTill = s.Now().Add(wait)
		return s.Ledger.Settle(ctx, sub, nil)
	}
	items, err := s.Ledger.Waiting(ctx, sub.Session, s.Now(), batch)
	if err != nil {
		return err
	}
	letters, done, err := s.letters(ctx, sub, items)
	switch {
	case errs.Is(err, errs.Unauthenticated): // the session ended
		return s.Ledger.End(ctx, sub)
	case err != nil:
		return err
	}
	rest := context.WithoutCancel(ctx)
	for _, l := range letters {
		if _, ok := sub.pace(s.Now()); !ok {
			break // the next round says how long
		}
		out := s.send(ctx, &sub, l.parcel)
		if ctx.Err() != nil && out != taken {
			break // the process stops: it is sent again
		}
		if out == gone {
			return s.Ledger.End(rest, sub)
		}
		if out == later {
			break
		}
		done = append(done, l.of...)
	}
	return s.Ledger.Settle(rest, sub, done)
}

// due is a letter with what it tells of.
type due struct {
	parcel
	of []Waiting
}

// letters writes what a browser is to be told now; the rest of items is done.
func (s *Sender) letters(ctx context.Context, sub Subscription, items []Waiting) (out []due, done []Waiting, err error) {
	account, err := s.Accounts.Account(ctx, sub.Account)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // a port's error says where it comes from
	}
	for _, item := range items {
		n, ok, err := s.wanted(ctx, sub, item)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			done = append(done, item)
			continue
		}
		p, err := s.write(sub, account.Locale, n)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, due{p, []Waiting{item}})
	}
	if len(out) > merge {
		out = []due{merged(out)}
	}
	return out, done, nil
}

// merged is one letter that counts many.
func merged(all []due) due {
	last := all[len(all)-1]
	out := due{parcel: parcel{Letter: Letter{Locale: last.Locale, Tag: "patchbay.more", Path: "/", More: len(all)}, life: last.life}}
	for _, d := range all {
		out.of = append(out.of, d.of...)
		out.urgent = out.urgent || d.urgent
	}
	return out
}

// wanted returns the notification, if the browser is still to be told of it.
func (s *Sender) wanted(ctx context.Context, sub Subscription, item Waiting) (n notification.Notification, ok bool, err error) {
	now := s.Now()
	if now.Sub(item.At) >= Life {
		return n, false, nil
	}
	_, err = s.Doors.Recheck(ctx, sub.Session, item.Workspace)
	switch {
	case errs.Is(err, errs.Unauthenticated) && errs.As(err).Code == identity.SessionEnded().Code:
		return n, false, identity.SessionEnded()
	case errs.Is(err, errs.NotFound), errs.Is(err, errs.Forbidden), errs.Is(err, errs.Unauthenticated): // it opens this workspace no more, or not yet
		return n, false, nil
	case err != nil:
		return n, false, err //nolint:wrapcheck // the use case's own error
	}
	told, ok, err := s.News.Fresh(ctx, item.Workspace, item.Notification)
	if err != nil || !ok {
		return n, false, err //nolint:wrapcheck // as above
	}
	n = told.Notification
	return n, told.As.Rules[n.Kind].Browser && !told.As.Quiet.Covers(now), nil
}

// outcome is what came of one push.
type outcome int

const (
	taken   outcome = iota // the push service has it
	gone                   // the browser is told no more
	later                  // to be tried again
	refused                // this one will never be taken
)

// send makes one push, and notes how the subscription fares.
func (s *Sender) send(ctx context.Context, sub *Subscription, p parcel) outcome {
	a := s.post(ctx, *sub, p)
	now := s.Now()
	sub.spent(now)
	out, code := judge(a)
	if out == taken {
		sub.SentAt, sub.Code, sub.Failures, sub.RestTill = now, "", 0, time.Time{}
		return out
	}
	sub.Code = code
	if out == later {
		sub.Failures++
		sub.RestTill = now.Add(rest(sub.Failures, a.RetryAfter))
	}
	if out == refused {
		s.complain(ctx, *sub, code)
	}
	return out
}

// judge says what an answer means (RFC 8030, sections 5 and 7.3).
func judge(a Answer) (outcome, string) {
	switch {
	case a.Status >= 200 && a.Status < 300:
		return taken, ""
	case a.Status == 0:
		return later, a.Code
	case a.Status == 404 || a.Status == 410:
		return gone, "gone"
	case a.Status == 408 || a.Status == 425 || a.Status == 429 || a.Status >= 500:
		return later, "busy"
	case a.Status == 401 || a.Status == 403:
		return refused, "key" // subscribed with another key than ours
	case a.Status == 413:
		return refused, "large"
	default:
		return refused, "refused"
	}
}

func (s *Sender) post(ctx context.Context, sub Subscription, p parcel) Answer {
	header, err := s.Signer.Header(sub.Endpoint, s.Now())
	if err != nil {
		return Answer{Code: "unwritten"}
	}
	plain, err := p.plain()
	if err != nil {
		return Answer{Code: "unwritten"}
	}
	body, err := Encrypt(plain, sub.Key, sub.Auth)
	if err != nil {
		return Answer{Code: "unwritten"}
	}
	short, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	return s.Poster.Post(short, sub.Endpoint, p.headers(header), body)
}

// try sends a test.
func (s *Sender) try(ctx context.Context, sub Subscription, locale string) (Result, error) {
	if _, ok := sub.pace(s.Now()); !ok {
		return Result{}, errs.New(errs.RateLimited, "push.too_often", "This was tried several times just now. Wait some seconds.")
	}
	out := s.send(ctx, &sub, parcel{Letter: Letter{Locale: locale, Tag: "patchbay.test", Path: "/settings/notifications", Test: true}, urgent: true, life: time.Minute})
	rest := context.WithoutCancel(ctx)
	if out == gone {
		return Result{Code: sub.Code}, s.Ledger.End(rest, sub)
	}
	return Result{Sent: out == taken, Code: sub.Code}, s.Ledger.Settle(rest, sub, nil)
}

// complain tells the log of a trouble, once for a push service. Codes: those of
// judge, and sealed.
func (s *Sender) complain(ctx context.Context, sub Subscription, code string) {
	host := ""
	if u, err := url.Parse(sub.Endpoint); err == nil {
		host = u.Host
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := code + " " + host; !s.told[key] && len(s.told) < maxTold {
		s.told[key] = true
		s.Log.WarnContext(ctx, "a push service refuses what it is sent, or a subscription cannot be opened", "service", host, "code", code)
	}
}
