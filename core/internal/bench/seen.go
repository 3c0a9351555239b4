package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// latency is how long something took, for all messages.
type latency struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latency) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, d)
}

func (l *latency) at(percent int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return 0
	}
	slices.Sort(l.all)
	return l.all[min(len(l.all)*percent/100, len(l.all)-1)]
}

// seen measures how long it takes from sending a message until it is shown on
// another socket, with all visitors connected and a steady stream of messages
// that every agent sees. The time runs from before the frame is written, so it
// holds the commit as well as the way to the agent.
type seen struct {
	acked, shown latency
	count        atomic.Int64
}

// mark begins the text of a measured message; the time of sending follows.
const mark = "sent at "

// when reads the time of sending out of a frame.
func when(frame []byte) (time.Time, bool) {
	_, rest, ok := bytes.Cut(frame, []byte(mark))
	if !ok || len(rest) < 19 {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(string(rest[:19]), 10, 64) // nanoseconds since 1970 have 19 digits until 2286
	return time.Unix(0, n), err == nil
}

func measureSeen(ctx context.Context, s *site, sc scale) (*seen, error) {
	m := &seen{}
	visitors, err := s.sockets(ctx, sc.visitors, func(_ int, frame []byte) {
		if at, ok := when(frame); ok && op(frame) == "ack" {
			m.acked.add(time.Since(at))
		}
	})
	if err != nil {
		return nil, err
	}
	defer shut(visitors)
	agents := make([]*rig.Socket, sc.agents)
	defer func() { shut(agents) }()
	for i := range agents {
		if agents[i], err = m.agent(ctx, s); err != nil {
			return nil, err
		}
	}
	sent, err := m.drive(ctx, visitors, sc)
	if err != nil {
		return nil, err
	}
	want := int64(sent * sc.agents)
	for deadline := time.Now().Add(10 * time.Second); m.count.Load() < want && time.Now().Before(deadline); {
		pause(ctx, 10*time.Millisecond)
	}
	if got := m.count.Load(); got != want {
		return nil, fmt.Errorf("%d messages were to be seen %d times, and were %d times", sent, want, got)
	}
	return m, nil
}

func (m *seen) agent(ctx context.Context, s *site) (*rig.Socket, error) {
	ready := make(chan struct{})
	once := sync.OnceFunc(func() { close(ready) })
	sock, err := rig.Dial(ctx, rig.Dialing{URL: s.owner.LiveURL(), Header: s.owner.Header, Frame: func(frame []byte) {
		switch op(frame) {
		case "ready":
			once()
		case "event":
			if at, ok := when(frame); ok && bytes.Contains(frame, []byte(`"type":"message.created"`)) {
				m.shown.add(time.Since(at))
				m.count.Add(1)
			}
		}
	}})
	if err != nil {
		return nil, fmt.Errorf("an agent's socket: %w", err)
	}
	if err := sock.Send(map[string]any{"op": "hello", "epoch": "", "feed": 0}); err != nil {
		return sock, err //nolint:wrapcheck // it says what it did
	}
	select {
	case <-ready:
		return sock, nil
	case <-time.After(10 * time.Second):
		return sock, fmt.Errorf("an agent's socket is not ready: %w", ctx.Err())
	}
}

// drive sends at an even rate, from one visitor after the other.
func (m *seen) drive(ctx context.Context, visitors []*rig.Socket, sc scale) (int, error) {
	gap := time.Second / time.Duration(sc.rate)
	total := int(sc.steady / gap)
	began := time.Now()
	for i := range total {
		if wait := time.Until(began.Add(time.Duration(i) * gap)); wait > 0 {
			pause(ctx, wait)
		}
		frame := fmt.Sprintf(`{"op":"send","client_msg_id":%q,"text":"%s%d %s"}`, clientID(int64(i)+5e9), mark, time.Now().UnixNano(), text)
		if err := visitors[i%len(visitors)].SendText([]byte(frame)); err != nil {
			return 0, err //nolint:wrapcheck // it says what it did
		}
	}
	return total, nil
}
