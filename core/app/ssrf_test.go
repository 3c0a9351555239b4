package app_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/acme"

	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/identity/identitytest"
	"github.com/patchbay-im/patchbay/core/oidc"
	"github.com/patchbay-im/patchbay/core/outbound"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// driver makes code that ships speak to an address.
type driver struct {
	name  string
	drive func(ctx context.Context, c *outbound.Client, address string) error
	// within, unless 0: the address is in what an allowed server says, which is
	// asked so often before; the error may then be about anything, and that
	// nothing was connected to is the point.
	within int64
}

// sinks drives everything that speaks outwards, each by the code that ships: a
// sink without a driver fails the test.
func (w *forbidden) sinks(t *testing.T) map[outbound.Sink][]driver {
	t.Helper()
	return map[outbound.Sink][]driver{
		outbound.Webhooks: {{name: "an endpoint", drive: delivering(outbound.Webhooks)}},
		outbound.Push:     {{name: "a push service", drive: delivering(outbound.Push)}},
		outbound.OIDC: {
			{name: "a new provider", drive: w.newProvider(t)},
			{name: "the start of a sign-in", drive: func(ctx context.Context, c *outbound.Client, address string) error {
				_, err := openid(c).AuthURL(ctx, identity.Party{Issuer: address, ClientID: "c", Redirect: "https://example.com/"}, identity.Question{State: "s", Nonce: "n", Verifier: "v"})
				return err
			}},
			{name: "a provider's token endpoint", within: 1, drive: w.signIn("token")},
			{name: "a provider's keys", within: 2, drive: w.signIn("keys")},
			{name: "an examined provider", drive: w.examine(false)},
			{name: "the keys of an examined provider", within: 1, drive: w.examine(true)},
		},
		outbound.OAuth: {{name: "a token endpoint of a plugin's far side", drive: func(ctx context.Context, c *outbound.Client, address string) error {
			_, err := oidc.NewTokens(c.HTTP(outbound.OAuth), time.Now, outbound.Explain).Ask(ctx, extension.TokenRequest{URL: address, ClientID: "c", Code: "x"})
			return err
		}}},
		outbound.Pictures: {{name: "a picture in a message", drive: func(ctx context.Context, c *outbound.Client, address string) error {
			_, err := outbound.NewGallery(c).Load(ctx, address)
			return err
		}}},
		outbound.ACME: {{name: "an authority", drive: func(ctx context.Context, c *outbound.Client, address string) error {
			_, err := (&acme.Client{DirectoryURL: address, HTTPClient: c.HTTP(outbound.ACME)}).Discover(ctx)
			return err
		}}},
	}
}

// delivering sends to an address that people name, checked when they do.
func delivering(of outbound.Sink) func(context.Context, *outbound.Client, string) error {
	return func(ctx context.Context, c *outbound.Client, address string) error {
		poster := outbound.NewPoster(c, of)
		if err := poster.Check(address); err != nil { // when it is stored
			return errors.Join(err, unreached(poster.Post(ctx, address, nil, []byte("{}"))))
		}
		return unreached(poster.Post(ctx, address, nil, []byte("{}")))
	}
}

func openid(c *outbound.Client) *oidc.Client {
	return oidc.New(c.HTTP(outbound.OIDC), time.Now, outbound.Explain)
}

// newProvider makes a sign-in provider of a workspace by its use case. What it
// refuses by the look of the address alone is asked for once more without it.
func (w *forbidden) newProvider(t *testing.T) func(context.Context, *outbound.Client, string) error {
	t.Helper()
	fake := identitytest.NewFake()
	return func(ctx context.Context, c *outbound.Client, address string) error {
		client := openid(c)
		services := identity.New(identity.Deps{
			Stores: fake.Stores(), Throttle: identity.NewThrottle(time.Now, identity.ThrottleOptions{}), Now: time.Now,
			Log: slog.New(slog.DiscardHandler), Sealer: channeltest.Sealer{}, OpenID: client, BaseURL: "https://example.com",
		})
		name, id, secret := "Provider", "id", "secret"
		_, err := services.Providers.Create(ctx, identity.SystemScope("wsp_1"), identity.ProviderDraft{Name: &name, Issuer: &address, ClientID: &id, Secret: &secret})
		if err == nil {
			return nil
		}
		return client.Discover(ctx, address)
	}
}

// signIn ends a sign-in at a provider on the allowed server, which names an
// address as the place of its tokens or its keys.
func (w *forbidden) signIn(part string) func(context.Context, *outbound.Client, string) error {
	return func(ctx context.Context, c *outbound.Client, address string) error {
		issuer := fmt.Sprintf("http://%s:%d/provider/%s/%s", theirs, w.shared, part, hex.EncodeToString([]byte(address)))
		party := identity.Party{Issuer: issuer, ClientID: "c", Secret: "s", Redirect: "https://example.com/"}
		_, err := openid(c).Exchange(ctx, party, identity.Question{State: "s", Nonce: "n", Verifier: "v"}, "code")
		return err
	}
}

