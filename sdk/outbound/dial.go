package outbound

import (
	"context"
	"net"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Dial opens a connection to "host:port".
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer returns a Dial for what is not HTTP, such as mail: it leads to the
// places that the manifest names under network for an instance, as For does, and
// to no other. The only network is "tcp". TLS is the caller's.
func Dialer(manifest []byte, in instance.Instance) (Dial, error) {
	hosts, configured, err := declared(manifest, in)
	if err != nil {
		return nil, err
	}
	to := &reach{public: hosts, configured: configured, declared: true}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		at := strings.ToLower(address)
		if network != "tcp" || !within(to.public, at) && !within(to.configured, at) {
			return nil, NotSent(undeclared(at))
		}
		conn, err := to.dial(ctx, network, at)
		if err != nil {
			return nil, NotSent(notReached(err))
		}
		return conn, nil
	}, nil
}

// notReached words a connection that was not made.
func notReached(err error) error {
	if e := errs.As(err); e.Source != errs.Own {
		return e
	}
	return errs.Unavailable(err, "The server cannot be reached.")
}
