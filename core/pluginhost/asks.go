package pluginhost

import (
	"context"
	"sync"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// gates count the calls to each plugin.
type gates struct {
	mu sync.Mutex
	of map[channel.PluginID]int
}

// enter takes a place, or reports that there is none.
func (g *gates) enter(id channel.PluginID, most int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of == nil {
		g.of = make(map[channel.PluginID]int)
	}
	if g.of[id] >= most {
		return false
	}
	g.of[id]++
	return true
}

func (g *gates) leave(id channel.PluginID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.of[id]--
}

// ask has fn ask a running plugin something that needs an ability, and words
// what fails.
func (h *Host) ask(ctx context.Context, plugin extension.PluginID, ability, call string, fn func(ctx context.Context, conn grpc.ClientConnInterface) error) error {
	id := channel.PluginID(plugin)
	s, session, err := h.calling(id)
	if err != nil {
		return err
	}
	defer session.calls.end()
	if !session.abilities[ability] {
		return errs.New(errs.Unavailable, "plugin.ability", "The plugin "+string(id)+" does not serve what its manifest promises: "+ability+".")
	}
	if writes(call) {
		if err := h.barred(id); err != nil {
			return err
		}
	}
	leave, err := h.admit(s, session)
	if err != nil {
		return err
	}
	defer leave()
	if err := fn(ctx, session.process.Conn()); err != nil {
		return s.failed(ctx, call, err)
	}
	return nil
}

// calling is at, with the call counted: a process that another takes over from
// ends when none is under way, so one that was found before that, and is not
// called yet, must count too. session.calls.end must follow.
func (h *Host) calling(id channel.PluginID) (*supervisor, *session, error) {
	for {
		s, session, err := h.at(id)
		if err != nil {
			return s, nil, err
		}
		session.calls.begin()
		if !session.retired.Load() {
			return s, session, nil
		}
		session.calls.end() // the next has taken over, and is found now
	}
}

// badAnswer is the answer in place of one that cannot be passed on.
func (h *Host) badAnswer(ctx context.Context, plugin extension.PluginID, call, why string) *errs.Error {
	h.options.Log.WarnContext(ctx, "a plugin's answer is refused", "plugin", string(plugin), "call", call, "why", why)
	return errs.New(errs.Unavailable, extension.CodeBadAnswer, "The plugin "+string(plugin)+" answered with something that cannot be passed on: "+why)
}

// settled turns what became of a call into an error; nil when it happened.
func settled(r *pluginv1.Result) error {
	switch r.GetOutcome() {
	case pluginv1.Outcome_OUTCOME_ACCEPTED, pluginv1.Outcome_OUTCOME_DUPLICATE:
		return nil
	case pluginv1.Outcome_OUTCOME_REJECTED:
		return errs.New(errs.Invalid, "plugin.rejected", sentence("The far side refused it.", r))
	case pluginv1.Outcome_OUTCOME_RETRY, pluginv1.Outcome_OUTCOME_UNSPECIFIED:
	default:
	}
	e := errs.New(errs.Unavailable, "plugin.retry", sentence("The far side cannot do it now. Try again later.", r))
	if after := r.GetRetryAfter(); after.IsValid() {
		e.RetryAfter = max(after.AsDuration(), 0)
	}
	return e
}

// sentence adds what a plugin says to one of ours.
func sentence(ours string, r *pluginv1.Result) string {
	if detail := cut(r.GetDetail(), maxDetail); detail != "" {
		return ours + " (" + detail + ")"
	}
	if code := cut(r.GetCode(), maxCode); code != "" {
		return ours + " (" + code + ")"
	}
	return ours
}
