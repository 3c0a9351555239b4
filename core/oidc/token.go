package oidc

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

// Tokens asks token endpoints (RFC 6749) for plugins. It implements
// extension.TokenEndpoint.
//
// Concurrency: it is safe for concurrent use.
type Tokens struct {
	http *http.Client
	now  func() time.Time
}

// NewTokens returns a Tokens on an HTTP client that judges addresses.
func NewTokens(client *http.Client, now func() time.Time, explain Explain) *Tokens {
	return &Tokens{http: New(client, now, explain).http, now: now}
}

// Ask implements extension.TokenEndpoint. The client proves itself as the
// endpoint takes it: x/oauth2 tries the header first, then the body.
func (t *Tokens) Ask(ctx context.Context, q extension.TokenRequest) (extension.TokenAnswer, error) {
	c := oauth2.Config{
		ClientID: q.ClientID, ClientSecret: q.ClientSecret, RedirectURL: q.Redirect,
		Endpoint: oauth2.Endpoint{TokenURL: q.URL},
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, t.http)
	var got *oauth2.Token
	var err error
	if q.Code != "" {
		var options []oauth2.AuthCodeOption
		if q.Verifier != "" {
			options = append(options, oauth2.VerifierOption(q.Verifier))
		}
		got, err = c.Exchange(ctx, q.Code, options...)
	} else {
		got, err = c.TokenSource(ctx, &oauth2.Token{RefreshToken: q.Refresh}).Token()
	}
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refusal.ErrorCode != "" && len(refusal.ErrorCode) <= maxRefusal {
		return extension.TokenAnswer{Refusal: refusal.ErrorCode}, nil
	}
	if err != nil {
		return extension.TokenAnswer{}, errs.Wrap(withoutBody(err), errs.Unavailable, "connection.oauth_unreachable",
			"The far side's token endpoint does not answer as one. Try again, or check its address.")
	}
	return extension.TokenAnswer{Access: got.AccessToken, Refresh: got.RefreshToken, ExpiresAt: t.expiry(got)}, nil
}

// expiry is when a token ends, by our clock: x/oauth2 counts by its own. Zero =
// the endpoint did not say.
func (t *Tokens) expiry(got *oauth2.Token) time.Time {
	seconds, ok := got.Extra("expires_in").(float64)
	if !ok || seconds <= 0 || seconds > maxExpiry.Seconds() {
		return got.Expiry // said in another form, or not at all
	}
	return t.now().Add(time.Duration(seconds) * time.Second)
}

// maxExpiry is how long a token lives that says how long it does.
const maxExpiry = 10 * 365 * 24 * time.Hour

// maxRefusal bounds an error code that is shown, in bytes.
const maxRefusal = 64

// withoutBody drops what an endpoint answered from an error that is logged: it
// may hold tokens.
func withoutBody(err error) error {
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refusal.Response != nil {
		return errors.New("the token endpoint answered " + refusal.Response.Status)
	}
	return err
}
