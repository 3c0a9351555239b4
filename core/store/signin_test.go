package store_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/connectiontest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/internal/openidtest"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/oidc"
	"github.com/patchbay-im/patchbay/core/seal"
	"github.com/patchbay-im/patchbay/core/store"
)

// farSide is a plugin whose connections sign in at a real provider.
const farSide = extension.PluginID("test/far")

// accounts are nodes on one database whose connections sign in at a provider.
type accounts struct {
	*conversationtest.World
	provider *openidtest.Provider
	stores   []*store.Store
	nodes    []*extension.SignIns
	uses     *extension.ConnectionService // of the first node
	runner   *connectiontest.Runner
	owner    identity.Scope
	ahead    atomic.Int64 // of our clock
	session  string
}

func (a *accounts) clock() time.Time { return time.Now().Add(time.Duration(a.ahead.Load())) }

// noInboxes has none.
type noInboxes struct{}

// InboxInstance implements extension.Inboxes.
func (noInboxes) InboxInstance(context.Context, identity.WorkspaceID, string) (extension.Stored, error) {
	return extension.Stored{}, errs.Absent()
}

func newAccounts(t *testing.T, stores ...*store.Store) *accounts {
	t.Helper()
	provider, err := openidtest.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(provider.Close)
	a := &accounts{World: conversationtest.NewWorld(t, fixture(stores[0])), provider: provider, stores: stores, session: "ses_1"}
	const base = "https://help.example"
	a.OK(provider.Register(base + extension.CallbackPath))
	a.owner = identity.Scope{Workspace: a.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(a.Owner.ID), Name: "Wei", Role: identity.RoleOwner}}
	a.runner = &connectiontest.Runner{Installed: []extension.Facts{{
		Plugin: farSide, Version: "1.0.0", Name: map[string]string{"en": "Far"}, Connects: true,
		ConfigSchema: json.RawMessage(`{"type":"object","properties":{"server":{"type":"string"},"client":{"type":"string"},"secret":{"type":"string","x-secret":true},
"account":{"type":"string","x-oauth":{"authorize_url":"{/server}/authorize","token_url":"{/server}/token","client_id":"/client","client_secret":"/secret","scopes":["openid","offline_access"]}}}}`),
		Asks: []instance.Asked{{Scope: "secrets"}},
	}}, Health: instance.Health{State: "ok"}}
	box, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "key"))
	a.OK(err)
	for _, s := range stores {
		kept := s.Extensions()
		uses := extension.NewConnectionService(extension.Deps{
			Store: kept, Grants: kept, Tokens: kept, Inboxes: noInboxes{}, Runner: a.runner, Sealer: box, Now: a.clock,
		})
		if a.uses == nil {
			a.uses = uses
		}
		endpoint := oidc.NewTokens(&http.Client{}, a.clock, func(err error) (code, detail string) { return "far", err.Error() })
		a.nodes = append(a.nodes, extension.NewSignIns(uses, kept, endpoint, base))
	}
	return a
}

// connect makes a connection that nobody has signed in.
func (a *accounts) connect() extension.Connection {
	a.Helper()
	secret := openidtest.ClientSecret
	c, err := a.uses.Create(a.Context(), a.owner, extension.Draft{
		Plugin: farSide, Name: "Far", Config: json.RawMessage(`{"server":"` + a.provider.Issuer() + `/","client":"` + openidtest.ClientID + `"}`),
		Secrets: map[string]*string{"/secret": &secret},
	})
	a.OK(err)
	return c
}

