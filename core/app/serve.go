// Package app puts the parts together: what is made of what, who listens to
// what, and in which order everything starts and stops.
//
// Lifecycle: Serve opens the store, the bus and the plugins, recovers what a
// crash left, then listens; it says so on Options.Out. When its context ends it
// drains: readiness 503, sockets are told to come back, requests in flight
// finish, the dispatcher and the plugins stop, the database is closed.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/filelock"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/telemetry"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Options is what the command line gives.
type Options struct {
	Version string
	Out     io.Writer // for people: links, addresses
	Log     io.Writer

	ConfigFile string // which was read; "" = none
}

// Serve runs the server until ctx ends.
func Serve(ctx context.Context, c Config, o Options) error {
	ring := telemetry.NewRing()
	log := ring.Kept(telemetry.Logger(o.Log, c.Log.Level, c.Log.Format))
	if err := errors.Join(unfinishedRestore(c.DataDir), makeDataDir(c.DataDir)); err != nil {
		return err
	}
	// Listening first makes a port in use an error before anything is touched.
	listeners, err := listenAll(ctx, c)
	if err != nil {
		return err
	}
	defer listeners.close() //nolint:errcheck // the servers close them; twice is harmless
	alone, err := claim(c)
	if err != nil {
		return err
	}
	defer alone.Release() //nolint:errcheck // the process ends
	s := &server{config: c, options: o, log: log, ring: ring, now: time.Now, started: time.Now()}
	if err := s.open(ctx); err != nil {
		return errors.Join(err, s.close(ctx))
	}
	return s.run(ctx, listeners)
}

// say tells people something. A closed terminal is no reason to stop.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}

func makeDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data_dir %q cannot be made: %w. Name another directory with --data-dir, or make it writable", dir, err)
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return fmt.Errorf("data_dir %q is not writable: %w. Name another directory with --data-dir, or make it writable for this user", dir, err)
	}
	_, err = probe.Write(make([]byte, 4096))
	err = errors.Join(err, probe.Close(), os.Remove(probe.Name()))
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("data_dir %q is on a full disk: free some space and start again", dir)
	}
	return err
}

// claim makes this the one server of an embedded database: what a second one
// wrote would not reach the open windows of the first, nor the reverse. The
// claim ends with the process, however that ends. A backup needs none.
func claim(c Config) (*filelock.Lock, error) {
	if c.Database.URL != "" {
		return nil, nil //nolint:nilnil // a database server has many
	}
	f, err := os.OpenFile(dataPath(c, ".serving"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("claim the data folder: %w", err)
	}
	lock, err := filelock.Exclusive(f)
	if errors.Is(err, filelock.ErrBusy) {
		return nil, fmt.Errorf("another patchbay serves the data folder %q: stop it first. Several servers need PostgreSQL (database.url)", c.DataDir)
	}
	return lock, err
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use: stop the other program, or choose another with --server.address", address)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w. Choose another address with --server.address", address, err)
	}
	return l, nil
}

