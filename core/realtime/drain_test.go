package realtime_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/patchbay-im/patchbay/core/realtime"
)

// TestDrain: what was asked is answered, then everybody is told to come back.
func TestDrain(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		m, v, silent := n.ready(w.agent().ID), n.visitor(w.welcome(), "", 0), n.dial("/visitor/"+string(w.Live.ID))
		v.expect("ready")
		silent.say(`{"op":"ping"}`) // so that it has arrived
		silent.refused("frame.invalid")
		for len(w.presence.events) > 0 {
			<-w.presence.events
		}
		entered, commit := make(chan struct{}, 1), make(chan struct{})
		w.calls.on(func(_ context.Context, what string) error {
			if what == "visitor send" {
				entered <- struct{}{}
				<-commit
			}
			return nil
		})
		v.say(map[string]any{"op": "send", "ref": "last", "client_msg_id": uuid.NewString(), "text": "just in time"})
		awaitValue(t, entered, "the send")
		drained := make(chan error, 1)
		go func() { drained <- n.Drain(t.Context()) }()
		for _, c := range []*client{m, silent} {
			if f := c.expect("bye"); f.RetryMS < 100 || f.RetryMS > 60_000 {
				t.Errorf("got %s", f.raw)
			}
			c.ends(1012)
		}
		equal(t, len(drained), 0)
		close(commit)
		equal(t, v.expect("ack").Ref, "last")
		v.expect("bye")
		v.ends(1012)
		if err := awaitValue(t, drained, "the end"); err != nil {
			t.Error(err)
		}
		equal(t, len(w.presence.events), 0) // whoever comes back in time never was away
		late, err := n.connect("/visitor/" + string(w.Live.ID))
		if err == nil {
			_, _, err = late.Read(t.Context())
		}
		if err == nil {
			t.Error("a drained gateway serves")
		}
		n.Publish(w.WS, nil)
	})
}

// TestDrainInTime: when the time is over, the rest is cut off.
func TestDrainInTime(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		v := n.visitor(w.welcome(), "", 0)
		v.expect("ready")
		entered := make(chan struct{}, 1)
		w.calls.on(func(ctx context.Context, what string) error {
			if what == "visitor send" {
				entered <- struct{}{}
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		v.say(map[string]any{"op": "send", "client_msg_id": uuid.NewString(), "text": "too late"})
		awaitValue(t, entered, "the send")
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := n.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestNotStarted: connections before Start are closed.
func TestNotStarted(t *testing.T) {
	g := realtime.New(realtime.Options{Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	client, server := pipe(t)
	g.Visitor(server, "inb_x", "")
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Error("a gateway that was not started serves")
	}
	if err := g.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}
