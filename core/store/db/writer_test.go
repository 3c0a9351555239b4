package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// hold keeps the writer busy until release is called, so that jobs gather
// behind it. It returns when the writer has begun; release returns what became
// of the job that held it, which shares a commit with those that gathered.
func hold(t *testing.T, d *db.DB) (release func() error) {
	t.Helper()
	begun, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		var once sync.Once
		done <- d.Do(t.Context(), "", func(context.Context, *db.Tx) error {
			once.Do(func() { close(begun) })
			<-let
			return nil
		})
	}()
	<-begun
	return func() error {
		close(let)
		return <-done
	}
}

// gather brings n jobs while the writer is held, and returns their answers.
func gather(t *testing.T, d *db.DB, n int, work func(ctx context.Context, tx *db.Tx, i int) error) []error {
	t.Helper()
	release := hold(t, d)
	answers := make([]error, n)
	var wg, started sync.WaitGroup
	for i := range n {
		started.Add(1)
		wg.Go(func() {
			started.Done()
			answers[i] = d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return work(ctx, tx, i) })
		})
	}
	started.Wait()
	_ = release() // tested by what gathered
	wg.Wait()
	return answers
}

func TestJobsShareACommit(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		const jobs = 50
		release := hold(t, d)
		first := make(chan int, jobs)
		var wg, started sync.WaitGroup
		for i := range jobs {
			started.Add(1)
			wg.Go(func() {
				started.Done()
				err := d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return note(ctx, tx, fmt.Sprint("n", i)) })
				if err != nil {
					t.Error(err)
				}
				first <- notes(t, d)
			})
		}
		started.Wait()
		must(t, release())
		seen := <-first
		wg.Wait()
		if seen < jobs/2 {
			t.Fatalf("at the first answer %d of %d jobs were committed: they do not share commits", seen, jobs)
		}
		if n := notes(t, d); n != jobs {
			t.Fatalf("%d rows, want %d", n, jobs)
		}
	})
}

func TestAnAnswerComesAfterItsCommit(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		for i := range 20 {
			must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
				return errors.Join(note(ctx, tx, fmt.Sprint("n", i)), tx.Append(ctx, happened(fmt.Sprint("e", i))))
			}))
			if n := notes(t, d); n != i+1 {
				t.Fatalf("after answer %d a reader sees %d", i+1, n)
			}
			if got := feed(t, d); len(got) != i+1 {
				t.Fatalf("after answer %d the feed has %d", i+1, len(got))
			}
		}
	})
}

func TestAFailedJobFailsAlone(t *testing.T) {
	boom := errors.New("boom")
	both(t, func(t *testing.T, d *db.DB) {
		answers := gather(t, d, 30, func(ctx context.Context, tx *db.Tx, i int) error {
			if err := errors.Join(tx.Append(ctx, happened(fmt.Sprint("e", i))), note(ctx, tx, fmt.Sprint("n", i))); err != nil {
				return err
			}
			switch i % 5 {
			case 1:
				return boom // after it has written
			case 2:
				panic("at the disco")
			case 3: // refused by the database
				return note(ctx, tx, fmt.Sprint("n", i))
			}
			return nil
		})
		for i, err := range answers {
			switch i % 5 {
			case 1:
				if !errors.Is(err, boom) {
					t.Errorf("job %d: %v, want its own error", i, err)
				}
			case 2:
				if !errs.Is(err, errs.Internal) || !strings.Contains(err.Error(), "disco") {
					t.Errorf("job %d: %v, want its panic", i, err)
				}
			case 3:
				if !errs.Is(err, errs.Conflict) || !db.IsConflict(err) {
					t.Errorf("job %d: %v, want a conflict", i, err)
				}
			default:
				if err != nil {
					t.Errorf("job %d: %v", i, err)
				}
			}
		}
		if n := notes(t, d); n != 12 {
			t.Errorf("%d rows, want 12", n)
		}
		if got := feed(t, d); len(got) != 12 {
			t.Errorf("the feed has %v, want those of 12 jobs", got)
		}
	})
}

func TestAFailedStatementFailsTheJob(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		err := d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
			must := note(ctx, tx, "a")
			_, _ = tx.Exec(ctx, `INSERT INTO session (session_id, account_id, token_hash, user_agent, address, created_at, expires_at)
VALUES ('s', 'nobody', 'h', '', '', 1, 1)`)
			return must // the job makes nothing of it
		})
		fails(t, err, errs.NotFound, "not_found")
		if n := notes(t, d); n != 0 {
			t.Fatalf("%d rows of a failed job", n)
		}
		err = d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `SELECT nonsense`)
			if err == nil {
				t.Error("nonsense is accepted")
			}
			if again := tx.Lock(ctx, "other"); again == nil || again.Error() != err.Error() {
				t.Errorf("after a failure a call gives %v, want %v", again, err)
			}
			return nil
		})
		if !errs.Is(err, errs.Internal) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestWorkspaceMustExist(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		ran := false
		err := d.Do(t.Context(), "none", func(context.Context, *db.Tx) error {
			ran = true
			return nil
		})
		fails(t, err, errs.NotFound, "not_found")
		if ran {
			t.Fatal("the job ran")
		}
		err = d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
			e := happened("e")
			e.Workspace = "none"
			return tx.Append(ctx, e)
		})
		fails(t, err, errs.NotFound, "not_found")
	})
}