// visit begins a sign-in and goes to the provider as a browser does, with the
// address as change leaves it. It returns what comes back.
func (a *accounts) visit(c extension.Connection, change func(url.Values)) url.Values {
	a.Helper()
	to, err := a.nodes[0].Begin(a.Context(), a.owner, string(c.ID), "/account", a.session)
	a.OK(err)
	u, err := url.Parse(to)
	a.OK(err)
	q := u.Query()
	if change != nil {
		change(q)
	}
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(a.Context(), http.MethodGet, u.String(), nil)
	a.OK(err)
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Do(req)
	a.OK(err)
	a.OK(answer.Body.Close())
	back, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), a.nodes[0].Redirect()) {
		a.Fatalf("the provider sends the browser to %q: %v", back, err)
	}
	return back.Query()
}

// finish is the browser that comes back, to some node.
func (a *accounts) finish(back url.Values) error {
	at := a.nodes[len(a.nodes)-1]
	x, err := at.Take(a.Context(), back.Get("state"), a.session)
	if err != nil {
		return err
	}
	return at.Finish(a.Context(), a.owner, x, extension.Arrival{Code: back.Get("code"), Refusal: back.Get("error")})
}

// signIn signs a connection in and returns the access token.
func (a *accounts) signIn(c extension.Connection) string {
	a.Helper()
	a.OK(a.finish(a.visit(c, nil)))
	return a.token(c, "")
}

func (a *accounts) token(c extension.Connection, refused string) string {
	a.Helper()
	t, err := a.nodes[0].AccessToken(a.Context(), a.WS, string(c.ID), "/account", refused)
	a.OK(err)
	if !a.provider.Takes(a.Context(), t.Value) {
		a.Errorf("the far side does not take %.20s", t.Value)
	}
	return t.Value
}

func (a *accounts) refused(err error, code string) {
	a.Helper()
	if e := errs.As(err); err == nil || e == nil || e.Code != code {
		a.Errorf("got %v, want %s", err, code)
	}
}

// standing wants how the connection fares, as its page shows it.
func (a *accounts) standing(c extension.Connection, state, code string, field extension.TokenState) {
	a.Helper()
	all, err := a.uses.Standings(a.Context(), a.owner, c)
	a.OK(err)
	got := all[c.ID]
	if got.Health.State != state || got.Health.Code != code || len(got.SignIns) != 1 || got.SignIns[0].State != field {
		a.Errorf("it fares %+v, want %s %s %s", got, state, code, field)
	}
}

func TestSigningInOnSQLite(t *testing.T)   { signingIn(t, newAccounts(t, openSQLite(t))) }
func TestSigningInOnPostgres(t *testing.T) { signingIn(t, twoNodes(t)) }

func twoNodes(t *testing.T) *accounts {
	t.Helper()
	c := config()
	c.Driver, c.Source = store.Postgres, pgtest.Start(t).Schema(t)
	return newAccounts(t, open(t, c), open(t, c))
}

// A connection is signed in at a real provider, its token is refreshed and
// rotated, and what is forged on the way gets nowhere.
func signingIn(t *testing.T, a *accounts) {
	t.Helper()
	c := a.connect()
	a.standing(c, "down", "sign_in_needed", "")
	_, err := a.nodes[0].AccessToken(t.Context(), a.WS, string(c.ID), "/account", "")
	a.refused(err, "connection.auth_expired")

	first := a.signIn(c)
	a.standing(c, "ok", "", extension.TokenOK)
	if again := a.token(c, ""); again != first || a.provider.Refreshes() != 0 {
		t.Errorf("a token that lives is got anew")
	}
	stored, err := a.stores[0].Extensions().Token(t.Context(), a.WS, string(c.ID), "/account")
	a.OK(err)
	if stored.Sealed == "" || strings.Contains(stored.Sealed, first) {
		t.Errorf("the token is stored as %.40s", stored.Sealed)
	}

	// Refreshed when it ends, with the refresh token that the last one gave; and
	// when the far side refuses it before.
	a.ahead.Store(int64(2 * time.Hour))
	second := a.token(c, "")
	a.ahead.Store(int64(4 * time.Hour))
	third := a.token(c, "")
	fourth := a.token(c, third)
	if second == first || third == second || fourth == third || a.provider.Refreshes() != 3 {
		t.Errorf("after %d refreshes: %.20s %.20s %.20s %.20s", a.provider.Refreshes(), first, second, third, fourth)
	}

	forged(t, a)

	// The far side takes everything back: somebody must sign in again, the page
	// says so, and then it works.
	a.OK(a.provider.Revoke(t.Context()))
	a.ahead.Store(int64(6 * time.Hour))
	_, err = a.nodes[0].AccessToken(t.Context(), a.WS, string(c.ID), "/account", "")
	a.refused(err, "connection.auth_expired")
	a.standing(c, "down", "auth_expired", extension.TokenExpired)
	asked := a.provider.Refreshes()
	_, err = a.nodes[0].AccessToken(t.Context(), a.WS, string(c.ID), "/account", "")
	a.refused(err, "connection.auth_expired")
	if a.provider.Refreshes() != asked {
		t.Error("the far side is asked again and again")
	}
	a.signIn(c)
	a.standing(c, "ok", "", extension.TokenOK)
}

