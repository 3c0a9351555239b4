// Package far speaks to the far side as a mapping says: it signs in, makes
// requests, keeps to the limits, and says what came of them as errors with
// their source. What it says never holds a secret.
//
// Concurrency: a Client is safe for concurrent use; one sign-in runs at a time
// and the others wait for it.
package far

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Doer makes requests: an *outbound.Client.
type Doer interface {
	Exchange(req *http.Request) (*outbound.Response, error)
}

// Settings are what an administrator sets beside the mapping.
type Settings struct {
	BaseURL     string
	Username    string
	Password    string
	Token       string
	Database    string
	Account     string
	CountryCode string
}

// Client speaks to one far side.
type Client struct {
	mapping *mapping.Mapping
	base    *url.URL
	scope   expr.Scope
	secrets []string
	doer    Doer
	now     func() time.Time
	pace    *pace
	slots   chan struct{}
	signing chan struct{} // held while session changes
	session session
	skew    atomic.Int64 // the far side's clock before ours, in nanoseconds
}

// New returns a client. It asks nothing yet.
func New(m *mapping.Mapping, s Settings, doer Doer, now func() time.Time) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(s.BaseURL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, errs.Reject("bad_config", "The address is not one of http or https.")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errs.Reject("bad_config", "The address holds more than a host and a path.")
	}
	c := &Client{
		mapping: m, base: base, doer: doer, now: now,
		scope: expr.Scope{
			"config": map[string]any{
				"base_url": base.String(), "username": s.Username, "database": s.Database, "account": s.Account, "country_code": s.CountryCode,
			},
			"secret": map[string]any{"password": s.Password, "token": s.Token},
		},
		pace:    &pace{perSecond: m.Limits.PerSecond, burst: float64(m.Limits.Burst), now: now},
		slots:   make(chan struct{}, m.Limits.AtOnce),
		signing: make(chan struct{}, 1),
	}
	for _, secret := range []string{s.Password, s.Token} {
		if secret != "" {
			c.secrets = append(c.secrets, secret, url.QueryEscape(secret), url.PathEscape(secret))
		}
	}
	return c, nil
}

// Answer is what the far side said.
type Answer struct {
	Body  any   // nil = nothing
	Rows  []any // what the request's items point at
	Found bool  // false: there is no such thing
}

// Do makes a request. Signing in happens when it must; a session that is
// refused is replaced once.
func (c *Client) Do(ctx context.Context, r *mapping.Request, values expr.Scope) (*Answer, error) {
	held, err := c.signIn(ctx, 0)
	if err != nil {
		return nil, outbound.NotSent(err)
	}
	answer, err := c.once(ctx, r, c.merged(values, held.values), true)
	if !isAuth(err) || c.mapping.Auth.Type != mapping.AuthLogin {
		return answer, err
	}
	if held, err = c.signIn(ctx, held.generation); err != nil {
		return nil, outbound.NotSent(err)
	}
	return c.once(ctx, r, c.merged(values, held.values), true)
}

// Host is the name of the far side, with its port where it has one.
func (c *Client) Host() string { return c.base.Host }

// Now is the time at the far side, as its last answer told.
func (c *Client) Now() time.Time { return c.now().Add(time.Duration(c.skew.Load())) }

// merged is what names mean in a request.
func (c *Client) merged(values expr.Scope, session map[string]any) expr.Scope {
	out := make(expr.Scope, len(values)+4)
	maps.Copy(out, c.scope)
	maps.Copy(out, values)
	out["session"], out["now"] = session, c.now().UTC()
	return out
}

// Scope returns what names mean outside requests: for the titles and addresses
// of records.
func (c *Client) Scope(values expr.Scope) expr.Scope {
	out := c.merged(values, nil)
	delete(out, "secret")
	return out
}

// once makes a request as it stands.
func (c *Client) once(ctx context.Context, r *mapping.Request, scope expr.Scope, signed bool) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.mapping.Limits.Timeout)
	defer cancel()
	req, err := c.request(ctx, r, scope, signed)
	if err != nil {
		return nil, err
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, outbound.NotSent(c.busy(ctx))
	}
	if err := c.pace.wait(ctx); err != nil {
		return nil, outbound.NotSent(err)
	}
	resp, err := c.doer.Exchange(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return c.read(r, resp)
}

func (c *Client) busy(ctx context.Context) error {
	return errs.Unavailable(ctx.Err(), "Too many requests wait for the system already.")
}

// unreachable tells of a request without a whole answer.
func (c *Client) unreachable(ctx context.Context, err error) error {
	e := errs.As(err)
	switch {
	case e.Code == outbound.CodeTooLarge:
		return bad(fmt.Sprintf("%s answered with more than %d KiB.", c.base.Host, c.mapping.Limits.Response>>10))
	case e.Code == outbound.CodeNotAllowed: // somebody must mend the address, and then it is tried again
		return outbound.NotSent(errs.Unavailable(nil, e.Detail).WithCode(e.Code))
	case ctx.Err() != nil:
		return errs.Unavailable(ctx.Err(), c.base.Host+" did not answer in time.")
	}
	silent := errs.Unavailable(errors.Join(why(err), c.plain(err)), c.base.Host+" does not answer.")
	if errors.Is(err, outbound.ErrNotSent) {
		return outbound.NotSent(silent)
	}
	return silent
}

// Causes of errors of the far side, where they are known.
var (
	ErrUnknownHost = errors.New("the name of the far side is not known")
	ErrRefused     = errors.New("the far side refuses the connection")
	ErrUntrusted   = errors.New("the certificate of the far side is not trusted")
	ErrFault       = errors.New("the far side has a fault of its own") // a 5xx
)

// why returns which of the causes an error has; nil = another.
func why(err error) error {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return ErrUnknownHost
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return ErrUntrusted
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return ErrRefused
	}
	return nil
}

// plain is an error's text without secrets.
func (c *Client) plain(err error) error {
	return errors.New(c.Redact(err.Error()))
}

// Redact takes secrets out of a text.
func (c *Client) Redact(s string) string {
	for _, secret := range c.secrets {
		if len(secret) >= 3 {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	return s
}
