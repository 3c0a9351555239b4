package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/app"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/internal/pluginrig"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// What must hold of sending. Who answers may cost as much as the message itself,
// who is left out next to nothing, and who hangs not more than a quarter above
// its deadline, which is what a busy machine adds.
const (
	atLeastAsked = 0.5
	atLeastFree  = 0.8
	atLeastBound = 0.8
)

// Text that the measured plugin hangs on, and the one it answers.
const (
	hanging  = "hang"
	answered = text
)

// askBudget is a manifest's that says nothing of it.
const askBudget = 150 * time.Millisecond

// askers are the plugins that are asked, by their short names.
func askers() map[string]manifest.Intercept {
	return map[string]manifest.Intercept{
		"bench-open":   {Point: manifest.PointMessageSend},
		"bench-strict": {Point: manifest.PointMessageSend, OnTimeout: "deny"},
		"bench-long-1": {Point: manifest.PointMessageSend, BudgetMS: 1000},
		"bench-long-2": {Point: manifest.PointMessageSend, BudgetMS: 1000},
	}
}

// sending is an agent who sends, and who is asked before.
type sending struct {
	name    string
	ratio   string   // as what it is held to is called
	plugins []string // that are asked
	text    string
	block   int           // messages before it is another's turn
	again   bool          // who was left out is asked again before each message
	left    bool          // who hangs is left out before anything is measured
	within  time.Duration // what a message may take; 0 = whatever it takes
	refused bool          // that is what comes of it

	gate  *extension.Gate
	seen  *witness
	links []extension.Connection
	took  []float64 // microseconds
	worst []float64 // the slowest of each round
}

// witness is extension.Hooks that counts.
type witness struct {
	extension.Hooks
	asked, answers atomic.Int64
}

// Intercept implements extension.Hooks.
func (w *witness) Intercept(ctx context.Context, to extension.Address, c extension.Change) (extension.Verdict, error) {
	w.asked.Add(1)
	v, err := w.Hooks.Intercept(ctx, to, c)
	if err == nil {
		w.answers.Add(1)
	}
	return v, err //nolint:wrapcheck // the host's own error
}

