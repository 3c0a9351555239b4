// Package outbound is the HTTP client for a plugin's far side. It speaks to the
// hosts that the plugin names and to nobody else, however a redirect, a name of
// DNS or a URL in an answer tempts it; it ends in time, reads no more than it
// should, and its errors say where they come from (package errs):
//
//	api, err := env.HTTP(in, outbound.Options{})
//	...
//	resp, err := api.Do(req) // 2xx, or an error with its source
//
// Whom it may speak to stands in the manifest, under network; see For. A host that
// an administrator configured, such as a shop's own server, is named there by the
// field that has its address (from_config). That one alone may be a private
// address. New makes a Client for hosts that the program names itself.
package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound/address"
)

// Defaults of Options.
const (
	DefaultTimeout  = 30 * time.Second
	DefaultMaxBytes = 8 << 20
	DefaultTries    = 3
)

// Codes of errors of this package.
const (
	CodeNotAllowed = "host_not_allowed" // the plugin does not name this host
	CodeTooLarge   = "answer_too_large"
)

// Options say whom the client may speak to.
type Options struct {
	// Hosts are "name" (port 443) or "name:port"; "*.name" is all names below one.
	// Their addresses must be public ones. For takes them from the manifest.
	Hosts []string
	// Configured are hosts that an administrator typed; see HostOf. They may be
	// private addresses, and plain http.
	Configured []string
	Timeout    time.Duration // of a request with its tries; 0 = DefaultTimeout
	MaxBytes   int64         // of an answer; 0 = DefaultMaxBytes
	Tries      int           // of requests that may be repeated; 0 = DefaultTries, 1 = never again
	// Wrap goes around the transport, for each try: see OAuth. nil = nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
	// RootCAs and certificates for the far side; nil = the system's. Versions
	// below TLS 1.2 are never spoken.
	TLS *tls.Config
}

// HostOf returns the host and port of a configured URL, for Options.Configured.
func HostOf(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errs.Reject("config_invalid", "The address must be a URL with http or https.")
	}
	return place(u), nil
}

// place is a URL's host with its port.
func place(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// Client speaks to the hosts it was made for.
//
// Concurrency: safe for concurrent use.
type Client struct {
	*reach
	options Options
	http    *http.Client
	direct  *http.Client // follows no redirect
}

// reach is whom a client may speak to.
type reach struct {
	public     []string
	configured []string
	declared   bool // by the manifest
}

// New returns a Client, or an error about a host that is none.
func New(o Options) (*Client, error) {
	o.Timeout, o.MaxBytes, o.Tries = orElse(o.Timeout, DefaultTimeout), orElse(o.MaxBytes, DefaultMaxBytes), orElse(o.Tries, DefaultTries)
	c := &Client{reach: &reach{}, options: o}
	for _, list := range []struct {
		from []string
		to   *[]string
	}{{o.Hosts, &c.public}, {o.Configured, &c.configured}} {
		for _, h := range list.from {
			if !strings.Contains(h, ":") {
				h = net.JoinHostPort(h, "443")
			}
			host, port, err := net.SplitHostPort(h)
			if err != nil || host == "" || port == "" {
				return nil, fmt.Errorf("%q is no host with a port", h)
			}
			*list.to = append(*list.to, net.JoinHostPort(strings.ToLower(host), port))
		}
	}
	config := o.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	kept := &http.Transport{
		DialContext: c.dial, TLSClientConfig: config, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: o.Timeout, MaxResponseHeaderBytes: 64 << 10,
	}
	// Whoever makes a Client for each call must not be left with its connections.
	runtime.AddCleanup(c, (*http.Transport).CloseIdleConnections, kept)
	var transport http.RoundTripper = &fence{next: kept, reach: c.reach}
	if o.Wrap != nil {
		transport = o.Wrap(transport)
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: redirect}
	c.direct = &http.Client{Transport: transport, CheckRedirect: stay}
	return c, nil
}

func orElse[T ~int | ~int64](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// allowed says whether a URL is of a host that the client may speak to.
func (a *reach) allowed(u *url.URL) error {
	at := place(u)
	configured := slices.Contains(a.configured, at)
	switch {
	case !configured && !within(a.public, at) && a.declared:
		return undeclared(at)
	case !configured && !within(a.public, at):
		return errs.Reject(CodeNotAllowed, "The plugin may not speak to "+at+".")
	case u.Scheme != "https" && (u.Scheme != "http" || !configured):
		return errs.Reject(CodeNotAllowed, "The plugin speaks https alone to "+at+".")
	}
	return nil
}

// fence stands in front of every request, also those of redirects and of what
// wraps the transport.
type fence struct {
	next  http.RoundTripper
	reach *reach
}

// RoundTrip implements http.RoundTripper.
func (f *fence) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := f.reach.allowed(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as the interface asks
		}
		return nil, err
	}
	return f.next.RoundTrip(r)
}

// stay follows nothing: the answer is the redirect itself.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// redirect follows within one host, a few times, where the request stays what it
// was: of what becomes a GET on the way nobody knows whether it was done.
func redirect(r *http.Request, via []*http.Request) error {
	const most = 3
	if len(via) > most || r.Method != via[0].Method || place(r.URL) != place(via[0].URL) || r.URL.Scheme != via[0].URL.Scheme {
		return http.ErrUseLastResponse // the answer is the redirect itself, which Do words
	}
	return nil
}

