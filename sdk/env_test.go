package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// log is a log that is read while it is written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func env() (sdk.Env, *log) {
	l := &log{}
	return sdk.Env{Log: slog.New(slog.NewTextHandler(l, nil))}, l
}

// A panic ends its goroutine and nothing else, and is in the log.
func TestGoSurvivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, l := env()
		done := false
		e.Go(t.Context(), "poll", func(context.Context) { panic("no teapot") })
		e.Go(t.Context(), "send", func(ctx context.Context) { done = ctx.Err() == nil })
		synctest.Wait()
		if got := l.String(); !done || !strings.Contains(got, "no teapot") || !strings.Contains(got, "in=poll") || !strings.Contains(got, "env_test.go") {
			t.Errorf("the other ran: %v; the log: %s", done, got)
		}
	})
}

func TestAGroupStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, l := env()
		g := e.Group(t.Context())
		var ended atomic.Int32
		for range 3 {
			if !g.Go("loop", func(ctx context.Context) {
				<-ctx.Done()
				time.Sleep(time.Second) // it closes what it holds
				ended.Add(1)
			}) {
				t.Error("a group that runs takes nothing")
			}
		}
		g.Go("broken", func(context.Context) { panic("no teapot") })
		synctest.Wait()
		if ended.Load() != 0 {
			t.Error("they ended by themselves")
		}
		if err := g.Stop(t.Context()); err != nil || ended.Load() != 3 {
			t.Errorf("stopped: %v, %d of 3 have ended", err, ended.Load())
		}
		if g.Go("late", func(context.Context) { t.Error("it ran after Stop") }) {
			t.Error("a group that has stopped takes more")
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("stopped again: %v", err)
		}
		if !strings.Contains(l.String(), "no teapot") {
			t.Errorf("the log: %s", l)
		}
	})
}

func TestAGroupThatDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := env()
		g, release := e.Group(t.Context()), make(chan struct{})
		g.Go("deaf", func(context.Context) { <-release })
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.Stop(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one that does not listen: %v", err)
		}
		close(release)
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("after it ended: %v", err)
		}
	})
}

// The goroutines of a group end with the context that it was made of, too.
func TestAGroupEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := env()
		ctx, cancel := context.WithCancel(t.Context())
		ended := false
		e.Group(ctx).Go("loop", func(ctx context.Context) {
			<-ctx.Done()
			ended = true
		})
		cancel()
		synctest.Wait()
		if !ended {
			t.Error("it runs on")
		}
	})
}

func TestHTTPReadsTheManifest(t *testing.T) {
	e := sdk.Env{Manifest: []byte("id: a/b\nversion: 1.0.0\nnetwork: [{host: api.example.com}]\n")}
	if _, err := e.HTTP(instance.Instance{}, outbound.Options{Hosts: []string{"api.example.com"}}); err != nil {
		t.Error(err)
	}
	if _, err := e.HTTP(instance.Instance{}, outbound.Options{Hosts: []string{"elsewhere.example.com"}}); err == nil {
		t.Error("it may speak to hosts that the manifest does not name")
	}
}