// forged tries what somebody between the browser and us could.
func forged(t *testing.T, a *accounts) {
	t.Helper()
	c := a.connect()
	back := a.visit(c, nil)
	other := url.Values{"code": back["code"], "state": {strings.Repeat("A", len(back.Get("state")))}}
	a.refused(a.finish(other), "connection.oauth_state")
	a.session = "ses_2"
	a.refused(a.finish(back), "connection.oauth_state")
	a.session = "ses_1"
	a.OK(a.finish(back))
	a.refused(a.finish(back), "connection.oauth_state") // a state works once

	// A code works once: brought into another sign-in, it gives nothing.
	next := a.visit(c, nil)
	next.Set("code", back.Get("code"))
	a.refused(a.finish(next), "connection.oauth_refused")

	// The verifier must fit the challenge, and a code is of the client that began.
	a.refused(a.finish(a.visit(c, func(q url.Values) { q.Set("code_challenge", strings.Repeat("A", 43)) })), "connection.oauth_refused")
	a.refused(a.finish(a.visit(c, func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") })), "connection.oauth_refused")
	a.refused(a.finish(url.Values{"error": {"access_denied"}, "state": {a.visit(c, nil).Get("state")}}), "connection.oauth_refused")

	// It fails for somebody who may not manage plugins any more.
	was := a.owner
	back = a.visit(c, nil)
	a.owner.Actor.Role = identity.RoleAgent
	a.refused(a.finish(back), "forbidden")
	a.owner = was
	if a.signIn(c) == "" {
		t.Error("after all that nobody gets in")
	}
}

// Two nodes need a new token at once, with many calls each: one asks the far
// side, the others wait and take what it got. A refresh token that is used
// twice would end all of them.
func TestTwoNodesRefreshOnce(t *testing.T) {
	a := twoNodes(t)
	c := a.connect()
	first := a.signIn(c)
	a.provider.Slow(300 * time.Millisecond)
	for round := range 3 {
		a.ahead.Add(int64(2 * time.Hour))
		var wg sync.WaitGroup
		got := make([]string, 16)
		for i := range got {
			wg.Go(func() {
				t, err := a.nodes[i%2].AccessToken(a.Context(), a.WS, string(c.ID), "/account", "")
				if err != nil {
					a.Errorf("call %d: %v", i, err)
				}
				got[i] = t.Value
			})
		}
		wg.Wait()
		for i, token := range got {
			if token != got[0] || token == first || token == "" {
				t.Errorf("round %d: call %d got %.20s, the first %.20s", round, i, token, got[0])
			}
		}
		if n := a.provider.Refreshes(); n != round+1 {
			t.Errorf("round %d: the far side was asked %d times", round, n)
		}
		if !a.provider.Takes(t.Context(), got[0]) {
			t.Errorf("round %d: the far side does not take what everybody has", round)
		}
		first = got[0]
	}
}
