package app

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
)

// telling is one connection that is told.
type telling struct {
	*followers
	follow
	key   extension.Following
	of    extension.Connection
	claim string
	held  bool
	place extension.FollowPlace
	kept  uint64 // the feed number that is stored
	alone uint64 // up to this feed number events are told one by one: one of them may be the cause of a failure
	until time.Time
	// resting: what happens meanwhile is no reason to look sooner.
	resting bool
}

// step tells what there is and returns how long to wait at most before the next.
func (t *telling) step(ctx context.Context) time.Duration {
	t.resting = false
	err := t.hold(ctx)
	if err == nil && !t.held {
		return followPoll
	}
	var wait time.Duration
	if err == nil {
		wait, err = t.drain(ctx)
	}
	if err != nil {
		if ctx.Err() == nil {
			t.logger.WarnContext(ctx, "a plugin could not be told what happened", "connection", string(t.key.Connection), "use", string(t.use), "error", err)
		}
		t.held = false
		return pumpRetry
	}
	return wait
}

// hold claims the place, or keeps the claim.
func (t *telling) hold(ctx context.Context) error {
	if t.held && t.until.Sub(t.now()) > followClaim/2 {
		return nil
	}
	head := uint64(0)
	if !t.held {
		var err error
		if head, err = t.log.Head(ctx, string(t.key.Workspace)); err != nil {
			return err //nolint:wrapcheck // a port's error says where it comes from
		}
	}
	until := t.now().Add(followClaim)
	place, ok, err := t.places.Follow(ctx, t.key, head, t.claim, t.now(), until)
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	if !t.held || !ok {
		t.place, t.kept = place, place.Feed
	}
	t.held, t.until = ok, until
	return nil
}

// drain tells everything there is.
func (t *telling) drain(ctx context.Context) (time.Duration, error) {
	for {
		events, err := t.log.Since(ctx, string(t.key.Workspace), t.place.Feed, pumpBatch)
		if err != nil {
			return 0, err //nolint:wrapcheck // as above
		}
		if len(events) == 0 {
			return followPoll, nil
		}
		items, err := t.about(ctx, t.of, events)
		if err != nil {
			return 0, err
		}
		if wait, err := t.all(ctx, items); err != nil || wait > 0 {
			return wait, err
		}
		t.place.Feed = events[len(events)-1].Feed
		if t.place.Feed-t.kept >= followLag {
			if err := t.keep(ctx); err != nil {
				return 0, err
			}
		}
	}
}

// all tells items, batch by batch, and returns early when it has to wait.
func (t *telling) all(ctx context.Context, items []item) (time.Duration, error) {
	for len(items) > 0 {
		n := min(len(items), extension.MaxTold)
		if t.place.Failures > 0 || items[0].event.Feed <= t.alone {
			n = 1
		}
		done, wait, err := t.batch(ctx, items[:n])
		if err != nil || wait > 0 {
			return wait, err
		}
		items = items[done:]
	}
	return 0, nil
}

// batch tells some, and keeps how far that came. With wait nothing more is to be
// told until it has passed.
func (t *telling) batch(ctx context.Context, items []item) (done int, wait time.Duration, err error) {
	wait, err = t.tellGap(ctx)
	var outcomes []extension.Outcome
	switch {
	case wait > 0:
		return 0, wait, err
	case err == nil:
		outcomes, err = t.tell(ctx, t.of, items)
	}
	if errs.Is(err, errs.Forbidden) { // the workspace does not allow it: it is not kept for later
		t.missed(extension.Gap{After: items[0].event.Feed - 1, Until: items[len(items)-1].event.Feed, Reason: extension.GapNotAllowed})
		t.place = extension.FollowPlace{Feed: items[len(items)-1].event.Feed, Gap: t.place.Gap}
		return len(items), 0, t.keep(ctx)
	}
	if err != nil {
		if ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		failed, rest := t.failure(err, items)
		if rest > 0 {
			t.resting = errs.As(err).Code == extension.CodeBusy
			return 0, rest, nil
		}
		outcomes = []extension.Outcome{failed}
	}
	return t.settle(ctx, items, outcomes)
}

// away reports whether a plugin could not be told at all: it does not run, or is
// told as often as its manifest allows.
func away(e *errs.Error) bool {
	return e.Code != extension.CodeDied && e.Code != extension.CodeNoAnswer && e.Code != extension.CodeRefused
}