// dial refuses what is no public address, unless the host is configured, and
// what is reserved (package address) always. It is the address that is dialled that is judged,
// after DNS.
func (a *reach) dial(ctx context.Context, network, at string) (net.Conn, error) {
	configured := slices.Contains(a.configured, strings.ToLower(at))
	d := &net.Dialer{Timeout: 10 * time.Second, ControlContext: func(_ context.Context, _, target string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(target)
		switch {
		case err != nil || address.Reserved(to.Addr()):
			return errs.Reject(CodeNotAllowed, "The name leads to an address that no far side has.")
		case !configured && !address.Public(to.Addr()):
			return errs.Reject(CodeNotAllowed, "The name leads to an address that is not public.")
		}
		return nil
	}}
	return d.DialContext(ctx, network, at)
}

// Response is an answer that was read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request and returns an answer of 2xx. Other answers are errors: 429
// is errs.RateLimited, 5xx and what never came are of the source FarSide, 401 has
// the code auth_expired, all else is Rejected; the Response is there all the
// same. Requests that may be repeated (GET, HEAD, OPTIONS, PUT, DELETE, and any
// with the header Idempotency-Key, whose body can be read again) are tried again
// after a FarSide error, as the far side's Retry-After says, while there is time.
func (c *Client) Do(r *http.Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), c.options.Timeout)
	defer cancel()
	pause := 250 * time.Millisecond
	for try := 1; ; try++ {
		resp, err := c.once(r.WithContext(ctx))
		e := errs.As(err)
		if err == nil || e.Source != errs.FarSide || try >= c.options.Tries || !repeatable(r) || e.Code == errs.CodeAuthExpired {
			return resp, err
		}
		wait := max(e.RetryAfter, pause)
		if until, ok := ctx.Deadline(); ok && time.Until(until) < wait {
			return resp, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return resp, err
		case <-timer.C:
		}
		pause *= 2
		if r.GetBody != nil {
			body, bodyErr := r.GetBody()
			if bodyErr != nil {
				return resp, err
			}
			r.Body = body
		}
	}
}

func repeatable(r *http.Request) bool {
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return false
	}
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Header.Get("Idempotency-Key") != ""
}

// Exchange sends a request once and returns the answer whatever its status is,
// a redirect too, which it does not follow: for those who read a far side's own
// words about what went wrong. An error says that there is no whole answer. Where
// the far side certainly did not get the request, errors.Is(err, ErrNotSent).
func (c *Client) Exchange(r *http.Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), c.options.Timeout)
	defer cancel()
	return c.exchange(c.direct, r.WithContext(ctx))
}

func (c *Client) once(r *http.Request) (*Response, error) {
	out, err := c.exchange(c.http, r)
	if err != nil {
		return nil, err
	}
	return out, verdict(out)
}

// ErrNotSent is a cause of errors after which the far side certainly did not get
// the request: what it was to do is not done.
var ErrNotSent = errors.New("the request was not sent")

// NotSent says so of an error.
func NotSent(err error) error {
	e := *errs.As(err) // others may hold the same
	return e.WithCause(errors.Join(ErrNotSent, e.Cause))
}

func (c *Client) exchange(by *http.Client, r *http.Request) (*Response, error) {
	got, err := by.Do(r) //nolint:gosec // G107: the fence judges the host
	if err != nil {
		return nil, unanswered(err)
	}
	defer got.Body.Close() //nolint:errcheck // read to its end, or given up
	out := &Response{Status: got.StatusCode, Header: got.Header}
	out.Body, err = io.ReadAll(io.LimitReader(got.Body, c.options.MaxBytes+1))
	if err != nil {
		return nil, errs.Unavailable(err, "The far side's answer broke off.")
	}
	if int64(len(out.Body)) > c.options.MaxBytes {
		return nil, errs.Reject(CodeTooLarge, fmt.Sprintf("The far side's answer has more than %d bytes.", c.options.MaxBytes))
	}
	return out, nil
}

// unanswered is the error of a request without an answer.
func unanswered(err error) error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		if e.Code == CodeNotAllowed {
			return NotSent(e)
		}
		return e
	}
	e := errs.Unavailable(without(err), "The far side did not answer.")
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return NotSent(e)
	}
	return e
}

// without is the cause of an error without the URL, whose query may be secret.
func without(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// verdict is the error that a status is.
func verdict(r *Response) error {
	switch s := r.Status; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusTooManyRequests:
		return errs.RateLimited(retryAfter(r.Header), "The far side asks us to slow down.")
	case s == http.StatusUnauthorized:
		return errs.Unavailable(nil, "The far side does not accept the sign-in any more.").WithCode(errs.CodeAuthExpired)
	case s >= 500:
		return errs.Unavailable(fmt.Errorf("status %d", s), fmt.Sprintf("The far side is in trouble (status %d).", s)).WithRetryAfter(retryAfter(r.Header))
	case s >= 300 && s < 400:
		return errs.Reject("redirected", "The far side sends us to another place, where the plugin does not go.")
	default:
		return errs.Reject(errs.CodeBadRequest, fmt.Sprintf("The far side refused the request (status %d).", s))
	}
}

// RetryAfter is the pause that the answer asks for, at most an hour; 0 = none.
func (r *Response) RetryAfter() time.Duration { return retryAfter(r.Header) }

// retryAfter reads the header (RFC 9110, 10.2.3): seconds, or a date.
func retryAfter(h http.Header) time.Duration {
	const most = time.Hour
	raw := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.Atoi(raw); err == nil {
		return min(max(time.Duration(min(seconds, 3600))*time.Second, 0), most)
	}
	if at, err := http.ParseTime(raw); err == nil {
		return min(max(time.Until(at), 0), most)
	}
	return 0
}