func TestBrokenTextIsRefused(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		type named string
		for _, bad := range []any{"nul\x00", "broken\xff", named("nul\x00")} {
			err := d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE workspace SET name = ? WHERE workspace_id = 'w'`, bad)
				return err
			})
			fails(t, err, errs.Invalid, "storage.text")
			err = d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
				return db.Failed(tx.Gorm(ctx).Table("workspace").Where("workspace_id = 'w'").Update("name", bad).Error)
			})
			fails(t, err, errs.Invalid, "storage.text")
		}
	})
}

func TestCancellation(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		release := hold(t, d)
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan error, 1)
		go func() {
			waiting <- d.Do(ctx, "w", func(ctx context.Context, tx *db.Tx) error { return note(ctx, tx, "never") })
		}()
		cancel()
		err := <-waiting
		fails(t, err, errs.Unavailable, "storage.timeout")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v does not say that it was cancelled", err)
		}
		must(t, release())

		ctx, cancel = context.WithCancel(t.Context())
		must(t, d.Do(ctx, "w", func(inner context.Context, tx *db.Tx) error {
			cancel()
			if inner.Err() != nil {
				t.Error("a job that has begun sees its caller's cancellation")
			}
			return note(inner, tx, "begun")
		}))
		if n := notes(t, d); n != 1 {
			t.Fatalf("%d rows, want that of the job that had begun", n)
		}
	})
}

func TestClose(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		release := hold(t, d)
		const jobs = 10
		var wg, started sync.WaitGroup
		for i := range jobs {
			started.Add(1)
			wg.Go(func() {
				started.Done()
				err := d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return note(ctx, tx, fmt.Sprint("n", i)) })
				if err != nil && errs.As(err).Code != "storage.closed" {
					t.Error(err)
				}
			})
		}
		started.Wait()
		closed := make(chan error, 1)
		go func() { closed <- d.Close(t.Context()) }()
		must(t, release())
		wg.Wait()
		must(t, <-closed)
		must(t, d.Close(t.Context()))
		err := d.Do(t.Context(), "w", func(context.Context, *db.Tx) error { return nil })
		fails(t, err, errs.Unavailable, "storage.closed")
	})
}

func TestNewsOfCommits(t *testing.T) {
	type news struct {
		workspaces []string
		deliveries bool
	}
	told, slow := make(chan news, 100), make(chan struct{})
	set := func(c *db.Config) {
		c.OnCommit = func(workspaces []string, deliveries bool) {
			told <- news{workspaces, deliveries}
			<-slow
		}
	}
	var once sync.Once
	bothWith(t, set, func(t *testing.T, d *db.DB) {
		must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return note(ctx, tx, "silent") }))
		// Nobody waits for whoever is told: these are answered while it is stuck.
		for i := range 3 {
			must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
				tx.Delivers()
				return tx.Append(ctx, happened(fmt.Sprint("e", i)))
			}))
		}
		err := d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(tx.Append(ctx, happened("undone")), errors.New("no"))
		})
		if err == nil {
			t.Fatal("it did not fail")
		}
		got := <-told
		if len(got.workspaces) != 1 || got.workspaces[0] != "w" || !got.deliveries {
			t.Fatalf("told of %+v", got)
		}
		once.Do(func() { close(slow) })
		must(t, d.Close(t.Context()))
		for len(told) > 0 {
			if got := <-told; len(got.workspaces) != 1 || got.workspaces[0] != "w" {
				t.Fatalf("told of %+v", got)
			}
		}
	})
	bothWith(t, set, func(t *testing.T, d *db.DB) { // due without an event
		must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
			tx.Delivers()
			return note(ctx, tx, "quiet")
		}))
		if got := <-told; len(got.workspaces) != 0 || !got.deliveries {
			t.Fatalf("told of %+v", got)
		}
	})
}

func TestPanicsAreLogged(t *testing.T) {
	var log bytes.Buffer
	c := config(t)
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	d := open(t, c)
	err := d.Do(t.Context(), "", func(context.Context, *db.Tx) error { panic("at the disco") })
	fails(t, err, errs.Internal, "internal")
	must(t, d.Close(t.Context()))
	if s := log.String(); !strings.Contains(s, "at the disco") || !strings.Contains(s, "writer_test.go") {
		t.Fatalf("the log says %q", s)
	}
}

// A group stops taking jobs in when its time is over.
func TestAGroupEnds(t *testing.T) {
	c := config(t)
	var mu sync.Mutex
	now := frozen()
	c.Now = func() time.Time { // every look at the clock costs a minute
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Minute)
		return now
	}
	d := open(t, c)
	workspace(t, d)
	for _, err := range gather(t, d, 20, func(ctx context.Context, tx *db.Tx, i int) error { return note(ctx, tx, fmt.Sprint("n", i)) }) {
		must(t, err)
	}
	if n := notes(t, d); n != 20 {
		t.Fatalf("%d rows, want 20", n)
	}
}
