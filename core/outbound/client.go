package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Rules of every request.
const (
	dialTimeout   = 10 * time.Second // to resolve and to connect
	shakeTimeout  = 10 * time.Second // TLS
	answerTimeout = 20 * time.Second // until the head of the answer is there
	wholeTimeout  = 30 * time.Second // everything, redirects and body included
	idleTimeout   = 60 * time.Second // a connection nobody uses is closed
	maxHops       = 5                // redirects that HTTP follows
	maxHead       = 64 << 10         // bytes of an answer's head
	maxIdle       = 64               // connections kept open over all hosts

	// MaxBody is how many bytes of an answer's body can be read at most;
	// reading on gives ErrTooLarge. Callers with a smaller need say so to Read.
	MaxBody = 8 << 20
)

// ErrTooLarge is returned by reading a body on after MaxBody bytes.
var ErrTooLarge = errors.New("the answer is larger than we read")

// Sink names who speaks outwards. Whoever wants a client names itself, so that
// the test of forbidden addresses knows all of them.
type Sink string

// The sinks.
const (
	Webhooks Sink = "webhooks"
	OIDC     Sink = "oidc"     // discovery, keys and tokens of sign-in providers
	OAuth    Sink = "oauth"    // tokens of plugins' far sides
	ACME     Sink = "acme"     // the authority that certifies our names
	Pictures Sink = "pictures" // that messages show from elsewhere
	Push     Sink = "push"     // push services of browsers
)

// Sinks returns all sinks.
func Sinks() []Sink { return []Sink{Webhooks, OIDC, OAuth, ACME, Pictures, Push} }

// Options of a Client.
type Options struct {
	// AllowNetworks are networks that may be connected to although they are
	// not public. Link-local and metadata addresses in them stay refused.
	AllowNetworks []netip.Prefix
	Version       string         // for User-Agent
	RootCAs       *x509.CertPool // nil = the system's
	Resolver      *net.Resolver  // nil = the system's

	// Connecting, unless nil, is told every address right before it is connected
	// to, when it was found allowed.
	Connecting func(to netip.AddrPort)
}

// Client makes the clients of all sinks.
//
// Concurrency: safe for concurrent use. Lifecycle: Close closes connections
// that nobody uses; clients remain usable.
type Client struct {
	tls, plain *http.Transport
	agent      string
	judge      guard
}

// New returns a Client.
func New(o Options) *Client {
	c := &Client{agent: "Patchbay/" + o.Version, judge: newGuard(o.AllowNetworks, false)}
	c.tls, c.plain = transport(o, c.judge), transport(o, newGuard(o.AllowNetworks, true))
	return c
}

func transport(o Options, g guard) *http.Transport {
	g.connecting = o.Connecting
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Resolver: o.Resolver, Control: g.control}
	return &http.Transport{
		Proxy: nil, DialContext: d.DialContext,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSHandshakeTimeout: shakeTimeout, ResponseHeaderTimeout: answerTimeout, ExpectContinueTimeout: time.Second,
		IdleConnTimeout: idleTimeout, MaxIdleConns: maxIdle, MaxIdleConnsPerHost: 2,
		MaxResponseHeaderBytes: maxHead, DisableCompression: true, ForceAttemptHTTP2: true,
	}
}

// HTTP returns a client for a sink. It follows at most five redirects, each
// judged like the first address. A redirect to another origin takes along no
// header but Accept, Accept-Language and User-Agent, and is an error when the
// request has a body to send again; one from https to http is an error.
func (c *Client) HTTP(_ Sink) *http.Client {
	return &http.Client{Transport: c, CheckRedirect: follow, Timeout: wholeTimeout}
}

// Direct returns a client for a sink that follows no redirect: the answer that
// asks for one is the answer.
func (c *Client) Direct(_ Sink) *http.Client {
	return &http.Client{
		Transport: c, Timeout: wholeTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close closes idle connections.
func (c *Client) Close() {
	c.tls.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper. Every hop passes through it.
func (c *Client) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := c.Check(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // nothing was read
		}
		return nil, err
	}
	if r.Header.Get("User-Agent") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", c.agent)
	}
	via := c.tls
	if r.URL.Scheme == "http" {
		via = c.plain
	}
	answer, err := via.RoundTrip(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // http.Client names method and address
	}
	answer.Body = &capped{ReadCloser: answer.Body, left: MaxBody + 1}
	return answer, nil
}

// Check judges what can be seen of an address without resolving its name:
// scheme, form, and the address itself where it is written as one. Whether a
// name leads to something forbidden shows when the connection is made.
func (c *Client) Check(u *url.URL) error {
	host := u.Hostname()
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%w: only https and http are spoken", ErrRefused)
	case u.User != nil:
		return fmt.Errorf("%w: it carries a user name", ErrRefused)
	case host == "" || u.Opaque != "":
		return fmt.Errorf("%w: it names no host", ErrRefused)
	}
	if a, err := netip.ParseAddr(host); err == nil {
		g := c.judge
		g.plain = u.Scheme == "http"
		return g.judge(a)
	}
	if numeric(host) {
		return fmt.Errorf("%w: its host is a number that is no address", ErrRefused)
	}
	return nil
}

// numeric reports whether a host would be read as a number by a lenient parser
// (inet_aton): its last label is digits, or hexadecimal after 0x.
func numeric(host string) bool {
	host = strings.ToLower(strings.TrimRight(host, "."))
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

func follow(r *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxHops:
		return errors.New("too many redirects")
	case last.URL.Scheme == "https" && r.URL.Scheme != "https":
		return fmt.Errorf("%w: a redirect leaves https", ErrRefused)
	case sameOrigin(r.URL, via[0].URL):
		return nil
	case r.ContentLength != 0 || r.Body != nil && r.Body != http.NoBody:
		return fmt.Errorf("%w: a redirect asks to send the request's body to another origin", ErrRefused)
	}
	kept := make(http.Header)
	for _, name := range []string{"Accept", "Accept-Language", "User-Agent"} {
		if v := r.Header.Get(name); v != "" {
			kept.Set(name, v)
		}
	}
	r.Header = kept //nolint:gosec // G119 does not see that this takes headers away
	return nil
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// capped is a body that ends in an error after so many bytes.
type capped struct {
	io.ReadCloser
	left int
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p[:min(len(p), c.left)])
	if c.left -= n; c.left <= 0 {
		return 0, ErrTooLarge
	}
	return n, err //nolint:wrapcheck // io.EOF must stay itself
}

// Read returns at most limit bytes of a body and whether that is all of it.
func Read(body io.Reader, limit int) (read []byte, whole bool, err error) {
	read, err = io.ReadAll(io.LimitReader(body, int64(limit)+1))
	if len(read) > limit {
		return read[:limit], false, err //nolint:wrapcheck // the transport's own
	}
	return read, err == nil, err //nolint:wrapcheck // as above
}
