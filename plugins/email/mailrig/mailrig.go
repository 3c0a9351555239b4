// Package mailrig starts real mail servers for tests: Dovecot (IMAP, POP3, LMTP)
// and Postfix (SMTP), from Debian's packages, with configuration, queue and mail
// in a folder of their own, on free ports of 127.0.0.1, with a certificate made
// for the run.
//
// Nothing leaves the machine: Postfix defers what is for LaterDomain and hands
// all else to Dovecot, which knows the accounts of Domain; what is for anybody
// else comes back as Postfix's own report. It asks no DNS.
//
// Without the programs tests are skipped, or fail when PATCHBAY_TEST_REQUIRE=1.
// Dovecot runs as anybody; Postfix has to be started by root, and then runs as
// the users of Debian's packages.
//
// Lifecycle: Start stops everything when the test ends; Launch leaves that to
// Stop. Should the program die first, Linux ends the servers with it.
//
// Concurrency: a Rig is safe for concurrent use, but for Stop and Restart.
package mailrig

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/plugintest/loopback"
)

// Domains that Postfix knows.
const (
	Domain      = "shop.test"  // delivered to Dovecot: an account must exist
	LaterDomain = "later.test" // accepted and kept in the queue for ever
)

// ErrAbsent says that the servers cannot be run here.
var ErrAbsent = errors.New("no mail servers: install dovecot-imapd, dovecot-pop3d, dovecot-lmtpd and postfix, and run Postfix's tests as root")

// Options choose what is started.
type Options struct {
	Postfix bool // beside Dovecot
}

// Rig is a running set of servers. Addresses are "127.0.0.1:port".
type Rig struct {
	IMAP, IMAPS string // without TLS (STARTTLS), with TLS
	POP3, POP3S string
	LMTP        string

	SMTP        string // from the world: no sign-in, for Domain and LaterDomain alone
	Submission  string // STARTTLS and a sign-in, for any recipient
	Submissions string // TLS and a sign-in

	dir         string
	certificate *certificate
	tokens      *tokens
	auth        string // Dovecot's, for Postfix
	as          *account
	dovecot     *server
	postfix     *server

	mu     sync.Mutex
	users  map[string]string // passwords
	shared map[string]string // accounts, by the logins of their members
}

// Start starts servers for a test.
func Start(tb testing.TB, o Options) *Rig {
	tb.Helper()
	r, err := Launch(tb.Context(), o)
	if errors.Is(err, ErrAbsent) && os.Getenv("PATCHBAY_TEST_REQUIRE") != "1" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Log(r.Log())
		}
		if err := r.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// Launch starts servers that run until Stop.
func Launch(ctx context.Context, o Options) (*Rig, error) {
	if err := present(o); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		dir, err := os.MkdirTemp("", "patchbay-mail-")
		if err != nil {
			return nil, err
		}
		r := &Rig{dir: dir, users: make(map[string]string), shared: make(map[string]string)}
		if err = r.launch(ctx, o); err == nil {
			return r, nil
		}
		err = errors.Join(err, errors.New(r.Log()), r.Stop())
		if try == 3 || !errors.Is(err, errEnded) { // somebody else may have taken a port
			return nil, err
		}
	}
}

// errEnded says that a server did not stay.
var errEnded = errors.New("it ended at its start")

func (r *Rig) launch(ctx context.Context, o Options) (err error) {
	if err := os.Chmod(r.dir, 0o755); err != nil { // Postfix's users read their configuration in it
		return err
	}
	if r.as, err = whoRuns(); err != nil {
		return err
	}
	if r.certificate, err = newCertificate(r.dir); err != nil {
		return err
	}
	if r.tokens, err = serveTokens(ctx); err != nil {
		return err
	}
	if err := free(ctx, &r.IMAP, &r.IMAPS, &r.POP3, &r.POP3S, &r.LMTP, &r.SMTP, &r.Submission, &r.Submissions, &r.auth); err != nil {
		return err
	}
	if err := r.configureDovecot(); err != nil {
		return err
	}
	if err := r.startDovecot(ctx); err != nil {
		return err
	}
	if !o.Postfix {
		return nil
	}
	if err := r.configurePostfix(); err != nil {
		return err
	}
	return r.startPostfix(ctx)
}

// TLS returns a configuration that trusts the servers' certificate, which is for
// 127.0.0.1 and localhost.
func (r *Rig) TLS() *tls.Config {
	return &tls.Config{RootCAs: r.certificate.pool, MinVersion: tls.VersionTLS12}
}

// Certificate returns the servers' certificate in PEM, for those who paste it.
func (r *Rig) Certificate() string { return r.certificate.pem }

// Server is one of the rig's addresses as clients are told of it.
func (r *Rig) Server(address string, security endpoint.Security) endpoint.Server {
	at, _ := netip.ParseAddrPort(address) // of another address there is no server, and the client says so
	return endpoint.Server{Host: at.Addr().String(), Port: int(at.Port()), Security: security, TLS: r.TLS()}
}

// Dial opens connections as a person's own program does: anywhere.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// Dir is the folder of all that the servers keep.
func (r *Rig) Dir() string { return r.dir }

// Stop ends the servers and removes all that they kept. It may be called more
// than once.
func (r *Rig) Stop() error {
	err := errors.Join(r.postfix.stop(), r.dovecot.stop())
	if r.tokens != nil {
		err = errors.Join(err, r.tokens.close())
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}

// Log returns what the servers have written.
func (r *Rig) Log() string {
	var out strings.Builder
	for _, name := range []string{"dovecot.log", "postfix.log"} {
		text, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			continue
		}
		const last = 16 << 10
		fmt.Fprintf(&out, "---- %s\n%s\n", name, text[max(0, len(text)-last):])
	}
	return out.String()
}

// free fills addresses that nobody listens on.
func free(ctx context.Context, to ...*string) error {
	all, err := loopback.Free(ctx, len(to))
	for i, at := range all {
		*to[i] = at
	}
	return err
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address) // one of ours
	return p
}

// answers waits until a server greets with one of its words.
func answers(ctx context.Context, s *server, address, greeting string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := greets(ctx, address, greeting)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.ended:
			return fmt.Errorf("%s: %w: %w", s.name, errEnded, s.err)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", s.name, err)
		}
	}
}

func greets(ctx context.Context, address, greeting string) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it was only asked for its greeting
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	line := make([]byte, len(greeting))
	if _, err := conn.Read(line); err != nil {
		return err
	}
	if string(line) != greeting {
		return fmt.Errorf("it says %s", strconv.Quote(string(line)))
	}
	return nil
}
