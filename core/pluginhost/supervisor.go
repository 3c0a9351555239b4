package pluginhost

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/copies"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/journal"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/process"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/restart"
)

// supervisor owns one plugin's life. All transitions are made by run; the rest
// of the methods may be called from anywhere.
type supervisor struct {
	host     *Host
	id       channel.PluginID
	log      *slog.Logger
	journal  *journal.Journal
	copies   *copies.Store
	source   string        // its folder among the installed plugins
	again    chan struct{} // an administrator wants a restart
	swaps    chan swap     // another version is to take over
	news     chan struct{} // what is wanted of it has changed
	settings chan struct{} // a process was told of an instance: how does that fare?
	session  atomic.Pointer[session]

	// configuring is held while the plugin is told of inboxes, so that what it
	// knows is as new as what was read last.
	configuring sync.Mutex
	book        book // of the instances that the plugin serves

	limits bounds     // by mu; of the version that ran last
	moving sync.Mutex // held while an administrator puts another version in place

	mu      sync.Mutex
	plugin  installed
	state   extension.State
	detail  string
	since   time.Time
	pid     int
	starts  int
	retryAt time.Time
	health  map[string]channel.Health // by instance
	reach   process.Reached
	stale   bool           // the folder is to be read again
	wanted  extension.Life // the row, as far as it is known
	offered installed      // what the folder holds
}

func newSupervisor(h *Host, id channel.PluginID, p installed) *supervisor {
	s := &supervisor{
		copies: copies.New(filepath.Join(h.options.DataDir, versionsDir, strings.ReplaceAll(string(id), "/", "-"))),
		host:   h, id: id, plugin: p, offered: p, source: p.folder, stale: true,
		again: make(chan struct{}, 1), swaps: make(chan swap), news: make(chan struct{}, 1),
		wanted: extension.Life{Plugin: extension.PluginID(id), Enabled: true},
		log:    h.options.Log.With("plugin", string(id)),
		state:  extension.Stopped, since: h.options.Now(),
		health: make(map[string]channel.Health), book: newBook(), settings: make(chan struct{}, 1),
	}
	if p.fault != "" {
		s.state, s.detail = extension.Failed, p.fault
	}
	s.journal = journal.New(h.options.Now, func(l journal.Line) {
		s.log.LogAttrs(context.Background(), levelOf(l.Level), "plugin output", slog.String("text", l.Text)) //nolint:forbidigo // nobody's request
	}, s.liveSecrets)
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
	ending    string        // of the process: "exit status 2"
	permanent bool          // nothing but an administrator helps
	asked     bool          // a restart, another version, or the end of the server: no crash
	ours      bool          // the server's fault, and no mark against the plugin
	weight    int           // of the crash, as of package restart
	began     time.Time
}

// run keeps the plugin running, as far as it is wanted, until ctx ends.
func (s *supervisor) run(ctx context.Context, ports Ports, sockets string, g groups) {
	record := restart.New(s.host.options.Timing.rules(), rand.Float64)
	lifetime := &life{supervisor: s, ports: ports, sockets: sockets, groups: g}
	for ctx.Err() == nil {
		if why, hold := lifetime.mayRun(ctx); !hold {
			s.pause(ctx, ports, why)
			continue
		}
		before := s.installed().digest
		end := lifetime.live(ctx)
		if s.installed().digest != before { // what is known of a version is not another's
			record.Forgive()
		}
		switch {
		case ctx.Err() != nil:
		case end.asked:
			record.Forgive()
		case s.rest(ctx, ports, record, end):
			record.Forgive()
			s.reread()
		}
	}
	lifetime.retiring.Wait()
	lifetime.leave(ctx)
	s.move(ports, extension.Stopped, "")
}

// pause waits until something that is wanted changes, or a while.
func (s *supervisor) pause(ctx context.Context, ports Ports, why reason) {
	if state, detail := s.now(); state != why.state || detail != why.detail {
		s.move(ports, why.state, why.detail)
	}
	wait := s.host.options.Timing.Place / 3
	if why.files { // nothing ends by itself
		wait = time.Hour
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.news:
	case <-s.again:
		s.reread()
	case w := <-s.swaps:
		w.done <- errNotRunning
	}
}

