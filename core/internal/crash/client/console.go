package client

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// Console is a member's tab: it follows the feed over a WebSocket, shows every
// conversation, and writes when it is asked to.
type Console struct {
	*party
	me    rig.Member
	waits waits[rig.Frame]

	mu     sync.Mutex
	epoch  string
	view   view
	stream verdict.Stream
	socket *rig.Socket // while it is ready
	reload bool        // forget what is shown, as a new tab does
}

// NewConsole returns a tab of a member.
func NewConsole(w *World, name string, seed uint64, me rig.Member) *Console {
	return &Console{party: newParty(w, name, seed), me: me, view: view{}, stream: verdict.Stream{Client: name}}
}

// Run follows the feed until ctx ends.
func (c *Console) Run(ctx context.Context) {
	for ctx.Err() == nil {
		c.connect(ctx)
		c.retry(ctx)
	}
}

// Count returns how far the console has come in the feed.
func (c *Console) Count() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reload {
		return 0
	}
	return uint64(len(c.stream.Seen))
}

// Reload makes the console fetch everything anew.
func (c *Console) Reload() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reload = true
	if c.socket != nil {
		c.socket.Cut()
	}
}

func (c *Console) connect(ctx context.Context) {
	frames := newLine[rig.Frame]()
	s, err := rig.Dial(ctx, rig.Dialing{URL: c.me.LiveURL(), Header: c.me.Header, Frame: func(raw []byte) {
		var f rig.Frame
		if err := json.Unmarshal(raw, &f); err != nil {
			c.fault(verdict.Unexpected, "a frame that is not our JSON: %v", err)
			return
		}
		frames.put(f)
	}})
	if err != nil {
		if ctx.Err() == nil {
			c.judge(ctx, err)
		}
		return
	}
	defer c.disconnected(ctx, s)
	go beat(s)
	hello := c.hello()
	if err := s.Send(hello); err != nil {
		return
	}
	for {
		f, ok := frames.take(ctx, s)
		if !ok || !c.handle(ctx, s, hello, f) {
			return
		}
	}
}

// helloFrame is the first frame of a console.
type helloFrame struct {
	Op    string `json:"op"`
	Epoch string `json:"epoch"`
	Feed  uint64 `json:"feed"`
}

func (c *Console) hello() helloFrame {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reload || c.epoch == "" {
		return helloFrame{Op: "hello"}
	}
	return helloFrame{Op: "hello", Epoch: c.epoch, Feed: uint64(len(c.stream.Seen))}
}

func (c *Console) disconnected(ctx context.Context, s *rig.Socket) {
	s.Cut()
	<-s.Closed()
	c.mu.Lock()
	c.socket = nil
	c.mu.Unlock()
	c.waits.lost()
	c.ended(ctx, s)
}

// ended notes a close that a restart does not explain.
func (p *party) ended(ctx context.Context, s *rig.Socket) {
	if ctx.Err() != nil {
		return
	}
	switch code, reason := s.CloseCode(); code {
	case 0, 1000, 1006, 1012:
	default:
		p.fault(verdict.Unexpected, "the socket was closed with %d %s", code, reason)
	}
}

// handle takes a frame; false ends the connection.
func (c *Console) handle(ctx context.Context, s *rig.Socket, hello helloFrame, f rig.Frame) bool {
	switch f.Op {
	case "ready":
		return c.ready(ctx, s, hello, f)
	case "event", "skip": // of a skip only its place in the feed is told
		return c.event(ctx, f.FeedEvent)
	case "ack", "error":
		if !c.waits.answer(f.Ref, f) && f.Op == "error" && f.Code != "rate_limited" {
			c.fault(verdict.Unexpected, "an error nobody waits for: %s %s", f.Code, f.Detail)
		}
	case "presence", "typing", "looking", "notification", "pong", "bye":
	default:
		c.fault(verdict.Unexpected, "an unknown frame %q", f.Op)
	}
	return true
}

