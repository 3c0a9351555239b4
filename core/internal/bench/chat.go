package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// inFlight is how many messages are under way at once over WebSocket.
const inFlight = 512

// chat is visitors who write over their sockets.
type chat struct {
	sockets []*rig.Socket
	acks    []chan bool // false = an error
	free    chan int
	sent    atomic.Int64
	broken  atomic.Pointer[string]
}

func openChat(ctx context.Context, s *site, visitors int) (*chat, error) {
	c := &chat{acks: make([]chan bool, visitors), free: make(chan int, visitors)}
	for i := range c.acks {
		c.acks[i] = make(chan bool, 1)
	}
	sockets, err := s.sockets(ctx, visitors, func(v int, frame []byte) {
		switch op(frame) {
		case "ack":
			c.acks[v] <- true
		case "error", "bye":
			told := string(frame)
			c.broken.Store(&told)
			c.acks[v] <- false
		}
	})
	if err != nil {
		return nil, err
	}
	c.sockets = sockets
	for i := range visitors {
		c.free <- i // everybody has their turn
	}
	return c, nil
}

// say lets the next visitor say something and waits for the ack. There is one
// message under way on a socket, and one on as many sockets as there are workers.
func (c *chat) say(ctx context.Context, _ int) error {
	v := <-c.free
	defer func() { c.free <- v }()
	n := c.sent.Add(1)
	id := clientID(n + 4e9)
	frame := append(make([]byte, 0, 256), `{"op":"send","ref":"1","client_msg_id":"`...)
	frame = append(append(append(append(frame, id...), `","text":"`...), text...), `"}`...)
	if err := c.sockets[v].SendText(frame); err != nil {
		return err //nolint:wrapcheck // it says what it did
	}
	return c.answer(ctx, v)
}

var errNoAck = errors.New("no ack")

func (c *chat) answer(ctx context.Context, v int) error {
	t := time.NewTimer(30 * time.Second)
	defer t.Stop()
	select {
	case ok := <-c.acks[v]:
		if !ok {
			return fmt.Errorf("%w: %s", errNoAck, *c.broken.Load())
		}
		return nil
	case <-c.sockets[v].Closed():
		code, reason := c.sockets[v].CloseCode()
		return fmt.Errorf("%w: the socket was closed with %d %s", errNoAck, code, reason)
	case <-t.C:
		return errNoAck
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // of our own context
	}
}
