package conversation

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// How files are fetched.
const (
	fetchers       = 8 // files at a time
	fetchersOfOne  = 3 // of them of one inbox: one that hangs leaves room for others
	fetchLease     = 30 * time.Second
	fetchPoll      = time.Second
	firstFetchWait = 2 * time.Second // doubled on each try, with jitter
	mostFetchWait  = 10 * time.Minute
)

// FetcherDeps are what a Fetcher stands on.
type FetcherDeps struct {
	Conversations *Service
	FarSide       channel.FarSide
	Errands       media.Errands
	Files         Filler
	Most          int64 // bytes of one file
	Log           *slog.Logger
}

// Filler stores the bytes of files and has them scanned; a media.Service is one.
type Filler interface {
	Fill(ctx context.Context, a media.Attachment, fill func(w io.Writer) error) (media.Attachment, error)
	ToScan(a *media.Attachment) media.Due
	Scan(ctx context.Context, a media.Attachment) (media.Attachment, error)
	Abandon(ctx context.Context, id media.ID) error
}

// Fetcher asks channels for the files that they named, and the scanner about
// those that they brought, and tells by a change what became of each: it is here,
// it is gone, it is infected, or it failed.
//
// Concurrency: a few files at a time, on any number of nodes, since each is
// under a lease. Lifecycle: Run works until its context ends and gives back what
// it holds; what a killed process held is due again when its lease is over.
type Fetcher struct {
	FetcherDeps
	wake chan struct{}
	mu   sync.Mutex
	busy map[string]int // by inbox
}

// NewFetcher returns a Fetcher.
func NewFetcher(d FetcherDeps) *Fetcher {
	return &Fetcher{FetcherDeps: d, wake: make(chan struct{}, 1), busy: make(map[string]int)}
}

// Wake has Run look at once. It does not block.
func (f *Fetcher) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Run fetches what is due until ctx ends.
func (f *Fetcher) Run(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	tick := time.NewTicker(fetchPoll)
	defer tick.Stop()
	for {
		for f.begin(ctx, &work) {
		}
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		case <-tick.C:
		}
	}
}

// begin takes one errand, if there is one and room for it.
func (f *Fetcher) begin(ctx context.Context, work *sync.WaitGroup) bool {
	skip, room := f.full()
	if !room || ctx.Err() != nil {
		return false
	}
	now := f.Conversations.Now()
	e, err := f.Errands.Claim(ctx, now, now.Add(fetchLease), skip)
	if err != nil && ctx.Err() == nil {
		f.Log.WarnContext(ctx, "files that channels named cannot be looked for", "error", err)
	}
	if err != nil || e == nil {
		return false
	}
	f.count(e.By.ID, 1)
	work.Go(func() {
		defer f.Wake()
		defer f.count(e.By.ID, -1)
		f.fetch(ctx, e)
	})
	return true
}

// full lists the inboxes of which no more files are fetched at the moment, and
// reports whether there is room for others.
func (f *Fetcher) full() (skip []string, room bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := 0
	for _, inbox := range slices.Sorted(maps.Keys(f.busy)) {
		if all += f.busy[inbox]; f.busy[inbox] >= fetchersOfOne {
			skip = append(skip, inbox)
		}
	}
	return skip, all < fetchers
}

func (f *Fetcher) count(inbox string, by int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy[inbox] += by; f.busy[inbox] == 0 {
		delete(f.busy, inbox)
	}
}

// fetch works on an errand and says what became of it.
func (f *Fetcher) fetch(ctx context.Context, e *media.Errand) {
	held, let := f.hold(ctx, e)
	w, err := f.work(held, e)
	let() // nobody else touches e from here on
	after := context.WithoutCancel(ctx)
	now := f.Conversations.Now()
	again := now.Add(f.pause(e.Tries))
	switch {
	case err != nil && ctx.Err() != nil: // the server stops: whoever comes next goes on at once
		err = f.later(after, e, now)
	case err == nil, !mayWork(err), again.After(e.GiveUpAt):
		err = f.settle(after, e, w, outcome(w.file, err))
	default:
		f.Log.InfoContext(ctx, "a file is not here yet", "attachment", e.ID, "inbox", e.By.ID, "state", e.Arrival, "try", e.Tries, "error", err)
		err = f.later(after, e, again)
	}
	if err != nil { // its lease ends, and it is fetched anew
		f.Log.WarnContext(ctx, "what became of a file could not be stored", "attachment", e.ID, "error", err)
	}
}