// run serves until ctx ends, then drains.
func (s *server) run(ctx context.Context, listeners ports) error {
	// The parts outlive ctx: they are stopped in order, by drain.
	parts, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, failed := errgroup.WithContext(parts)
	workspaces, err := s.workspaces(ctx)
	if err != nil {
		return errors.Join(err, s.close(ctx))
	}
	s.chore(ctx, "looking at the licenses of plugins", func() error { return s.licenses.Refresh(ctx) })
	if err := s.gateway.Start(parts); err != nil {
		return errors.Join(err, s.close(ctx))
	}
	g.Go(func() error { return s.pump.run(parts, s.bus, workspaces) })
	g.Go(func() error { return s.teller.run(parts, s.bus, workspaces) })
	g.Go(func() error { return s.webhookPump.run(parts, s.bus, workspaces) })
	g.Go(func() error { return s.runWebhooks(parts) })
	g.Go(func() error { return s.runPush(parts) })
	g.Go(func() error { return s.runDispatch(parts) })
	g.Go(func() error { s.announcer.run(parts); return nil })
	g.Go(func() error { s.bots.run(parts); return nil })
	g.Go(func() error { return s.runFollowers(parts) })
	g.Go(func() error { return s.runIndexer(parts) })
	g.Go(func() error { return s.runPlugins(parts) })
	g.Go(func() error { s.conditions.Run(parts); return nil })
	g.Go(func() error { s.housekeeping(parts); return nil })
	g.Go(func() error { s.identity.Sessions.Watch(parts); return nil })
	g.Go(func() error { s.tidyFiles(parts); return nil })
	g.Go(func() error { s.fetcher.Run(parts); return nil })
	g.Go(func() error { s.runRetention(parts); return nil })
	g.Go(func() error { s.trimRequests(parts); return nil })
	g.Go(func() error { s.runExports(parts); return nil })
	g.Go(func() error { s.backfills.Run(parts, s.config.Database.URL == ""); return nil }) // alone where the database is embedded
	g.Go(func() error { s.sandboxes.Run(parts); return nil })
	g.Go(func() error { s.runPluginWork(parts); return nil })
	g.Go(func() error { s.people.Imports.Work(parts, s.log); return nil })
	if err := s.greet(ctx); err != nil {
		stop()
		return errors.Join(err, g.Wait(), s.close(ctx))
	}
	s.listenTo(parts, g, listeners)
	say(s.options.Out, "Patchbay %s is ready at %s\n", s.options.Version, s.config.BaseURL())
	s.log.InfoContext(ctx, "serving", "address", listeners.public.Addr().String(), "version", s.options.Version)
	select {
	case <-ctx.Done():
		s.log.InfoContext(ctx, "stopping", "within", s.config.Server.DrainTimeout)
	case <-failed.Done():
	}
	err = s.drain(ctx)
	stop()
	return errors.Join(err, ignoreCancelled(g.Wait()), s.close(ctx))
}

// listenTo serves every listener.
func (s *server) listenTo(parts context.Context, g *errgroup.Group, l ports) {
	g.Go(func() error { return s.http.Serve(s.faceTo(l.public)) })
	if s.redirectSide != nil {
		g.Go(func() error { return s.redirectSide.Serve(l.redirect) })
	}
	if s.metricsSide != nil {
		g.Go(func() error { return s.metricsSide.Serve(l.metrics) })
	}
	if s.authority != nil {
		g.Go(func() error { s.authority.Fetch(parts); return nil })
	}
}

// drain ends what is going on, in the order in which it depends on each other.
func (s *server) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Server.DrainTimeout)
	defer cancel()
	s.http.Unready()
	return errors.Join(s.gateway.Drain(ctx), s.http.Shutdown(ctx), s.redirectSide.Shutdown(ctx), s.metricsSide.Shutdown(ctx))
}

func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// workspaces lists all tenants.
func (s *server) workspaces(ctx context.Context) ([]string, error) {
	var out []string
	err := page.Each(func(r page.Request) (page.Page[identity.Workspace], error) { return s.identity.Workspaces.All(ctx, r) }, func(w identity.Workspace) { out = append(out, string(w.ID)) })
	if err != nil {
		return nil, fmt.Errorf("list the workspaces: %w", err)
	}
	return out, nil
}

// runDispatch gives out work until ctx ends.
func (s *server) runDispatch(ctx context.Context) error {
	cancel, err := s.relay.listen()
	if err != nil {
		return err
	}
	defer cancel()
	return s.dispatcher.Run(ctx) //nolint:wrapcheck // never fails
}

// runIndexer keeps the search index up to date until ctx ends.
func (s *server) runIndexer(ctx context.Context) error {
	cancel, err := s.bus.Subscribe(event.SubjectWake+"*", func(subject string, _ []byte) {
		s.indexer.Wake(strings.TrimPrefix(subject, event.SubjectWake))
	})
	if err != nil {
		return fmt.Errorf("listen for what is to be indexed: %w", err)
	}
	defer cancel()
	s.indexer.Run(ctx)
	return nil
}

// greet makes the first account where the configuration says so, fills the
// demo, or prints the set-up link.
func (s *server) greet(ctx context.Context) error {
	if a := s.config.Admin; a.Email != "" {
		if _, err := s.identity.Setup.EnsureAdmin(ctx, identity.Founder{Email: a.Email, Password: a.Password}); err != nil {
			return fmt.Errorf("make the administrator of admin.email: %w", err)
		}
	}
	if s.config.Demo {
		return s.greetDemo(ctx)
	}
	token, err := s.identity.Setup.IssueToken(ctx)
	if errs.Is(err, errs.NotFound) {
		return nil // set up already
	}
	if err != nil {
		return fmt.Errorf("make the set-up link: %w", err)
	}
	say(s.options.Out, "Set this installation up, once:\n    %s/setup?token=%s\n", s.config.BaseURL(), token)
	return nil
}

