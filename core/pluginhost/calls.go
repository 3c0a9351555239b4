package pluginhost

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// calls counts the calls to one process that are under way, so that a version
// that another takes over from can finish them.
type calls struct {
	now func() time.Time

	mu    sync.Mutex
	count int
	none  chan struct{} // closed while there are none; made anew with the first
}

func newCalls(now func() time.Time) *calls {
	c := &calls{now: now, none: make(chan struct{})}
	close(c.none)
	return c
}

func (c *calls) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == 0 {
		c.none = make(chan struct{})
	}
	c.count++
}

func (c *calls) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count--; c.count == 0 {
		close(c.none)
	}
}

// idle is closed when no call is under way.
func (c *calls) idle() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.none
}

// unary is a client interceptor.
func (c *calls) unary( //nolint:revive // the signature is gRPC's
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	c.begin()
	defer c.end()
	return invoke(ctx, method, req, reply, conn, options...)
}

// stream is a client interceptor. A stream on which the host sends goes on for
// as long as the process lives, and counts for nothing; one that answers a
// single request is a call.
func (c *calls) stream(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	if desc.ClientStreams {
		return open(ctx, desc, conn, method, options...)
	}
	c.begin()
	stream, err := open(ctx, desc, conn, method, options...)
	if err != nil {
		c.end()
		return nil, err
	}
	context.AfterFunc(stream.Context(), c.end) //nolint:contextcheck // gRPC ends it with the stream
	return stream, nil
}