func (c *Console) ready(ctx context.Context, s *rig.Socket, hello helloFrame, f rig.Frame) bool {
	const tooFar = 2000
	switch {
	case c.epoch != "" && f.Epoch != c.epoch:
		c.fault(verdict.Streams, "the epoch changed from %s to %s", c.epoch, f.Epoch)
	case f.Feed < hello.Feed:
		c.fault(verdict.Streams, "the feed went back from %d to %d", hello.Feed, f.Feed)
	case f.Resync && hello.Epoch != "" && f.Feed-hello.Feed <= tooFar:
		c.fault(verdict.Streams, "must start over although only %d events are missing", f.Feed-hello.Feed)
	case !f.Resync && hello.Epoch == "":
		c.fault(verdict.Streams, "a new tab was not told to fetch everything")
	}
	if f.Resync && !c.resync(ctx, f.Feed) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch, c.socket = f.Epoch, s
	return true
}

// resync fetches everything, and the events up to head for the record.
func (c *Console) resync(ctx context.Context, head uint64) bool {
	v, err := fetch(ctx, c.me)
	if err == nil {
		err = c.fill(ctx, head, false)
	}
	if err != nil {
		c.lost(ctx, err)
		return false
	}
	for id := range v {
		c.world.learn(id)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.view, c.reload = v, false
	return true
}

// lost notes an error that a restart does not explain.
func (p *party) lost(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if problem := rig.ProblemOf(err); problem != nil && problem.Status != 503 {
		p.fault(verdict.Unexpected, "a fetch was refused: %v", err)
	}
}

var errHole = errors.New("the feed has a hole")

// fill reads the feed up to head over REST.
func (c *Console) fill(ctx context.Context, head uint64, show bool) error {
	for {
		c.mu.Lock()
		at := uint64(len(c.stream.Seen))
		c.mu.Unlock()
		if at >= head {
			return nil
		}
		got, err := events(ctx, c.me, at, 500)
		if err != nil {
			return err
		}
		if len(got) == 0 {
			c.fault(verdict.Streams, "the feed ends at %d of %d", at, head)
			return errHole
		}
		for _, e := range got {
			if e.Feed <= head && !c.take(e, show) {
				return errHole
			}
		}
	}
}

// take records an event, and shows it; false when it is not the next one.
func (c *Console) take(e rig.FeedEvent, show bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := uint64(len(c.stream.Seen)); e.Feed != at+1 {
		c.fault(verdict.Streams, "event %d came after %d", e.Feed, at)
		return false
	}
	id := ""
	if e.Change != nil {
		id = e.Change.ID
		c.world.learn(e.Change.ConversationID)
	}
	if e.TicketChange != nil {
		id = e.TicketChange.ID
	}
	c.stream.Seen = append(c.stream.Seen, verdict.Seen{Number: e.Feed, ID: id})
	if show {
		if complaint := c.view.apply(e); complaint != "" {
			c.fault(verdict.Views, "event %d: %s", e.Feed, complaint)
		}
	}
	return true
}

// event takes a live event. A repeated one is dropped; a jump is a fault, and
// is mended as clients do.
func (c *Console) event(ctx context.Context, e rig.FeedEvent) bool {
	c.mu.Lock()
	at := uint64(len(c.stream.Seen))
	c.mu.Unlock()
	switch {
	case e.Feed <= at:
		return true
	case e.Feed > at+1:
		c.fault(verdict.Streams, "the socket jumped from %d to %d", at, e.Feed)
		if err := c.fill(ctx, e.Feed-1, true); err != nil {
			c.lost(ctx, err)
			return false
		}
	}
	return c.take(e, true)
}

func (c *Console) testify(e *verdict.Evidence) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.Streams = append(e.Streams, c.stream)
	e.Members = append(e.Members, verdict.MemberView{Client: c.name, Conversations: c.view})
}
