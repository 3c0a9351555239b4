package pluginhost

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/pace"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// How much of one kind a plugin is asked at once, however much its manifest
// allows: one that hangs must not collect what others need.
const (
	maxCalls           = 64 // of people, rules, analyzers and hooks that are told; those above it are refused
	turnsAtOnce        = 64 // of a bot; those above it wait
	interceptsAtOnce   = 16 // those above it wait, within their budget
	busyFor            = time.Second
	busyWithCalls      = "has as many calls as it may have at once"
	busyWithItsFarSide = "was asked as often as its far side bears"
)

// bounds are what a plugin's manifest says that its far side bears. Versions with
// the same limits share them, so that a swap does not double the rate.
type bounds struct {
	of                manifest.Limits
	messages, calls   *pace.Pace
	most              int // in flight
	turns, intercepts places
}

// places are taken by what a plugin is asked at once.
type places chan struct{}

// bounded returns the bounds of a version.
func (s *supervisor) bounded(p installed) bounds {
	want := p.manifest.Limits
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limits.most == 0 || s.limits.of != want {
		now, most := s.host.options.Now, want.MaxInFlight
		if most <= 0 {
			most = pluginv1.MaxCredits
		}
		s.limits = bounds{
			of: want, messages: pace.New(want.RatePerS, want.Burst, now), calls: pace.New(want.RatePerS, want.Burst, now), most: most,
			turns: make(places, min(most, turnsAtOnce)), intercepts: make(places, min(most, interceptsAtOnce)),
		}
	}
	return s.limits
}

// admit takes a place for a call that can be made again later, or refuses it;
// leave gives the place back.
func (h *Host) admit(s *supervisor, of *session) (leave func(), err error) {
	b := s.bounded(of.installed)
	if wait := b.calls.Take(); wait > 0 {
		return nil, s.busy(busyWithItsFarSide, wait)
	}
	if !h.gates.enter(s.id, min(b.most, maxCalls)) {
		return nil, s.busy(busyWithCalls, busyFor)
	}
	return func() { h.gates.leave(s.id) }, nil
}

// queue waits until a plugin may be asked something that somebody waits for, at
// most until ctx ends, and not at all when that is too soon. leave gives the
// place back.
func (h *Host) queue(ctx context.Context, plugin extension.PluginID, of func(bounds) places) (leave func(), err error) {
	s, session, err := h.at(channel.PluginID(plugin))
	if err != nil {
		return nil, err
	}
	b := s.bounded(session.installed)
	taken := of(b)
	select {
	case taken <- struct{}{}:
	case <-ctx.Done():
		return nil, s.busy(busyWithCalls, busyFor)
	}
	leave = func() { <-taken }
	for wait := b.calls.Take(); wait > 0; wait = b.calls.Take() {
		if end, ok := ctx.Deadline(); ok && time.Until(end) < wait || !sleep(ctx, wait) {
			leave()
			return nil, s.busy(busyWithItsFarSide, wait)
		}
	}
	return leave, nil
}

// sleep waits; false: ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// busy refuses a call, with when to try again.
func (s *supervisor) busy(why string, wait time.Duration) *errs.Error {
	e := errs.New(errs.Unavailable, extension.CodeBusy, "The plugin "+string(s.id)+" "+why+". Try again in a moment.")
	e.RetryAfter = max(wait, busyFor)
	return e
}