// rest waits until the plugin may be started again; true when an administrator
// asked for it.
func (s *supervisor) rest(ctx context.Context, ports Ports, record *restart.Record, end ended) bool {
	now := s.host.options.Now()
	if end.permanent {
		s.log.ErrorContext(ctx, "plugin failed", "reason", end.detail)
		s.moved(ports, extension.Failed, end, time.Time{})
		return s.await(ctx, nil)
	}
	verdict := restart.Verdict{Wait: s.host.options.Timing.Reopen}
	if !end.ours {
		verdict = record.Ended(now, end.ready, end.weight)
	}
	state := extension.Backoff
	if verdict.Quarantine {
		if s.fallBack(ctx, ports, end) {
			record.Forgive()
			return false
		}
		state = extension.Quarantined
		end.detail += " It is in quarantine, because " + verdict.Why + "; it is tried once at the time given. Restart it when the cause is mended."
	}
	s.log.WarnContext(ctx, "plugin ended", "reason", end.detail, "state", string(state), "retry_in", verdict.Wait)
	s.moved(ports, state, end, now.Add(verdict.Wait))
	timer := time.NewTimer(verdict.Wait)
	defer timer.Stop()
	return s.await(ctx, timer.C)
}

// await waits for its turn, or for an administrator: then it is true. That the
// plugin is switched off, or that another version is wanted, ends the wait too.
func (s *supervisor) await(ctx context.Context, turn <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-turn:
			return false
		case <-s.again:
			return true
		case w := <-s.swaps:
			w.done <- errNotRunning
		case <-s.news:
			if s.unwanted() {
				return false
			}
		}
	}
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

// reread has the folder read again: it may have been mended, or built anew.
func (s *supervisor) reread() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = true
}

// move makes a transition and tells of it.
func (s *supervisor) move(ports Ports, state extension.State, detail string) {
	s.moved(ports, state, ended{detail: detail}, time.Time{})
}

// moved makes a transition that the end of a process may have led to.
func (s *supervisor) moved(ports Ports, state extension.State, end ended, retryAt time.Time) {
	s.mu.Lock()
	s.state, s.detail, s.retryAt, s.since = state, end.detail, retryAt, s.host.options.Now()
	switch state {
	case extension.Starting:
	case extension.Ready:
		if session := s.session.Load(); session != nil {
			s.pid, s.reach = session.process.PID(), session.process.Reached()
		}
	case extension.Backoff, extension.Quarantined, extension.Stopped, extension.Failed, extension.RolledBack:
		s.pid, s.reach = 0, process.Reached{}
	}
	step := extension.Transition{
		Plugin: extension.PluginID(s.id), Node: s.host.options.Node, At: s.since, Version: s.plugin.manifest.Version,
		State: state, Reason: end.detail, Ending: end.ending, NextRetryAt: retryAt,
	}
	s.mu.Unlock()
	if end.ending != "" {
		step.Lines = s.lastLines(end.began)
	}
	s.host.note(step)
	ports.OnChange(s.id)
}

// lastLines returns the last lines that a process wrote.
func (s *supervisor) lastLines(since time.Time) []string {
	var out []string
	for _, line := range s.journal.Lines() {
		if !line.At.Before(since) {
			out = append(out, cut(line.Text, maxDetail))
		}
	}
	return out[max(len(out)-extension.MaxLines, 0):]
}

// status is what administrators see.
func (s *supervisor) status() extension.Plugin {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.plugin.manifest
	out := extension.Plugin{
		ID: extension.PluginID(s.id), Name: s.plugin.name(), Version: m.Version,
		State: s.state, Detail: s.detail, Since: s.since, PID: s.pid, Restarts: max(s.starts-1, 0), NextRetryAt: s.retryAt,
	}
	out.NoProcess = !s.plugin.process()
	if s.pid != 0 {
		out.Tier, out.Isolation, out.Lacking = isolation(s.reach)
		out.Exempt = s.host.trusts(s.id)
	}
	s.wishes(&out)
	for _, k := range m.Kinds {
		out.Kinds = append(out.Kinds, string(k))
	}
	for _, p := range m.Permissions {
		out.Permissions = append(out.Permissions, extension.Permission{Scope: p.Scope, Reason: p.Reason, Optional: p.Optional})
	}
	out.Offers = s.plugin.offers()
	return out
}

func (s *supervisor) installed() installed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plugin
}

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
		return ended{detail: detail, permanent: e.Permanent, weight: restart.Crash}
	}
	_, ours := errors.AsType[*ourFault](err)
	return ended{detail: "It did not start: " + err.Error(), ours: ours, weight: restart.Crash}
}
