package realtime

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/realtime/socket"
)

// side is the half of a session that differs between members and visitors.
type side interface {
	kind() Kind
	// alive is told of a ping, on the reading goroutine.
	alive(now time.Time)
	// handle does what a frame asks for.
	handle(ctx context.Context, r request) error
	// read returns what the session shows after a number; empty when there is nothing.
	read(ctx context.Context, after uint64) (batch, error)
	// gone is the session's last task: it takes the session out of what others
	// find it by.
	gone(ctx context.Context)
}

// cursor is how far a session has shown its stream.
type cursor struct {
	at     uint64 // the last number sent
	target uint64 // the last number known to exist, while not live
	asked  uint64 // the target when the database was last asked
	live   bool   // the next published number can be sent as it comes
	doubt  bool   // more may exist; the database must be asked before it is live
}

// session is what the sessions of members and visitors share: a connection,
// work in order, and a cursor. It implements socket.Handler.
type session struct {
	g    *Gateway
	conn *socket.Conn
	side side

	mu      sync.Mutex
	cursor  cursor
	rest    *batch // of what was read, while the peer does not take it
	tasks   []task
	bytes   int32 // of frames among the tasks
	running bool  // in the pool's line, or with a worker
	ready   bool
	closed  bool
	reading bool // it lacks something and waits for its own queue to drain
	typing  *typing
}

// Bounds of the frames that wait for a worker, per connection. A client that
// waits for its answers never meets them.
const (
	maxTasks = 64
	maxBytes = 256 << 10
)

// Message implements socket.Handler.
func (s *session) Message(payload []byte) {
	s.g.o.Metrics.Received(s.side.kind())
	if string(payload) == plainPing && s.isReady() {
		s.ping()
		return
	}
	frame := bytes.Clone(payload)
	s.mu.Lock()
	full := len(s.tasks) >= maxTasks || int(s.bytes)+len(frame) > maxBytes
	if !full {
		s.bytes += int32(len(frame)) //nolint:gosec // bounded by maxBytes
		s.put(func(ctx context.Context) {
			s.mu.Lock()
			s.bytes -= int32(len(frame)) //nolint:gosec // as above
			s.mu.Unlock()
			s.frame(ctx, frame)
		})
	}
	s.mu.Unlock()
	if full {
		s.Overrate()
		s.conn.Close(socket.CodePolicy, "too many frames")
	}
}

// Overrate implements socket.Handler.
func (s *session) Overrate() {
	s.answer("", errs.New(errs.RateLimited, "rate_limited", "Too many frames at once. Reconnect and slow down."))
}

// Drained implements socket.Handler: the peer has read, so the session reads on.
func (s *session) Drained() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading {
		s.reading = false
		s.put(s.catchUp)
	}
}

// Closed implements socket.Handler.
func (s *session) Closed(code int) {
	s.g.o.Metrics.Closed(s.side.kind(), code)
	s.mu.Lock()
	s.closed, s.rest = true, nil
	s.mu.Unlock()
	s.submit(func(ctx context.Context) {
		s.side.gone(ctx)
		s.g.sessions.Done()
	})
}

// submit gives the session something to do, after what it has to do already.
func (s *session) submit(t task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(t)
}

// put is submit with the session locked.
func (s *session) put(t task) {
	s.tasks = append(s.tasks, t)
	if !s.running {
		s.running = true
		s.g.pool.submit(s)
	}
}

// take is called by a worker.
func (s *session) take() task {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tasks) == 0 {
		return nil
	}
	t := s.tasks[0]
	s.tasks[0] = nil
	if s.tasks = s.tasks[1:]; len(s.tasks) == 0 {
		s.tasks = nil
	}
	return t
}

// more reports whether a worker must come back.
func (s *session) more() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = len(s.tasks) > 0
	return s.running
}

// welcome sends the ready frame. What is ephemeral follows it and is lost in
// no gap between the two: the session is ready the moment the frame is sent.
func (s *session) welcome(frame any) {
	b := encode(frame)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(b)
	s.ready = true
}

func (s *session) isReady() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready
}

func (s *session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *session) ping() {
	s.send(s.g.pong)
	s.side.alive(s.g.o.Now())
}

// frame does what a frame asks for, or says why not.
func (s *session) frame(ctx context.Context, payload []byte) {
	r, err := parse(payload)
	if err == nil && r.op != "hello" && !s.isReady() {
		err = frameInvalid("The first frame must be a hello.")
	}
	switch {
	case err != nil:
	case r.op == "ping":
		if err = r.into(nil); err == nil {
			s.ping()
		}
	default:
		err = s.side.handle(ctx, r)
	}
	if err != nil {
		s.refuse(ctx, r.ref, err)
	}
}

// refuse answers a request that failed. The cause is logged here and nowhere else.
func (s *session) refuse(ctx context.Context, ref string, err error) {
	e := errs.As(err)
	switch {
	case e.Kind == errs.Internal && !errors.Is(err, context.Canceled):
		s.g.o.Logger.ErrorContext(ctx, "a live request failed", "kind", string(s.side.kind()), "error", err)
	case e.Kind == errs.Unavailable:
		s.g.o.Logger.WarnContext(ctx, "a live request could not be served", "kind", string(s.side.kind()), "error", err)
	}
	s.answer(ref, e)
}

func (s *session) answer(ref string, e *errs.Error) {
	transient := e.Kind == errs.Internal || e.Kind == errs.Unavailable || e.Kind == errs.RateLimited
	s.say(errorFrame{Op: "error", Ref: ref, Code: e.Code, Detail: e.Message, Transient: transient})
}

// say encodes a frame and sends it.
func (s *session) say(frame any) { s.send(encode(frame)) }

// ephemeral sends what only a session that is ready may see, and may miss.
func (s *session) ephemeral(frame []byte) {
	if s.isReady() {
		s.send(frame)
	}
}

func (s *session) send(frame []byte) {
	s.g.o.Metrics.Sent(s.side.kind(), 1)
	s.conn.Send(frame)
}

// bye asks the client to come back in a while and closes.
func (s *session) bye(spread time.Duration) {
	wait := spread/10 + time.Duration(rand.Int64N(int64(spread))) //nolint:gosec // jitter
	s.say(byeFrame{Op: "bye", RetryMS: wait.Milliseconds()})
	s.conn.Close(socket.CodeRestart, "reconnect")
}

// broken ends a session that cannot go on for a reason that will pass.
func (s *session) broken(ctx context.Context, err error) {
	if !s.isClosed() && ctx.Err() == nil {
		s.g.o.Logger.WarnContext(ctx, "a live session is sent away to come back", "kind", string(s.side.kind()), "error", err)
	}
	s.bye(retrySpread)
}