// examine tries a provider: at the address itself, or one on the allowed server
// that names the address as the place of its keys.
func (w *forbidden) examine(keys bool) func(context.Context, *outbound.Client, string) error {
	return func(ctx context.Context, c *outbound.Client, address string) error {
		if keys {
			address = fmt.Sprintf("http://%s:%d/provider/keys/%s", theirs, w.shared, hex.EncodeToString([]byte(address)))
		}
		x := openid(c).Examine(ctx, address)
		return unreached(webhook.Attempt{Code: x.Trouble, Detail: x.Detail})
	}
}

// provider answers as a provider whose one part is elsewhere.
func (w *forbidden) provider(rw http.ResponseWriter, r *http.Request) {
	words := strings.Split(strings.TrimPrefix(r.URL.Path, "/provider/"), "/")
	elsewhere, err := hex.DecodeString(words[1])
	if err != nil {
		http.NotFound(rw, r)
		return
	}
	issuer := fmt.Sprintf("http://%s:%d/provider/%s/%s", theirs, w.shared, words[0], words[1])
	rw.Header().Set("Content-Type", "application/json")
	if words[len(words)-1] == "token" {
		part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
		token := part(`{"alg":"RS256","kid":"k"}`) + "." + part(fmt.Sprintf(`{"iss":%q,"aud":"c","sub":"x","nonce":"n","exp":%d}`, issuer, time.Now().Add(time.Hour).Unix())) + "." + part("signature")
		_, _ = fmt.Fprintf(rw, `{"access_token":"a","token_type":"Bearer","id_token":%q}`, token)
		return
	}
	tokens, keys := issuer+"/token", issuer+"/keys"
	if words[0] == "token" {
		tokens = string(elsewhere)
	} else {
		keys = string(elsewhere)
	}
	_, _ = fmt.Fprintf(rw, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"]}`,
		issuer, issuer+"/authorize", tokens, keys)
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

// TestSSRF asks every sink for every address that must not be reached, and
// watches listeners on every address of this machine. It prints how many cases
// there were.
func TestSSRF(t *testing.T) {
	w := newForbidden(t)
	drivers, driven := w.sinks(t), 0
	cases, targets := 0, w.targets()
	if len(targets) < 60 {
		t.Errorf("only %d targets", len(targets))
	}
	for _, sink := range outbound.Sinks() {
		if len(drivers[sink]) == 0 {
			t.Errorf("sink %s has no driver in this test", sink)
		}
		for _, d := range drivers[sink] {
			driven++
			for _, x := range targets {
				cases++
				w.try(t, sink, d, x)
			}
		}
	}
	if w.served.Load() == 0 || w.dialed.Load() == 0 {
		t.Error("the allowed server was never reached: nothing of this shows anything")
	}
	fmt.Printf("SSRF: %d targets x %d drivers of %d sinks = %d cases; %d connections begun, all of them to the allowed server\n", len(targets), driven, len(drivers), cases, w.dialed.Load())
}

// try drives one sink to one target.
func (w *forbidden) try(t *testing.T, sink outbound.Sink, d driver, x target) {
	t.Helper()
	allow := []netip.Prefix{netip.MustParsePrefix(theirs + "/32")}
	if x.whatever { // refused even to whom everything is allowed
		allow = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	}
	client := outbound.New(outbound.Options{AllowNetworks: allow, Resolver: w.dns.resolver(), Connecting: func(to netip.AddrPort) {
		w.dialed.Add(1)
		if to.Addr().Unmap().String() != theirs { // what no listener of this machine could tell
			t.Errorf("%s, %s, %s (%s): %s is connected to", sink, d.name, x.name, x.address, to)
		}
	}})
	defer client.Close()
	w.dns.forget()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for range x.times() {
		before := w.served.Load()
		err := d.drive(ctx, client, x.address)
		reached := w.served.Load() - before
		switch {
		case d.within > 0 && err != nil && reached >= d.within:
		case x.redirect && err == nil: // not followed: the redirect is the answer
		case x.mixed && (err == nil || reached > 0): // the allowed one of several addresses was reached
		case x.malformed && err != nil: // no address of anything
		case !errors.Is(err, outbound.ErrRefused) && !x.rebinds:
			t.Errorf("%s, %s, %s (%s): got %v, want a refusal", sink, d.name, x.name, x.address, err)
		}
	}
	if n := w.touched.Swap(0); n > 0 {
		t.Errorf("%s, %s, %s (%s): %d connections to a forbidden address", sink, d.name, x.name, x.address, n)
	}
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
	dialed          atomic.Int64 // connections that were begun, to whatever
	trap            int          // port of the trap on every address
	shared          int          // port of the allowed server, and of a trap on ours
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
	if strings.HasPrefix(r.URL.Path, "/provider/") {
		w.provider(rw, r)
		return
	}
	code := http.StatusOK
	if to := r.URL.Query().Get("to"); to != "" {
		rw.Header().Set("Location", to)
		_, _ = fmt.Sscan(r.URL.Query().Get("code"), &code)
	}
	rw.WriteHeader(code)
}
