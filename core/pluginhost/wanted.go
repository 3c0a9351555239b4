package pluginhost

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// versionsDir holds the copies of plugins, below the data folder. No plugin's
// own folder has such a name.
const versionsDir = ".versions"

// maxNotes bounds the steps that wait for the store.
const maxNotes = 1024

// reason is why a plugin has no process though nothing is wrong.
type reason struct {
	state  extension.State
	detail string
	files  bool // it consists of files alone
}

// mayRun reports whether the plugin is to have a process on this node now.
func (l *life) mayRun(ctx context.Context) (reason, bool) {
	row, err := l.row(ctx)
	if err != nil {
		return reason{}, true // adopt says so
	}
	p := l.installed()
	switch {
	case !row.Enabled:
		return reason{state: extension.Stopped, detail: "It is switched off."}, false
	case p.fault == "" && !p.process():
		if _, why := l.adopt(ctx); why != nil {
			return reason{state: extension.Failed, detail: why.detail}, false
		}
		return reason{state: extension.Ready, files: true}, false
	case p.manifest.Runtime.Placement == manifest.PlacementSingle:
		return l.claim(ctx)
	}
	return reason{}, true
}

// claim asks for the place of a plugin that runs on one node only.
func (l *life) claim(ctx context.Context) (reason, bool) {
	now := l.host.options.Now()
	place, err := l.ports.Lives.Hold(ctx, extension.PluginID(l.id), l.host.options.Node, now, now.Add(l.host.options.Timing.Place))
	switch {
	case err != nil:
		return reason{state: extension.Stopped, detail: "It runs on one server only, and which one cannot be told now: " + err.Error()}, false
	case place.Node != l.host.options.Node:
		return reason{state: extension.Stopped, detail: fmt.Sprintf("It runs on one server only: on %s now.", place.Node)}, false
	}
	return reason{}, true
}

// keepPlace renews the place until ctx ends, and says when it is lost: another
// node may run the plugin from then on.
func (l *life) keepPlace(ctx context.Context, sick chan<- string) {
	place := l.host.options.Timing.Place
	if l.installed().manifest.Runtime.Placement != manifest.PlacementSingle {
		return
	}
	until := l.host.options.Now().Add(place)
	tick := time.NewTicker(place / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := l.host.options.Now()
		within, cancel := context.WithTimeout(ctx, place/3)
		held, err := l.ports.Lives.Hold(within, extension.PluginID(l.id), l.host.options.Node, now, now.Add(place))
		cancel()
		switch {
		case err == nil && held.Node == l.host.options.Node:
			until = held.Until
		case ctx.Err() != nil:
			return
		case err == nil || until.Sub(now) < place/2:
			sick <- "This server could not keep its place as the one that runs it"
			return
		}
	}
}

// leave gives the place back.
func (l *life) leave(ctx context.Context) {
	if l.installed().manifest.Runtime.Placement != manifest.PlacementSingle {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.host.options.Timing.Terminate)
	defer cancel()
	if err := l.ports.Lives.Leave(ctx, extension.PluginID(l.id), l.host.options.Node); err != nil {
		l.log.WarnContext(ctx, "the place of a plugin could not be given back; another server takes it when it runs out", "error", err)
	}
}

// unwanted reports whether what runs is not what is wanted.
func (s *supervisor) unwanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.wanted.Enabled || s.wanted.Active.Digest != "" && s.wanted.Active.Digest != s.plugin.digest
}

// readRows reads what is wanted of all plugins, and wakes those whose row is new.
func (h *Host) readRows(ctx context.Context, lives extension.Lives) error {
	rows, err := lives.Lives(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		for _, s := range h.order {
			if string(s.id) != string(row.Plugin) {
				continue
			}
			s.mu.Lock()
			news := row.Revision > s.wanted.Revision
			if news {
				s.wanted = row
			}
			s.mu.Unlock()
			if news {
				s.wake()
			}
		}
	}
	return nil
}

// wake makes the plugin's goroutine look at what is wanted.
func (s *supervisor) wake() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// watchRows looks at the rows again and again: another node may have changed
// them.
func (h *Host) watchRows(ctx context.Context, lives extension.Lives) {
	tick := time.NewTicker(h.options.Timing.Look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := h.readRows(ctx, lives); err != nil && ctx.Err() == nil {
			h.options.Log.WarnContext(ctx, "what is wanted of the plugins cannot be read", "error", err)
		}
	}
}

// note has a step written down. It never waits: while the store is slow, steps
// beyond maxNotes are only in the log.
func (h *Host) note(t extension.Transition) {
	select {
	case h.notes <- t:
	default:
		h.options.Log.Warn("a step of a plugin's life could not be kept", "plugin", string(t.Plugin), "state", string(t.State), "reason", t.Reason)
	}
}

// writeNotes writes steps down and tells of them until done is closed and none is left.
func (h *Host) writeNotes(ctx context.Context, ports Ports, done <-chan struct{}) {
	write := func(t extension.Transition) {
		within, cancel := context.WithTimeout(ctx, h.options.Timing.Look)
		defer cancel()
		if err := ports.Lives.Note(within, t); err != nil {
			h.options.Log.WarnContext(ctx, "a step of a plugin's life could not be kept", "plugin", string(t.Plugin), "state", string(t.State), "error", err)
		}
		ports.OnStep(within, t)
	}
	for {
		select {
		case t := <-h.notes:
			write(t)
			continue
		default:
		}
		select {
		case t := <-h.notes:
			write(t)
		case <-done:
			for len(h.notes) > 0 {
				write(<-h.notes)
			}
			return
		}
	}
}
