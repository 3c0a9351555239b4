package db

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
)

// writer is the one goroutine that changes the database.
type writer struct {
	driver   Driver
	begin    string // how a transaction starts
	connect  func(ctx context.Context) (line, error)
	now      func() time.Time
	log      *slog.Logger
	onCommit func(workspaces []string, deliveries bool)

	gorm    *gorm.DB
	signer  media.Signer
	line    line // nil while there is no connection; the goroutine's own, as the next
	inserts inserts

	gate    sync.RWMutex // held for reading while a job is put into the queue
	closed  bool
	queue   chan *job
	errands chan errand
	done    chan struct{} // closed when both goroutines have ended

	newsMu sync.Mutex
	news   news
	ring   chan struct{}
}

// news is what commits did that nobody was told of yet.
type news struct {
	workspaces []string
	deliveries bool
}

func newWriter(c Config, connect func(ctx context.Context) (line, error)) *writer {
	w := &writer{
		driver: c.Driver, begin: `BEGIN`, connect: connect, inserts: make(inserts), now: c.Now, log: c.Log, onCommit: c.OnCommit,
		queue: make(chan *job, queueLength), errands: make(chan errand), done: make(chan struct{}), ring: make(chan struct{}, 1),
	}
	if c.Driver == SQLite {
		w.begin = `BEGIN IMMEDIATE`
	}
	return w
}

// start runs the writer until close. ctx gives values only.
func (w *writer) start(ctx context.Context) {
	var tellers sync.WaitGroup
	tellers.Go(w.tell)
	go func() {
		w.work(context.WithoutCancel(ctx))
		close(w.ring)
		tellers.Wait()
		close(w.done)
	}()
}

func (w *writer) work(ctx context.Context) {
	for {
		var j *job
		var ok bool
		select {
		case j, ok = <-w.queue:
		case e := <-w.errands:
			w.errand(ctx, e)
			continue
		}
		if !ok {
			break
		}
		runtime.Gosched() // lets those whom the last commit woke bring their next job
		g := &group{w: w}
		if j.take() {
			g.jobs = append(g.jobs, j)
		}
		if g.jobs = w.collect(g.jobs); len(g.jobs) > 0 {
			g.commit(ctx)
		}
	}
	if w.line != nil {
		w.line.drop()
	}
}

// collect adds the jobs that wait now, without waiting for more.
func (w *writer) collect(jobs []*job) []*job {
	for len(jobs) < groupLimit {
		select {
		case j, ok := <-w.queue:
			if !ok {
				return jobs
			}
			if j.take() {
				jobs = append(jobs, j)
			}
		default:
			return jobs
		}
	}
	return jobs
}

// do brings a job and waits for its answer. Once the writer has taken the job
// the caller waits for it even when ctx ends: the job uses the caller's memory.
func (w *writer) do(ctx context.Context, workspace string, work Work) error {
	j := newJob(ctx, workspace, work)
	if err := w.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.answer:
		return err
	case <-ctx.Done():
		if j.drop() {
			return failed(ctx.Err())
		}
		return <-j.answer
	}
}

func (w *writer) enqueue(ctx context.Context, j *job) error {
	w.gate.RLock()
	defer w.gate.RUnlock()
	if w.closed {
		return errs.New(errs.Unavailable, "storage.closed", "The server is stopping. Try again in a moment.")
	}
	select {
	case w.queue <- j:
		return nil
	case <-ctx.Done():
		return failed(ctx.Err())
	}
}

// close refuses new jobs and waits for those taken in.
func (w *writer) close() {
	w.gate.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.gate.Unlock()
	<-w.done
}

// started returns the connection with a transaction begun. A connection that
// was lost while nobody needed it is replaced.
func (w *writer) started(ctx context.Context) (line, error) {
	if w.line != nil {
		_, err := w.line.exec(ctx, w.begin, nil)
		if err == nil || w.driver == SQLite {
			return w.line, err
		}
		w.disconnect()
	}
	l, err := w.connect(ctx)
	if err != nil {
		return nil, err
	}
	w.line = l
	_, err = l.exec(ctx, w.begin, nil)
	return l, err
}

func (w *writer) disconnect() {
	if w.line != nil {
		w.line.drop()
		w.line = nil
	}
}

// committed passes the news on without waiting for anybody.
func (w *writer) committed(workspaces []string, deliveries bool) {
	if w.onCommit == nil || len(workspaces) == 0 && !deliveries {
		return
	}
	w.newsMu.Lock()
	for _, workspace := range workspaces {
		if !slices.Contains(w.news.workspaces, workspace) {
			w.news.workspaces = append(w.news.workspaces, workspace)
		}
	}
	w.news.deliveries = w.news.deliveries || deliveries
	w.newsMu.Unlock()
	select {
	case w.ring <- struct{}{}:
	default: // it has been rung
	}
}

// tell calls onCommit after commits until the writer has ended.
func (w *writer) tell() {
	for range w.ring {
		w.newsMu.Lock()
		n := w.news
		w.news = news{}
		w.newsMu.Unlock()
		if len(n.workspaces) > 0 || n.deliveries {
			w.onCommit(n.workspaces, n.deliveries)
		}
	}
}

// report logs what is nobody's request: a panic in a job.
func (w *writer) report(ctx context.Context, err error) {
	if _, ok := errors.AsType[*panicError](err); ok {
		w.log.ErrorContext(ctx, "a job of the database writer panicked", slog.Any("error", err))
	}
}
