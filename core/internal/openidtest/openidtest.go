// Package openidtest is an OpenID Connect provider in process: ory/fosite, a
// library that others build their providers of, behind the few pages that it
// leaves to its user (discovery, keys, and a sign-in that asks nothing). It is
// for tests: whoever comes is who it was told to say.
//
// Concurrency: a Provider is safe for concurrent use. Lifecycle: Start listens
// on loopback until Close.
package openidtest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/storage"
	"github.com/ory/fosite/token/jwt"
	"golang.org/x/crypto/bcrypt"
)

// What the one client of a Provider is called.
const (
	ClientID     = "patchbay"
	ClientSecret = "client secret of the tests"
)

// ScopeOffline is what a client asks for that wants refresh tokens. Each of them
// works once and gives the next one; one that is used again ends them all (RFC
// 6749, 10.4).
const ScopeOffline = "offline_access"

// KeyID names the provider's key.
const KeyID = "key-1"

// Person is who signs in.
type Person struct {
	Subject  string
	Email    string
	Verified bool
	Name     string
}

// Provider is a provider that listens.
type Provider struct {
	Key *rsa.PrivateKey

	server  *http.Server
	address string
	oauth   fosite.OAuth2Provider
	store   *storage.MemoryStore

	mu      sync.Mutex
	person  Person
	tamper  func(token string) string
	tokens  int
	refresh int           // times that a refresh token was taken
	slow    time.Duration // before a refresh is answered
}

// Start starts a provider on a free port of loopback, or on the given address.
func Start(ctx context.Context, address string) (*Provider, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	p := &Provider{
		address: listener.Addr().String(), store: storage.NewMemoryStore(),
		person: Person{Subject: "subject-1", Email: "pat@example.com", Verified: true, Name: "Pat Example"},
	}
	const bits = 2048
	if p.Key, err = rsa.GenerateKey(rand.Reader, bits); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: see crypto/rand
	p.oauth = compose.ComposeAllEnabled(&fosite.Config{
		IDTokenIssuer: p.Issuer(), GlobalSecret: secret, EnforcePKCE: true, AccessTokenLifespan: time.Hour,
		RefreshTokenScopes: []string{ScopeOffline},
	}, p.store, p.Key)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

// Issuer is the provider's address.
func (p *Provider) Issuer() string { return "http://" + p.address }

// Close stops listening.
func (p *Provider) Close() { _ = p.server.Close() }

// Register makes the client known with where browsers go back to.
func (p *Provider) Register(redirects ...string) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(ClientSecret), bcrypt.MinCost)
	if err != nil {
		return fmt.Errorf("hash the client secret: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.store.Clients[ClientID] = &fosite.DefaultClient{
		ID: ClientID, Secret: hash, RedirectURIs: redirects, ResponseTypes: []string{"code"},
		GrantTypes: []string{"authorization_code", "refresh_token"}, Scopes: []string{"openid", "email", "profile", ScopeOffline},
	}
	return nil
}

// Says sets who signs in from now on.
func (p *Provider) Says(who Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person = who
}

// Tamper makes the provider answer with what change makes of its ID tokens;
// nil = with its own.
func (p *Provider) Tamper(change func(token string) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tamper = change
}

// Tokens counts how often the token endpoint gave tokens out.
func (p *Provider) Tokens() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tokens
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	at := p.Issuer()
	answer(w, map[string]any{
		"issuer": at, "authorization_endpoint": at + "/authorize", "token_endpoint": at + "/token", "jwks_uri": at + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}, "code_challenge_methods_supported": []string{"S256"},
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.Key.PublicKey, KeyID: KeyID, Algorithm: "RS256", Use: "sig"}}})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

// authorize signs the person in without asking.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	request, err := p.oauth.NewAuthorizeRequest(ctx, r)
	if err != nil {
		p.oauth.WriteAuthorizeError(ctx, w, request, err)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope)
	}
	p.mu.Lock()
	who := p.person
	p.mu.Unlock()
	now := time.Now()
	response, err := p.oauth.NewAuthorizeResponse(ctx, request, &openid.DefaultSession{
		Subject: who.Subject,
		Headers: &jwt.Headers{Extra: map[string]any{"kid": KeyID}},
		Claims: &jwt.IDTokenClaims{
			Issuer: p.Issuer(), Subject: who.Subject, IssuedAt: now, RequestedAt: now, AuthTime: now, ExpiresAt: now.Add(time.Hour),
			Extra: map[string]any{"email": who.Email, "email_verified": who.Verified, "name": who.Name},
		},
	})
	if err != nil {
		p.oauth.WriteAuthorizeError(ctx, w, request, err)
		return
	}
	p.oauth.WriteAuthorizeResponse(ctx, w, request, response)
}

// token gives tokens for a code: PKCE, the client's secret and that a code
// works once are fosite's.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	request, err := p.oauth.NewAccessRequest(ctx, r, openid.NewDefaultSession())
	if err != nil {
		p.oauth.WriteAccessError(ctx, w, request, err)
		return
	}
	response, err := p.oauth.NewAccessResponse(ctx, request)
	if err != nil {
		p.oauth.WriteAccessError(ctx, w, request, err)
		return
	}
	p.mu.Lock()
	tamper, slow := p.tamper, time.Duration(0)
	p.tokens++
	if request.GetGrantTypes().ExactOne("refresh_token") {
		p.refresh++
		slow = p.slow
	}
	p.mu.Unlock()
	wait(ctx, slow)
	if own, ok := response.GetExtra("id_token").(string); ok && tamper != nil {
		response.SetExtra("id_token", tamper(own))
	}
	p.oauth.WriteAccessResponse(ctx, w, request, response)
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Refreshes counts how often a refresh token was taken for new tokens.
func (p *Provider) Refreshes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refresh
}

// Slow makes the provider take its time with refreshes.
func (p *Provider) Slow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = d
}

// Takes reports whether the provider would let somebody in with an access token.
func (p *Provider) Takes(ctx context.Context, token string) bool {
	_, _, err := p.oauth.IntrospectToken(ctx, token, fosite.AccessToken, openid.NewDefaultSession())
	return err == nil
}

// Revoke takes back all that was given: whoever was signed in must sign in
// again.
func (p *Provider) Revoke(ctx context.Context) error {
	ids := make(map[string]bool)
	for id := range p.store.RefreshTokenRequestIDs {
		ids[id] = true
	}
	for id := range p.store.AccessTokenRequestIDs {
		ids[id] = true
	}
	for id := range ids {
		if err := errors.Join(p.store.RevokeRefreshToken(ctx, id), p.store.RevokeAccessToken(ctx, id)); err != nil {
			return fmt.Errorf("revoke: %w", err)
		}
	}
	return nil
}