// sends measures what an agent's message costs with interceptors before it: the
// use case on a database on disk, one message at a time, in turns.
func (b *bench) sends(ctx context.Context) error {
	out, err := b.peopled(ctx, "sends.db", 100)
	if err != nil {
		return err
	}
	w := out.Workspace
	defer w.Store.Close(ctx) //nolint:errcheck // thrown away
	host, links, err := b.openAskers(ctx, w)
	if err != nil {
		return err
	}
	defer host.Stop() //nolint:errcheck // measured already
	all := sendings()
	for _, s := range all {
		s.open(host, links)
	}
	for round := range b.rounds {
		for i := range all {
			if err := all[(i+round)%len(all)].run(ctx, out, round > 0); err != nil { // the first round is for getting warm
				return fmt.Errorf("%s: %w", all[(i+round)%len(all)].name, err)
			}
		}
	}
	for _, s := range all {
		if err := s.proved(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	b.compare(all)
	return nil
}

func sendings() []*sending {
	const few, many = 2, 20
	return []*sending{
		{name: "send: nobody is asked", text: answered, block: many},
		{name: "send: an interceptor answers", ratio: "nobody asked to one that answers", plugins: []string{"bench-open"}, text: answered, block: many},
		{name: "send: one that hangs is left out", ratio: "nobody asked to one left out", plugins: []string{"bench-open"}, text: hanging, block: many, left: true},
		{name: "send: one hangs, and it is sent", ratio: "one hangs, sent: deadline to the rounds' slowest", plugins: []string{"bench-open"}, text: hanging, block: few, again: true, within: askBudget},
		{name: "send: one hangs that must agree, and it is refused", ratio: "one hangs, refused: deadline to the rounds' slowest", plugins: []string{"bench-strict"}, text: hanging, block: few, again: true, within: askBudget, refused: true},
		{name: "send: two hang for a second each, and it is sent", ratio: "two hang: deadline to the rounds' slowest", plugins: []string{"bench-long-1", "bench-long-2"}, text: hanging, block: 1, again: true, within: extension.GateBudget},
	}
}

// openAskers starts a host with the plugins that are asked, each with a
// connection of the workspace.
func (b *bench) openAskers(ctx context.Context, w *pluginrig.Workspace) (*pluginrig.Running, map[string]extension.Connection, error) {
	dir, links := filepath.Join(b.dir, "askers"), make(map[string]extension.Connection)
	c := pluginrig.Core{Scopes: []string{"hooks:intercept"}}
	for name, point := range askers() {
		err := b.double(dir, name, func(m *manifest.Manifest) { m.Hooks.Intercept = []manifest.Intercept{point} })
		if err != nil {
			return nil, nil, err
		}
		link := extension.Connection{
			Workspace: w.Inbox.Workspace, ID: extension.ConnectionID(numbered("pin_", int64(len(links)+1))), Plugin: extension.PluginID("patchbay/" + name),
			Name: name, Config: []byte(`{}`), Revision: 1, Enabled: true,
		}
		links[name] = link
		c.Connections = append(c.Connections, link)
	}
	host, err := pluginrig.Start(ctx, pluginrig.Options(dir, filepath.Join(b.dir, "a")), pluginrig.Ports(c, pluginrig.Nobody{}))
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // it says what it did
	}
	for _, link := range c.Connections {
		if err := host.Await(ctx, channel.PluginID(link.Plugin)); err != nil {
			_ = host.Stop()
			return nil, nil, err //nolint:wrapcheck // it says what it waited for
		}
	}
	return host, links, nil
}

// open gives a sending its own gate, which knows its own plugins alone.
func (s *sending) open(host *pluginrig.Running, links map[string]extension.Connection) {
	c := pluginrig.Core{Scopes: []string{"hooks:intercept"}}
	for _, name := range s.plugins {
		c.Connections = append(c.Connections, links[name])
	}
	s.links, s.seen = c.Connections, &witness{Hooks: host}
	s.gate = extension.NewGate(extension.GateDeps{Hooks: s.seen, Connections: c, Allowances: c, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// run sends a block of messages.
func (s *sending) run(ctx context.Context, out *pluginrig.Outgoing, counts bool) error {
	out.Conversations.Interceptor = app.Asking(s.gate, nil)
	for s.left && len(s.gate.Skipped(out.Inbox.Workspace)) == 0 {
		if err := s.send(ctx, out, 0); err != nil {
			return err
		}
	}
	worst := 0.0
	for n := range s.block {
		if s.again {
			for _, link := range s.links {
				s.gate.Forget(link.ID)
			}
		}
		began := time.Now()
		if err := s.send(ctx, out, n); err != nil {
			return err
		}
		took := float64(time.Since(began).Microseconds())
		if worst = max(worst, took); counts {
			s.took = append(s.took, took)
		}
	}
	if counts {
		s.worst = append(s.worst, worst)
	}
	return nil
}

// send sends one message, and says when something else came of it.
func (s *sending) send(ctx context.Context, out *pluginrig.Outgoing, n int) error {
	_, err := out.Send(ctx, out.To[n%len(out.To)], s.text)
	if s.refused && err != nil && errs.As(err).Code == extension.CodeUndecided {
		return nil
	}
	if s.refused && err == nil {
		return fmt.Errorf("it was sent, although %v must agree", s.plugins)
	}
	return err //nolint:wrapcheck // the use case's own error
}

// proved says what shows that something else was measured than its name says.
func (s *sending) proved() error {
	asked, answers, sent := s.seen.asked.Load(), s.seen.answers.Load(), int64(len(s.took))
	hangs := s.text == hanging
	switch {
	case len(s.plugins) == 0 && asked > 0:
		return fmt.Errorf("somebody was asked %d times", asked)
	case len(s.plugins) > 0 && !s.left && asked < sent, s.left && asked >= sent:
		return fmt.Errorf("asked %d times about %d messages", asked, sent)
	case hangs && answers > 0, !hangs && answers != asked:
		return fmt.Errorf("%d answers to %d questions", answers, asked)
	}
	return nil
}

// compare adds the times to the report, and holds them to what they must be: the
// deadline is compared with the median of the rounds' slowest messages, so that
// one stall of the disk says nothing.
func (b *bench) compare(all []*sending) {
	none := at(all[0].took, 50)
	for i, s := range all {
		b.report.calls(s.name, s.took)
		switch {
		case i == 0:
		case s.within > 0:
			b.report.atLeast(s.ratio, float64(s.within.Microseconds())/at(s.worst, 50), atLeastBound)
		case s.left:
			b.report.atLeast(s.ratio, none/at(s.took, 50), atLeastFree)
		default:
			b.report.atLeast(s.ratio, none/at(s.took, 50), atLeastAsked)
		}
	}
}
