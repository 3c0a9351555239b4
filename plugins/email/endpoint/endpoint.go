// Package endpoint is how a mail server is reached and signed in at, whatever is
// spoken there afterwards: addresses and TLS, passwords and access tokens, what
// the well-known providers need, and what went wrong, in stable codes.
package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Security is how a connection is protected.
type Security string

// The ways. Of the two with TLS neither is better; the port decides.
const (
	TLS      Security = "tls"
	StartTLS Security = "starttls"
	Plain    Security = "plain" // on this machine alone, unless Server.AllowPlain
)

// Server is an address of a mail server.
type Server struct {
	Host     string
	Port     int
	Security Security
	// AllowPlain lets passwords and mail go unprotected over a network.
	AllowPlain bool
	TLS        *tls.Config // nil = the system's authorities; at least TLS 1.2
}

const (
	dialTimeout      = 20 * time.Second
	handshakeTimeout = 20 * time.Second
)

// Check says what of a server can never work, by the codes CodeAddress and
// CodePlain.
func (s Server) Check() error {
	switch {
	case s.Host == "" || strings.ContainsAny(s.Host, " /@\r\n") || s.Port < 1 || s.Port > 65535:
		return errs.Reject(CodeAddress, "The mail server needs the name of a host and a port from 1 to 65535.")
	case s.Security != TLS && s.Security != StartTLS && s.Security != Plain:
		return errs.Reject(CodeAddress, "The security of the connection must be tls, starttls or plain.")
	case s.Security == Plain && !s.AllowPlain && !loopback(s.Host):
		return errs.Reject(CodePlain, "Without TLS everybody on the way reads the password and the mail. It is only possible on this machine.")
	}
	return nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Address is "host:port".
func (s Server) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// Config is the TLS configuration to use, also for STARTTLS.
func (s Server) Config() *tls.Config {
	c := s.TLS.Clone()
	if c == nil {
		c = &tls.Config{}
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	if c.ServerName == "" {
		c.ServerName = s.Host
	}
	return c
}

// Connect opens a connection, with TLS when that is the Security. dial decides
// where it may lead to: see outbound.Dialer.
func (s Server) Connect(ctx context.Context, dial outbound.Dial) (net.Conn, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	dialling, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := dial(dialling, "tcp", s.Address())
	if err != nil {
		return nil, Unreachable(err)
	}
	if s.Security != TLS {
		return conn, nil
	}
	over := tls.Client(conn, s.Config())
	shaking, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	if err := over.HandshakeContext(shaking); err != nil {
		return nil, errors.Join(Unreachable(err), conn.Close())
	}
	return over, nil
}
