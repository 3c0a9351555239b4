// Package oidc speaks OpenID Connect for signing in: discovery, the
// authorization code flow with PKCE, and the checks of an ID token. go-oidc and
// x/oauth2 do the work; the HTTP client is given, so that every address is
// judged as those of all that speaks outwards.
//
// Concurrency: a Client is safe for concurrent use.
package oidc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// What is read of a provider, and for how long what it said of itself is taken
// for true. Keys have a rule of their own: an unknown key makes go-oidc ask again.
const (
	maxAnswer    = 1 << 20 // bytes
	discoverLife = 10 * time.Minute
	maxProviders = 200
	askTimeout   = 15 * time.Second
)

// Client implements identity.OpenID.
type Client struct {
	http    *http.Client
	now     func() time.Time
	explain Explain

	mu    sync.Mutex
	known map[string]found
}

// found is a provider that answered.
type found struct {
	provider *oidc.Provider
	until    time.Time
}

// Explain says why there was no answer: a code and a sentence for people.
type Explain func(err error) (code, detail string)

// New returns a Client on an HTTP client that judges addresses, whose errors
// explain explains.
func New(client *http.Client, now func() time.Time, explain Explain) *Client {
	bounded := *client
	if client.Transport != nil {
		bounded.Transport = capped{client.Transport}
	}
	if bounded.Timeout == 0 || bounded.Timeout > askTimeout {
		bounded.Timeout = askTimeout
	}
	return &Client{http: &bounded, now: now, explain: explain, known: map[string]found{}}
}

// capped bounds what is read of an answer.
type capped struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (c capped) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // http.Client names method and address
	}
	res.Body = body{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// body reads from one and closes the other.
type body struct {
	io.Reader
	io.Closer
}

// algorithms are the signatures that are believed: by a key pair of the
// provider. "none" and those by a shared secret are not among them, whatever a
// provider says of itself.
func algorithms() []string {
	return []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
	}
}

// Discover implements identity.OpenID.
func (c *Client) Discover(ctx context.Context, issuer string) error {
	_, err := c.provider(ctx, issuer)
	return err
}

// provider returns what a provider says of itself.
func (c *Client) provider(ctx context.Context, issuer string) (*oidc.Provider, error) {
	c.mu.Lock()
	f, ok := c.known[issuer]
	c.mu.Unlock()
	if ok && c.now().Before(f.until) {
		return f.provider, nil
	}
	// The provider keeps the context for its keys: one that does not end.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), c.http), issuer)
	if err != nil {
		return nil, unreachable(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxProviders {
		clear(c.known)
	}
	c.known[issuer] = found{p, c.now().Add(discoverLife)}
	return p, nil
}

func unreachable(err error) error {
	return errs.Wrap(err, errs.Unavailable, "openid.provider", "The sign-in provider does not answer as one. Try again, or tell an administrator.")
}

// refused is the one answer to a token that is not what it should be.
func refused(err error) error {
	return errs.Wrap(err, errs.Unauthenticated, "openid.token", "The sign-in provider's answer could not be verified. Start again.")
}

func config(p *oidc.Provider, party identity.Party) *oauth2.Config {
	return &oauth2.Config{
		ClientID: party.ClientID, ClientSecret: party.Secret, RedirectURL: party.Redirect, Endpoint: p.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// AuthURL implements identity.OpenID.
func (c *Client) AuthURL(ctx context.Context, party identity.Party, q identity.Question) (string, error) {
	p, err := c.provider(ctx, party.Issuer)
	if err != nil {
		return "", err
	}
	return config(p, party).AuthCodeURL(q.State, oidc.Nonce(q.Nonce), oauth2.S256ChallengeOption(q.Verifier)), nil
}

// Exchange implements identity.OpenID.
func (c *Client) Exchange(ctx context.Context, party identity.Party, q identity.Question, code string) (identity.Claims, error) {
	p, err := c.provider(ctx, party.Issuer)
	if err != nil {
		return identity.Claims{}, err
	}
	ctx = oidc.ClientContext(ctx, c.http)
	tokens, err := config(p, party).Exchange(ctx, code, oauth2.VerifierOption(q.Verifier))
	if err != nil {
		return identity.Claims{}, failed(err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return identity.Claims{}, refused(errors.New("no id_token in the answer"))
	}
	token, claims, err := c.verify(ctx, p, party, q, raw)
	if err != nil {
		return identity.Claims{}, err
	}
	out := claims.domain(token.Subject)
	if out.Email == "" {
		return c.ask(ctx, p, tokens, out), nil
	}
	return out, nil
}

// failed tells a provider that refused the code from one that is not there.
func failed(err error) error {
	if _, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return refused(err)
	}
	return unreachable(err)
}

// claims are those of an ID token, or of the userinfo endpoint, that we read.
type claims struct {
	Party    string `json:"azp"`
	Email    string `json:"email"`
	Verified truth  `json:"email_verified"`
	Name     string `json:"name"`
}

func (c claims) domain(subject string) identity.Claims {
	return identity.Claims{Subject: subject, Email: c.Email, EmailVerified: bool(c.Verified), Name: c.Name}
}

// truth is a boolean that some providers write as a string.
type truth bool

// UnmarshalJSON implements json.Unmarshaler. Anything but true is false.
func (t *truth) UnmarshalJSON(text []byte) error {
	*t = truth(string(text) == "true" || string(text) == `"true"`)
	return nil
}

// verify checks an ID token: signature, issuer, audience and times (go-oidc),
// the nonce, the party it was made for, and that it names somebody. OpenID
// Connect Core 1.0, 3.1.3.7.
func (c *Client) verify(ctx context.Context, p *oidc.Provider, party identity.Party, q identity.Question, raw string) (*oidc.IDToken, claims, error) {
	verifier := p.Verifier(&oidc.Config{ClientID: party.ClientID, SupportedSigningAlgs: algorithms(), Now: c.now})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, claims{}, refused(err)
	}
	var said claims
	if err := token.Claims(&said); err != nil {
		return nil, claims{}, refused(err)
	}
	switch {
	case q.Nonce == "" || token.Nonce != q.Nonce:
		err = errors.New("another nonce")
	case token.Subject == "":
		err = errors.New("no subject")
	case said.Party != "" && said.Party != party.ClientID, len(token.Audience) > 1 && said.Party == "":
		err = errors.New("made for another party")
	case !slices.Contains(token.Audience, party.ClientID):
		err = errors.New("another audience")
	}
	if err != nil {
		return nil, claims{}, refused(err)
	}
	return token, said, nil
}

// ask completes what an ID token does not say. A provider whose userinfo does
// not answer, or speaks of somebody else, has said no more than the token.
func (c *Client) ask(ctx context.Context, p *oidc.Provider, tokens *oauth2.Token, known identity.Claims) identity.Claims {
	if p.UserInfoEndpoint() == "" {
		return known
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil || info.Subject != known.Subject {
		return known
	}
	var said claims
	if err := info.Claims(&said); err != nil {
		return known
	}
	return said.domain(known.Subject)
}
