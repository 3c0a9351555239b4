package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/outbound"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// sinks drives everything that speaks outwards, each by the code that ships: a
// sink without a driver fails the test.
func sinks() map[outbound.Sink]func(ctx context.Context, c *outbound.Client, address string) error {
	return map[outbound.Sink]func(context.Context, *outbound.Client, string) error{
		outbound.Webhooks: func(ctx context.Context, c *outbound.Client, address string) error {
			poster := outbound.NewPoster(c)
			if err := poster.Check(address); err != nil { // at the creation of an endpoint
				a := poster.Post(ctx, address, nil, []byte("{}"))
				return errors.Join(err, unreached(a))
			}
			return unreached(poster.Post(ctx, address, nil, []byte("{}")))
		},
		outbound.OIDC: func(ctx context.Context, c *outbound.Client, address string) error {
			return ask(ctx, c.HTTP(outbound.OIDC), http.MethodGet, address)
		},
	}
}

// unreached is what an attempt that failed for its address says as an error.
func unreached(a webhook.Attempt) error {
	switch a.Code {
	case "", webhook.CodeRedirect:
		return nil
	case webhook.CodeRefused:
		return outbound.ErrRefused
	default:
		return errors.New(a.Code + ": " + a.Detail)
	}
}

func ask(ctx context.Context, client *http.Client, method, address string) error {
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader("{}")
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	_, _, err = outbound.Read(answer.Body, 1<<10)
	return errors.Join(err, answer.Body.Close())
}

// TestSSRF asks every sink for every address that must not be reached, and
// watches listeners on every address of this machine. It prints how many cases
// there were.
func TestSSRF(t *testing.T) {
	w := newForbidden(t)
	drivers := sinks()
	cases, targets := 0, w.targets()
	if len(targets) < 60 {
		t.Errorf("only %d targets", len(targets))
	}
	for _, sink := range outbound.Sinks() {
		drive := drivers[sink]
		if drive == nil {
			t.Errorf("sink %s has no driver in this test", sink)
			continue
		}
		for _, x := range targets {
			cases++
			allow := []netip.Prefix{netip.MustParsePrefix(theirs + "/32")}
			if x.whatever { // refused even to whom everything is allowed
				allow = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
			}
			client := outbound.New(outbound.Options{AllowNetworks: allow, Resolver: w.dns.resolver()})
			w.dns.forget()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			for range x.times() {
				err := drive(ctx, client, x.address)
				switch {
				case x.redirect && err == nil: // not followed: the redirect is the answer
				case x.mixed && err == nil: // the allowed one of several addresses was reached
				case x.malformed && err != nil: // no address of anything
				case !errors.Is(err, outbound.ErrRefused) && !x.rebinds:
					t.Errorf("%s, %s (%s): got %v, want a refusal", sink, x.name, x.address, err)
				}
			}
			cancel()
			client.Close()
			if n := w.touched.Swap(0); n > 0 {
				t.Errorf("%s, %s (%s): %d connections to a forbidden address", sink, x.name, x.address, n)
			}
		}
	}
	if w.served.Load() == 0 {
		t.Error("the allowed server was never reached: nothing of this shows anything")
	}
	fmt.Printf("SSRF: %d targets x %d sinks = %d cases\n", len(targets), len(drivers), cases)
}

// theirs is the address of the server that may be reached: it stands for a
// public one. ours is the forbidden address of this machine that names lead to.
const (
	theirs = "127.0.0.2"
	ours   = "127.0.0.1"
)

// forbidden is a machine whose every address is a trap, but for one server
// that redirects where it is told to.
type forbidden struct {
	touched, served atomic.Int64
	trap            int // port of the trap on every address
	shared          int // port of the allowed server, and of a trap on ours
	dns             *nameserver
}

func newForbidden(t *testing.T) *forbidden {
	t.Helper()
	w := &forbidden{dns: newNameserver(t)}
	all := w.listen(t, ":0")
	w.trap = all.Addr().(*net.TCPAddr).Port
	w.catch(t, all)

	server := w.listen(t, theirs+":0")
	w.shared = server.Addr().(*net.TCPAddr).Port
	w.catch(t, w.listen(t, fmt.Sprintf("%s:%d", ours, w.shared)))
	s := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(w.redirect)}
	go func() { _ = s.Serve(server) }()
	t.Cleanup(func() { _ = s.Close() })
	return w
}

func (w *forbidden) listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// catch counts connections. What is counted is there before the client's
// connect returns to it, because the answer that it waits for comes after.
func (w *forbidden) catch(t *testing.T, l net.Listener) {
	t.Helper()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.touched.Add(1)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
			_ = c.Close()
		}
	}()
}

func (w *forbidden) redirect(rw http.ResponseWriter, r *http.Request) {
	w.served.Add(1)
	rw.Header().Set("Connection", "close") // so that names are asked anew
	code := http.StatusOK
	if to := r.URL.Query().Get("to"); to != "" {
		rw.Header().Set("Location", to)
		_, _ = fmt.Sscan(r.URL.Query().Get("code"), &code)
	}
	rw.WriteHeader(code)
}
