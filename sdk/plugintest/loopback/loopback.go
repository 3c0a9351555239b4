// Package loopback finds addresses for the servers of tests.
package loopback

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken below those that systems give to connections and to servers
// that do not care (Linux from 32768, others from 49152): one of those could be
// given away between the search and the start of the server, or while it restarts.
const first, last, tries = 10_000, 32_000, 100

// Free returns n addresses, host:port, on which nobody listens.
func Free(ctx context.Context, n int) ([]string, error) {
	out := make([]string, 0, n)
	for range n {
		l, err := listen(ctx)
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() //nolint:errcheck // was only held so that none is given twice
		out = append(out, l.Addr().String())
	}
	return out, nil
}

func listen(ctx context.Context) (l net.Listener, err error) {
	for range tries {
		at := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(last-first)))
		if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", at); err == nil {
			return l, nil
		}
	}
	return nil, err
}
