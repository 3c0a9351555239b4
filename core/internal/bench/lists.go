package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/view"
)

// workload is how much there is to list and to search.
type workload struct {
	conversations int
	each          int // messages of one
	reads         int // of each question
	rounds        int // of writing with and without the indexer
	tickets       int
	span          time.Duration
}

// workLists measures lists and search on both databases and prints it.
func workLists(ctx context.Context, short bool) error {
	w := workload{conversations: 100_000, each: 10, reads: 40, rounds: 5, span: 2 * time.Second}
	if short {
		w = workload{conversations: 5000, each: 10, reads: 20, rounds: 3, span: time.Second}
	}
	return onBoth(ctx, func(c store.Config) error { return measureArchive(ctx, w, c) })
}

// onBoth measures on SQLite and, where it is installed, on PostgreSQL.
func onBoth(ctx context.Context, measure func(c store.Config) error) error {
	dir, err := os.MkdirTemp("", "patchbay-bench-")
	if err != nil {
		return fmt.Errorf("make a folder to work in: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // of the system's temporary folder
	if err := measure(store.Config{Driver: store.SQLite, Source: filepath.Join(dir, "patchbay.db")}); err != nil {
		return err
	}
	server, err := pgtest.Launch(ctx)
	if errors.Is(err, pgtest.ErrAbsent) {
		fmt.Println("bench: no PostgreSQL here: this was measured on SQLite alone")
		return nil
	}
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer server.Stop() //nolint:errcheck // of a test's server
	source, _, err := server.Create(ctx)
	if err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	return measure(store.Config{Driver: store.Postgres, Source: source})
}

// archive is a database with much in it, and its index.
type archive struct {
	*office
	config  store.Config
	index   store.Index
	indexer *search.Indexer
	views   *view.Service
	search  *search.Service
	filled  time.Duration // what writing it took
	indexed time.Duration // and indexing it
}

func measureArchive(ctx context.Context, w workload, c store.Config) error {
	a, err := filledArchive(ctx, w, c)
	if err != nil {
		return err
	}
	defer a.close(ctx)
	fmt.Printf("\n%s: %d conversations, %d messages, written in %.0f s, indexed in %.0f s%s\n",
		c.Driver, w.conversations, w.conversations*w.each, a.filled.Seconds(), a.indexed.Seconds(), a.size())
	lists, err := a.timed(ctx, w.reads, a.lists())
	if err != nil {
		return err
	}
	found, err := a.timed(ctx, w.reads, a.searches())
	if err != nil {
		return err
	}
	ratio, rate, err := a.writing(ctx, w)
	if err != nil {
		return err
	}
	fmt.Printf("bench: %s list_p95_ms=%.1f list_p99_ms=%.1f search_p95_ms=%.1f search_p99_ms=%.1f write_per_s=%.0f write_with_index_ratio=%.2f\n",
		c.Driver, quantile(lists, 0.95), quantile(lists, 0.99), quantile(found, 0.95), quantile(found, 0.99), rate, ratio)
	return nil
}

// filledArchive writes an archive, opens it and indexes it.
func filledArchive(ctx context.Context, w workload, c store.Config) (*archive, error) {
	began := time.Now()
	if err := fillArchive(ctx, c, w); err != nil {
		return nil, err
	}
	filled := time.Since(began)
	a, err := openArchive(ctx, c)
	if err != nil {
		return nil, err
	}
	a.filled = filled
	began = time.Now()
	if err := a.indexer.CatchUp(ctx, archiveWorkspace); err != nil {
		a.close(ctx)
		return nil, fmt.Errorf("index: %w", err)
	}
	a.indexed = time.Since(began)
	return a, nil
}

// openArchive opens what fillArchive wrote, and its index.
func openArchive(ctx context.Context, c store.Config) (*archive, error) {
	o, err := openOfficeOn(ctx, c, 0)
	if err != nil {
		return nil, err
	}
	a := &archive{office: o, config: c}
	a.owner.Workspace = archiveWorkspace
	a.owner.Actor = identity.Actor{Kind: identity.ActorMember, ID: archiveMember(7), Role: identity.RoleOwner}
	epoch, err := o.store.Epoch(ctx)
	if err == nil {
		a.index, err = store.OpenIndex(ctx, c, epoch)
	}
	if err != nil {
		return nil, fmt.Errorf("open the index: %w", err)
	}
	log := slog.New(slog.DiscardHandler)
	a.indexer = search.NewIndexer(a.index, o.store.Searchable(), func(context.Context) ([]string, error) { return []string{string(archiveWorkspace)}, nil }, time.Now, log)
	a.views = view.NewService(view.Deps{Store: o.store.Views(), Lister: o.store.Conversations(), Definitions: noDefinitions{}, Teams: o.store.Teams(), Now: time.Now})
	a.search = search.NewService(a.index, o.store.Searchable(), a.views, time.Now)
	return a, nil
}

func (a *archive) close(ctx context.Context) {
	_ = a.index.Close(ctx) // thrown away
	_ = a.store.Close(ctx) // likewise
}

// size says how large the file of the index is, where it has one.
func (a *archive) size() string {
	info, err := os.Stat(filepath.Join(filepath.Dir(a.config.Source), "search.db"))
	if err != nil || a.config.Driver != store.SQLite {
		return ""
	}
	main, err := os.Stat(a.config.Source)
	if err != nil {
		return ""
	}
	const mb = 1 << 20
	return fmt.Sprintf(" (%d MB beside %d MB)", info.Size()/mb, main.Size()/mb)
}

// noDefinitions implements view.Definitions.
type noDefinitions struct{}

func (noDefinitions) Attributes(context.Context, identity.WorkspaceID, catalog.Target) ([]catalog.Attribute, error) {
	return nil, nil
}

// question is one thing to ask, under a name.
type question struct {
	name string
	ask  func(ctx context.Context) (found int, err error)
}

// timed asks every question so many times and returns all times, in
// milliseconds. It prints the 95th percentile of each.
func (a *archive) timed(ctx context.Context, reads int, questions []question) ([]float64, error) {
	var all []float64
	for _, q := range questions {
		var took []float64
		found := 0
		for range reads {
			began := time.Now()
			n, err := q.ask(ctx)
			took = append(took, float64(time.Since(began).Microseconds())/1000)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", q.name, err)
			}
			found = n
		}
		fmt.Printf("  %-44s p50 %8.1f   p95 %8.1f ms   %d found\n", q.name, quantile(took, 0.5), quantile(took, 0.95), found)
		all = append(all, took...)
	}
	return all, nil
}

func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return v[min(int(q*float64(len(v))), len(v)-1)]
}

// writing measures customers' messages with the indexer at work and without,
// in turns, and returns the ratio of the medians and the rate without.
func (a *archive) writing(ctx context.Context, w workload) (ratio, rate float64, err error) {
	seat, err := a.seat(ctx, 500)
	if err != nil {
		return 0, 0, err
	}
	var with, without []float64
	for range w.rounds {
		plain, err := load(ctx, inFlight, w.span, seat.receive)
		if err != nil {
			return 0, 0, err
		}
		if err := a.indexer.CatchUp(ctx, archiveWorkspace); err != nil {
			return 0, 0, fmt.Errorf("index: %w", err)
		}
		running, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { a.indexer.Run(running); close(done) }()
		go wakeOften(running, a.indexer)
		indexed, err := load(ctx, inFlight, w.span, seat.receive)
		stop()
		<-done
		if err != nil {
			return 0, 0, err
		}
		without, with = append(without, plain), append(with, indexed)
	}
	return median(with) / median(without), median(without), nil
}

// wakeOften wakes the indexer as commits would.
func wakeOften(ctx context.Context, x *search.Indexer) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			x.Wake(string(archiveWorkspace))
		}
	}
}
