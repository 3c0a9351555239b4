package pluginhost

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/journal"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/restart"
)

// supervisor owns one plugin's life. All transitions are made by run; the rest
// of the methods may be called from anywhere.
type supervisor struct {
	host    *Host
	id      channel.PluginID
	log     *slog.Logger
	journal *journal.Journal
	again   chan struct{} // an administrator wants a restart
	session atomic.Pointer[session]

	// configuring is held while the plugin is told of inboxes, so that what it
	// knows is as new as what was read last.
	configuring sync.Mutex
	book        book // of the instances that the plugin serves

	mu      sync.Mutex
	plugin  installed
	state   extension.State
	detail  string
	since   time.Time
	pid     int
	starts  int
	retryAt time.Time
	health  map[string]channel.Health // by instance
}

func newSupervisor(h *Host, id channel.PluginID, p installed) *supervisor {
	s := &supervisor{
		host: h, id: id, plugin: p, again: make(chan struct{}, 1),
		log:   h.options.Log.With("plugin", string(id)),
		state: extension.Stopped, since: h.options.Now(),
		health: make(map[string]channel.Health), book: newBook(),
	}
	if p.fault != "" {
		s.state, s.detail = extension.Failed, p.fault
	}
	s.journal = journal.New(h.options.Now, func(l journal.Line) {
		s.log.LogAttrs(context.Background(), levelOf(l.Level), "plugin output", slog.String("text", l.Text)) //nolint:forbidigo // nobody's request
	})
	return s
}

func levelOf(level string) slog.Level {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return slog.LevelInfo
	}
	return l
}

// ended says why a process is no more.
type ended struct {
	ready     time.Duration // how long it was; 0 = never
	detail    string        // a sentence
	permanent bool          // nothing but an administrator helps
	asked     bool          // a restart, or the end of the server: no crash
	ours      bool          // the server's fault, and no mark against the plugin
}

// run keeps the plugin running until ctx ends.
func (s *supervisor) run(ctx context.Context, ports Ports, sockets string) {
	timing := s.host.options.Timing
	record := restart.New(timing.rules(), rand.Float64)
	lifetime := &life{supervisor: s, ports: ports, sockets: sockets}
	for ctx.Err() == nil {
		end := lifetime.live(ctx)
		if ctx.Err() != nil {
			break
		}
		if end.asked {
			record.Forgive()
			s.reread()
			continue
		}
		if s.rest(ctx, ports, record, end) {
			record.Forgive()
			s.reread()
		}
	}
	s.move(ports, extension.Stopped, "", time.Time{})
}

// rest waits until the plugin may be started again; true when an administrator
// asked for it.
func (s *supervisor) rest(ctx context.Context, ports Ports, record *restart.Record, end ended) bool {
	now := s.host.options.Now()
	if end.permanent {
		s.log.ErrorContext(ctx, "plugin failed", "reason", end.detail)
		s.move(ports, extension.Failed, end.detail, time.Time{})
		select {
		case <-ctx.Done():
			return false
		case <-s.again:
			return true
		}
	}
	verdict := restart.Verdict{Wait: s.host.options.Timing.Reopen}
	if !end.ours {
		verdict = record.Ended(now, end.ready)
	}
	state, detail := extension.Backoff, end.detail
	if verdict.Quarantine {
		state = extension.Quarantined
		detail += " It is in quarantine, because " + verdict.Why + "; it is tried once at the time given. Restart it when the cause is mended."
	}
	s.log.WarnContext(ctx, "plugin ended", "reason", end.detail, "state", string(state), "retry_in", verdict.Wait)
	s.move(ports, state, detail, now.Add(verdict.Wait))
	timer := time.NewTimer(verdict.Wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.again:
		return true
	}
	return false
}

// begin counts a start, and forgets the wish for one.
func (s *supervisor) begin() time.Time {
	select {
	case <-s.again:
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts++
	return s.host.options.Now()
}

// askRestart asks run for a restart; several wishes are one.
func (s *supervisor) askRestart() {
	select {
	case s.again <- struct{}{}:
	default:
	}
}

// reread reads the folder again: it may have been mended, or built anew.
func (s *supervisor) reread() {
	fresh := read(s.folder(), s.host.options.CoreVersion)
	if fresh.fault == "" && fresh.id() != s.id {
		fresh.fault = "The folder holds another plugin now. Restart the server."
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if fresh.manifest.ID == "" { // keep what was known, for the lists
		fresh.manifest, fresh.schema = s.plugin.manifest, s.plugin.schema
	}
	s.plugin = fresh
}

// move makes a transition and tells of it.
func (s *supervisor) move(ports Ports, state extension.State, detail string, retryAt time.Time) {
	s.mu.Lock()
	s.state, s.detail, s.retryAt, s.since = state, detail, retryAt, s.host.options.Now()
	switch state {
	case extension.Starting:
	case extension.Ready:
		if session := s.session.Load(); session != nil {
			s.pid = session.process.PID()
		}
	case extension.Backoff, extension.Quarantined, extension.Stopped, extension.Failed:
		s.pid = 0
	}
	s.mu.Unlock()
	ports.OnChange(s.id)
}

// status is what administrators see.
func (s *supervisor) status() extension.Plugin {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.plugin.manifest
	out := extension.Plugin{
		ID: extension.PluginID(s.id), Name: s.plugin.name(), Version: m.Version, Isolation: process.Isolation(),
		State: s.state, Detail: s.detail, Since: s.since, PID: s.pid, Restarts: max(s.starts-1, 0), NextRetryAt: s.retryAt,
	}
	for _, k := range m.Kinds {
		out.Kinds = append(out.Kinds, string(k))
	}
	for _, p := range m.Permissions {
		out.Permissions = append(out.Permissions, extension.Permission{Scope: p.Scope, Reason: p.Reason, Optional: p.Optional})
	}
	return out
}

func (s *supervisor) installed() installed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plugin
}

func (s *supervisor) folder() string { return s.installed().folder }

func (s *supervisor) files() (fs.FS, bool) { return s.installed().files() }

// now returns the state and its detail.
func (s *supervisor) now() (extension.State, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.detail
}

// failure is the end a failed start comes to.
func failure(err error) ended {
	if e, ok := errors.AsType[*process.StartError](err); ok {
		detail := e.Detail
		if e.Cause != nil {
			detail += ": " + e.Cause.Error()
		}
		return ended{detail: detail, permanent: e.Permanent}
	}
	_, ours := errors.AsType[*ourFault](err)
	return ended{detail: "It did not start: " + err.Error(), ours: ours}
}