func (s *server) greetDemo(ctx context.Context) error {
	say(s.options.Out, "The demo:\n")
	w, err := s.demo.prepare(ctx)
	if err != nil {
		return err
	}
	s.demoWorkspace.Store(&w)
	return s.demo.announce(ctx, w)
}

// housekeeping does what is due by the clock.
func (s *server) housekeeping(ctx context.Context) {
	const beat = time.Second
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.chore(ctx, "waking conversations", func() error { _, err := s.conversations.WakeDue(ctx); return err })
		s.chore(ctx, "sending scheduled messages", func() error { _, err := s.conversations.SendDue(ctx); return err })
		s.chore(ctx, "noting customers who left", func() error { _, err := s.conversations.NoteLeft(ctx); return err })
		s.chore(ctx, "sweeping tickets", func() error {
			_, err := s.tickets.Sweep(ctx, ticket.Graves{Labels: s.store.Catalog(), Teams: s.store.Teams()})
			return err
		})
		s.chore(ctx, "sweeping labels and teams", func() error { _, err := s.conversations.Sweep(ctx); return err })
		s.chore(ctx, "replaying webhooks", func() error { return s.replay(ctx) })
		if n%5 == 4 {
			s.chore(ctx, "finishing erasures", func() error { return s.erasures.Finish(ctx) })
			s.chore(ctx, "alerting supervisors", func() error { return s.watchAlerts(ctx) })
		}
		if n%60 == 30 {
			s.chore(ctx, "following new workspaces", func() error { return s.followAll(ctx) })
		}
		if n%10 == 5 {
			s.chore(ctx, "telling of customers who wait", func() error { return s.watch.look(ctx) })
		}
		if n%3600 == 1800 {
			s.chore(ctx, "forgetting old notifications", func() error { return s.sweepNotifications(ctx) })
		}
		if n%15 == 1 {
			s.chore(ctx, "looking at the licenses of plugins", func() error { return s.licenses.Refresh(ctx) })
			s.gauge(ctx)
		}
		if n%600 == 0 {
			s.chore(ctx, "noting how full the disk is", func() error { return noteUsage(s.config, s.now()) })
		}
		if n%3600 == 10 {
			s.chore(ctx, "ending sandboxes that nobody uses", func() error { return s.sandboxes.Tend(ctx) })
		}
		if n%3600 == 0 {
			s.chore(ctx, "forgetting answers of a day ago", func() error { return s.once.Sweep(ctx) })
			s.chore(ctx, "forgetting old page views", func() error { return s.forgetViews(ctx) })
			s.chore(ctx, "forgetting empty drafts", func() error { return s.conversations.SweepDrafts(ctx) })
			s.chore(ctx, "forgetting ended sessions", func() error { return s.identity.Sessions.Sweep(ctx) })
			s.chore(ctx, "forgetting ended visitor sessions", func() error { return s.sweepVisitors(ctx) })
			s.chore(ctx, "removing old rows of audit logs", func() error { return s.trimAudit(ctx) })
		}
	}
}

// sweepVisitors forgets ended visitor sessions, some at a time, so that no
// other write waits for long.
func (s *server) sweepVisitors(ctx context.Context) error {
	const batch = 500
	for {
		n, err := s.conversations.SweepVisitors(ctx, batch)
		if err != nil || n < batch {
			return err //nolint:wrapcheck // the use case's own error
		}
	}
}

// followAll makes the pump follow a workspace whose first wake-up was lost.
func (s *server) followAll(ctx context.Context) error {
	all, err := s.workspaces(ctx)
	if err == nil {
		s.forsakeGone(all)
	}
	for _, w := range all {
		s.pump.wake(ctx, w)
		s.teller.wake(ctx, w)
		s.webhookPump.wake(ctx, w)
	}
	return err
}

func (s *server) replay(ctx context.Context) error {
	_, dropped, err := s.hooks.Replay(ctx)
	if dropped > 0 {
		s.log.WarnContext(ctx, "webhook requests were given up: their inbox is gone, or nobody could take them for 72 hours; the latter can be replayed", "given_up", dropped)
	}
	return err //nolint:wrapcheck // the use case's own error
}

func (s *server) chore(ctx context.Context, what string, do func() error) {
	if err := do(); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "a chore failed and is tried again", "chore", what, "error", err)
	}
}

func dataPath(c Config, name string) string { return filepath.Join(c.DataDir, name) }