// hold keeps the lease of an errand until let is called; the context ends when
// the lease is lost.
func (f *Fetcher) hold(ctx context.Context, e *media.Errand) (held context.Context, let func()) {
	held, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(fetchLease / 3)
		defer tick.Stop()
		for {
			select {
			case <-held.Done():
				return
			case <-tick.C:
			}
			ok, err := f.Errands.Prolong(held, e, f.Conversations.Now().Add(fetchLease))
			if err == nil && !ok {
				cancel()
			}
		}
	})
	return held, func() {
		cancel()
		done.Wait()
	}
}

// work does what is to be done for a file, and says what is to be done next.
func (f *Fetcher) work(ctx context.Context, e *media.Errand) (w worked, err error) {
	if e.Arrival == media.Scanning {
		w.file, err = f.Files.Scan(ctx, e.Attachment)
		return w, err
	}
	if w.inbox, w.file, err = f.bring(ctx, e); err == nil {
		w.next = f.Files.ToScan(&w.file)
	}
	return w, err
}

// worked is what came of working on a file.
type worked struct {
	inbox channel.Inbox // that was asked; zero of a scan
	file  media.Attachment
	next  media.Due
}

// bring has the channel bring the bytes.
func (f *Fetcher) bring(ctx context.Context, e *media.Errand) (channel.Inbox, media.Attachment, error) {
	a, reference := e.Attachment, e.Reference
	inbox, err := f.Conversations.Inboxes.Inbox(ctx, channel.InboxID(e.By.ID))
	if errs.Is(err, errs.NotFound) {
		err = errs.New(errs.Invalid, "file.inbox", "The inbox that the file came to is no more.")
	}
	if err == nil && a.Size > f.Most {
		err = errs.New(errs.Invalid, channel.CodeFileTooLarge, "The file is larger than this server takes.")
	}
	if err != nil {
		return inbox, a, err
	}
	var told channel.Fetched
	a, err = f.Files.Fill(ctx, a, func(w io.Writer) error {
		var err error
		told, err = f.FarSide.FetchFile(ctx, inbox, reference, f.Most, w)
		return err
	})
	if told.Name != "" && a.Name == media.CleanName("") {
		a.Name = media.CleanName(told.Name)
	}
	return inbox, a, err
}

// mayWork reports whether it is worth it to ask again.
func mayWork(err error) bool { return !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Invalid) }

// outcome is what a file is after an attempt.
func outcome(a media.Attachment, err error) media.Attachment {
	if err == nil {
		return a
	}
	e := errs.As(err)
	a.Arrival, a.Trouble = media.Failed, media.Trouble{Code: cut(clean(e.Code), maxStatusCode), Detail: cut(clean(e.Message), maxStatusDetail)}
	if e.Kind == errs.NotFound {
		a.Arrival = media.Gone
	}
	return a
}

// pause is how long to wait after a try that may work later.
func (f *Fetcher) pause(tries int) time.Duration {
	d := mostFetchWait
	if tries < 10 {
		d = min(d, firstFetchWait<<max(tries-1, 0))
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // jitter, not a secret
}

func (f *Fetcher) later(ctx context.Context, e *media.Errand, at time.Time) error {
	_, err := f.Errands.Prolong(ctx, e, at)
	return err
}

func (f *Fetcher) settle(ctx context.Context, e *media.Errand, w worked, a media.Attachment) error {
	by := identity.Actor{Kind: identity.ActorPlugin, ID: string(w.inbox.Plugin)}
	if w.inbox.Plugin == "" {
		by = identity.Actor{Kind: identity.ActorSystem}
	}
	told, err := f.Conversations.settleFile(ctx, *e, by, a, w.next)
	if err != nil || told {
		return err
	}
	return f.Files.Abandon(ctx, e.ID)
}
