package testhost

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// schedule is work that an instance wants to be called for.
type schedule struct {
	at       time.Time     // the run's nominal time
	next     time.Time     // when it is tried
	every    time.Duration // 0 = once
	payload  []byte
	run      string
	attempts int
}

type schedules struct {
	pluginv1.UnimplementedHostScheduleServiceServer
	*desk
}

// Schedule sets a schedule.
func (h *schedules) Schedule(_ context.Context, req *pluginv1.ScheduleRequest) (*pluginv1.ScheduleResponse, error) {
	if err := firstOf(checkName("key", req.GetKey()), checkSize("payload", req.GetPayload())); err != nil {
		return nil, err
	}
	s := &schedule{every: req.GetEvery().AsDuration(), payload: bytes.Clone(req.GetPayload()), run: rand.Text()}
	if req.GetEvery() != nil {
		if err := checkSpan("every", s.every, leastInterval, maxInterval); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if s.at = now; req.GetAt() != nil && req.GetAt().AsTime().After(now) {
		s.at = req.GetAt().AsTime()
	}
	if s.at.Sub(now) > maxFuture {
		return nil, wrong("at", "lies more than five years ahead")
	}
	s.next = s.at
	at := place{req.GetInstanceId(), req.GetKey()}
	if h.schedules[at] == nil && kept(h.schedules, at.instance) >= maxSchedules {
		return nil, full("schedules", maxSchedules)
	}
	h.schedules[at] = s
	return &pluginv1.ScheduleResponse{}, nil
}

// CancelSchedule removes a schedule.
func (h *schedules) CancelSchedule(_ context.Context, req *pluginv1.CancelScheduleRequest) (*pluginv1.CancelScheduleResponse, error) {
	if err := checkName("key", req.GetKey()); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{req.GetInstanceId(), req.GetKey()}
	_, known := h.schedules[at]
	delete(h.schedules, at)
	return &pluginv1.CancelScheduleResponse{Cancelled: known}, nil
}

// Run is one time that scheduled work was done, or tried.
type Run struct {
	Instance, Key string
	Payload       []byte
	At            time.Time // when it was due
	ID            string    // the same when it is tried again
	Attempt       int       // 1 = the first
	Result        *pluginv1.Result
	Err           error // a call that failed: nobody knows what became of it
}

// ErrTooManyRuns is the answer to an Advance over more than 10,000 runs.
var ErrTooManyRuns = errors.New("more than 10,000 runs are due in that time")

// Advance moves the clock on and has the plugin do what is due meanwhile, each
// run at its time, as a core does that runs all the while. What fails is tried
// again after the core's pauses. Nothing runs without Advance.
func (h *Host) Advance(ctx context.Context, d time.Duration) ([]Run, error) {
	const most = 10_000
	until := h.Now().Add(d)
	var runs []Run
	for range most {
		at, due := h.due(until)
		if !due {
			h.jumpTo(until)
			return runs, nil
		}
		r, err := h.do(ctx, at)
		if err != nil {
			return runs, err
		}
		if r != nil {
			runs = append(runs, *r)
		}
	}
	return runs, ErrTooManyRuns
}

// Jump moves the clock on as if nothing had run meanwhile: what was due comes
// once with the next Advance.
func (h *Host) Jump(d time.Duration) { h.jumpTo(h.Now().Add(d)) }

func (h *Host) jumpTo(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if gap := t.Sub(h.now()); gap > 0 {
		h.offset += gap
	}
}

// due returns the schedule that is next until a time, and moves the clock there.
func (h *Host) due(until time.Time) (place, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var first place
	for at, s := range h.schedules {
		better := first.name == "" || s.next.Before(h.schedules[first].next) ||
			s.next.Equal(h.schedules[first].next) && at.instance+"\x00"+at.name < first.instance+"\x00"+first.name
		if !s.next.After(until) && better {
			first = at
		}
	}
	if first.name == "" {
		return place{}, false
	}
	if gap := h.schedules[first].next.Sub(h.now()); gap > 0 {
		h.offset += gap
	}
	return first, true
}

// do has one run done and says what becomes of its schedule. An error is that
// there is nobody to do it.
func (h *Host) do(ctx context.Context, at place) (*Run, error) {
	h.mu.Lock()
	s := *h.schedules[at]
	plugin, usable := h.running, h.instances[at.instance] != nil && h.may("schedule")
	h.mu.Unlock()
	if !usable {
		h.settle(at, s, time.Hour, false)
		return nil, nil
	}
	if plugin == nil {
		return nil, fmt.Errorf("the schedule %q is due and no plugin runs under this host", at.name)
	}
	r := &Run{Instance: at.instance, Key: at.name, Payload: s.payload, At: s.at, ID: s.run, Attempt: s.attempts + 1}
	call, cancel := bounded(ctx, pluginv1.PluginService_RunScheduled_FullMethodName)
	defer cancel()
	answer, err := plugin.Service.RunScheduled(call, &pluginv1.RunScheduledRequest{
		InstanceId: at.instance, Key: at.name, Payload: s.payload, RunId: s.run,
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r.Err = err
	if err == nil {
		r.Result = proto.CloneOf(answer.GetResult())
	}
	h.settle(at, s, min(r.Result.GetRetryAfter().AsDuration(), day), over(r))
	return r, nil
}

// over reports whether a run is done, or refused for good.
func over(r *Run) bool {
	if r.Err != nil {
		return status.Code(r.Err) == codes.Unimplemented // the plugin has no method for it
	}
	o := r.Result.GetOutcome()
	return o == pluginv1.Outcome_OUTCOME_ACCEPTED || o == pluginv1.Outcome_OUTCOME_DUPLICATE || o == pluginv1.Outcome_OUTCOME_REJECTED
}

// settle says what becomes of a schedule after a run, unless the plugin replaced
// it meanwhile. Runs that were missed are one; one that is to be tried again
// gives way to the next.
func (h *Host) settle(at place, s schedule, pause time.Duration, done bool) {
	const firstPause, lastPause, givenUp = 5 * time.Second, time.Hour, 7 * day
	h.mu.Lock()
	defer h.mu.Unlock()
	there := h.schedules[at]
	if there == nil || there.run != s.run {
		return
	}
	now := h.now()
	var next time.Time // the nominal time of the run after this one
	if s.every > 0 {
		next = s.at.Add(s.every)
		if late := now.Sub(next); late >= 0 {
			missed := int64(late/s.every) + 1
			next = next.Add(time.Duration(missed * int64(s.every)))
		}
	}
	again := now.Add(max(pause, min(firstPause<<min(s.attempts, 10), lastPause)))
	switch {
	case !done && !next.IsZero() && again.Before(next), !done && next.IsZero() && now.Sub(s.at) <= givenUp:
		there.next, there.attempts = again, s.attempts+1
	case next.IsZero():
		delete(h.schedules, at)
	default:
		there.at, there.next, there.attempts, there.run = next, next, 0, rand.Text()
	}
}

// Scheduled says when a schedule of an instance is due next; false when there is
// none.
func (h *Host) Scheduled(instance, key string) (time.Time, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.schedules[place{instance, key}]
	if s == nil {
		return time.Time{}, false
	}
	return s.next, true
}