// failure is the outcome of a call that failed. While the plugin is away, which
// is no fault of the event, it is how long to wait instead.
func (t *telling) failure(err error, items []item) (extension.Outcome, time.Duration) {
	e := errs.As(err)
	if away(e) {
		return extension.Outcome{}, max(e.RetryAfter, pumpRetry)
	}
	if len(items) > 1 { // which of them did it is found out one by one
		t.alone = items[len(items)-1].event.Feed
	}
	if e.Code == extension.CodeDied {
		if len(items) > 1 {
			return extension.Outcome{}, pumpRetry
		}
		t.place.Failures += followDeath - 1 // and one more, as for every failure
	}
	return extension.Outcome{Code: e.Code, Detail: e.Message}, 0
}

// settle keeps what became of events.
func (t *telling) settle(ctx context.Context, items []item, outcomes []extension.Outcome) (done int, wait time.Duration, err error) {
	var skipped []extension.Skip
	for i, o := range outcomes {
		e := items[i].event
		if !o.Taken && !o.Rejected {
			if t.place.Failures++; t.place.Failures < followTries {
				t.place.Detail = o.Detail
				wait = max(o.After, t.backoff())
				if o.Code == extension.CodeDied { // how soon it runs again is the host's to decide
					wait = pumpRetry
				}
				return done, wait, t.keep(ctx, skipped...)
			}
			t.missed(extension.Gap{After: e.Feed - 1, Until: e.Feed, Reason: extension.GapFailed})
		}
		if !o.Taken {
			skipped = append(skipped, extension.Skip{Use: t.use, Feed: e.Feed, Event: e.ID, Type: e.Type, Code: o.Code, Detail: o.Detail, At: t.now()})
			t.logger.WarnContext(ctx, "a plugin is not told of an event any more", "connection", string(t.key.Connection), "event", e.ID, "type", e.Type, "code", o.Code)
		}
		t.place = extension.FollowPlace{Feed: e.Feed, Gap: t.place.Gap}
		done++
	}
	if done == 0 {
		return 0, pumpRetry, nil // it answered nothing
	}
	return done, 0, t.keep(ctx, skipped...)
}

// backoff is how long to wait after as many failures as there were.
func (t *telling) backoff() time.Duration {
	return min(time.Second<<min(t.place.Failures-1, 6), followMost)
}

// missed notes what the connection is not told.
func (t *telling) missed(g extension.Gap) {
	if t.gaps {
		t.place.Gap = t.place.Gap.Wider(g)
	}
}

// tellGap tells what was missed, before anything newer. With wait it could not
// be told; a plugin that fails at it over and over is not told of it.
func (t *telling) tellGap(ctx context.Context) (wait time.Duration, err error) {
	g := t.place.Gap
	if g.Reason == "" {
		return 0, nil
	}
	data, err := json.Marshal(map[string]any{"after": g.After, "until": g.Until, "reason": g.Reason})
	if err != nil {
		return 0, err //nolint:wrapcheck // numbers always marshal
	}
	id := "gap_" + string(t.key.Connection) + "_" + strconv.FormatUint(g.Until, 10)
	told := extension.Event{ID: id, Type: extension.TypeGap, Feed: g.Until, At: t.now(), Data: data}
	outcomes, err := t.tell(ctx, t.of, []item{{event: event.Event{ID: id, Feed: g.Until}, told: told}})
	switch {
	case errs.Is(err, errs.Forbidden), ctx.Err() != nil:
		return 0, err
	case err != nil && away(errs.As(err)):
		t.resting = errs.As(err).Code == extension.CodeBusy
		return max(errs.As(err).RetryAfter, pumpRetry), nil
	case err == nil && len(outcomes) == 1 && (outcomes[0].Taken || outcomes[0].Rejected):
	default:
		if t.place.Failures++; t.place.Failures < followTries {
			return t.backoff(), t.keep(ctx)
		}
	}
	t.place.Gap, t.place.Failures, t.place.Detail = extension.Gap{}, 0, ""
	return 0, t.keep(ctx)
}

// keep stores the place.
func (t *telling) keep(ctx context.Context, skipped ...extension.Skip) error {
	until := t.now().Add(followClaim)
	ok, err := t.places.Advance(ctx, t.key, t.claim, t.place, until, skipped...)
	if err == nil && !ok {
		err = errors.New("another node tells the plugin now")
	}
	if err != nil {
		return err
	}
	t.kept, t.until = t.place.Feed, until
	return nil
}
