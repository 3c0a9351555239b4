package identity

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// OpenID speaks OpenID Connect; core/oidc does.
//
// Exchange verifies everything that the standard asks of an ID token (OpenID
// Connect Core 1.0, 3.1.3.7) and fails with errs.Unauthenticated openid.token
// when it is not what it should be, with errs.Unavailable openid.provider when
// the provider cannot be reached.
type OpenID interface {
	// Discover asks whether a provider answers at the address.
	Discover(ctx context.Context, issuer string) error
	// Examine asks it anew and says what it found, for people.
	Examine(ctx context.Context, issuer string) Examination
	// AuthURL returns where a browser goes to sign in.
	AuthURL(ctx context.Context, p Party, q Question) (string, error)
	// Exchange turns the code that a browser brought back into who signed in.
	Exchange(ctx context.Context, p Party, q Question, code string) (Claims, error)
}

// Examination is what was found at a provider's address.
type Examination struct {
	// Trouble is why nobody could sign in by it, "" = they can, as far as can be
	// told without a person: a Trouble below, or what the HTTP client names
	// (address_refused, name_not_found, timeout, tls, connection). Detail says it in a sentence.
	Trouble, Detail string

	Authorization string   // where people sign in
	Token         string   // where codes become tokens
	Keys          int      // how many it publishes
	Algorithms    []string // of its signatures, those that are believed
}

// What an Examination finds wrong with an answer.
const (
	TroubleStatus    = "status"    // an HTTP error
	TroubleDocument  = "document"  // not what a provider says of itself
	TroubleIssuer    = "issuer"    // it has another name
	TroubleKeys      = "keys"      // none, or not readable
	TroubleAlgorithm = "algorithm" // none that is believed
)

// Party is us at a provider.
type Party struct {
	Issuer   string
	ClientID string
	Secret   string
	Redirect string // where browsers come back to
}

// Question is one sign-in at a provider.
type Question struct {
	State    string // comes back with the browser
	Nonce    string // must be in the token
	Verifier string // of PKCE, RFC 7636
}

// Claims is who a provider says somebody is.
type Claims struct {
	Subject       string
	Email         string
	EmailVerified bool
	Name          string
}

// FlowLife is how long somebody may take at a provider.
const FlowLife = 10 * time.Minute

// Flow is a sign-in that a provider has not answered. State and browser are
// stored hashed, the verifier sealed.
type Flow struct {
	StateHash   string
	Workspace   WorkspaceID
	Provider    ProviderID
	BrowserHash string // the cookie of the browser that began
	Nonce       string
	Sealed      string
	Account     AccountID // who links the provider; "" = a sign-in
	Invitation  string    // the token hash of an invitation to accept; "" = none
	Return      string    // path of the console
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// Link says who an issuer's subject is in a workspace.
type Link struct {
	Workspace WorkspaceID
	Provider  ProviderID
	Issuer    string
	Subject   string
	Account   AccountID
	Email     string // as the provider named it when it was linked
	CreatedAt time.Time
}

// Federation is signing in by a provider.
type Federation struct{ *commons }

// Begun is a sign-in on its way to a provider.
type Begun struct {
	URL     string // for the browser
	Browser string // for its cookie: who comes back must be who went
}

// Going is what a sign-in by a provider is for.
type Going struct {
	Provider   ProviderID
	Return     string   // path of the console to come back to; rubbish is "/"
	Invitation string   // token; "" = none
	Linker     *Session // who links the provider; nil = a sign-in
}

// FlowOver is the one answer to a state that is unknown, used, over, another
// browser's or another provider's.
func FlowOver() *errs.Error {
	return errs.New(errs.Unauthenticated, "openid.state", "This sign-in took too long, was used already, or began in another browser. Start again.")
}

// Unlinked is returned to somebody whom the provider knows and we do not.
func Unlinked() *errs.Error {
	return errs.New(errs.Forbidden, "openid.unlinked", "Nobody here is linked to this sign-in. Ask for an invitation, or link it in My account.")
}

// EmailRefused is returned when the provider's e-mail address is missing,
// unverified, of a domain that is not allowed, or not the one that is invited.
func EmailRefused() *errs.Error {
	return errs.New(errs.Forbidden, "openid.email", "The provider names no verified e-mail address that may sign in here.")
}

// LinkedElsewhere is returned when a subject is somebody else's already.
func LinkedElsewhere() *errs.Error {
	return errs.New(errs.Conflict, "openid.linked", "This sign-in is linked to another account already.")
}

// Begin makes a sign-in by a provider. errs.NotFound when there is no such
// provider, or it is off; InvitationNotValid; errs.Unavailable when the
// provider cannot be reached.
func (s *Federation) Begin(ctx context.Context, g Going, client Client) (Begun, error) {
	p, err := s.Stores.Providers.ProviderByID(ctx, g.Provider)
	if err != nil {
		return Begun{}, err
	}
	if !p.Enabled {
		return Begun{}, errs.Absent()
	}
	if g.Linker != nil {
		if err := s.mayLink(ctx, *g.Linker, p.Workspace); err != nil {
			return Begun{}, err
		}
	}
	state, browser, at := newToken(), newToken(), s.time()
	q := Question{State: state, Nonce: newToken(), Verifier: newToken()}
	f := Flow{
		StateHash: hashToken(state), Workspace: p.Workspace, Provider: p.ID, BrowserHash: hashToken(browser), Nonce: q.Nonce,
		Sealed: s.Sealer.Seal([]byte(q.Verifier), flowName(hashToken(state))), Return: localPath(g.Return),
		CreatedAt: at, ExpiresAt: at.Add(FlowLife),
	}
	if g.Linker != nil {
		f.Account = g.Linker.Account
	}
	if g.Invitation != "" {
		i, err := (&Invitations{s.commons}).pending(ctx, g.Invitation, client)
		if err != nil {
			return Begun{}, err
		}
		if i.Workspace != p.Workspace {
			return Begun{}, InvitationNotValid()
		}
		f.Invitation = i.TokenHash
	}
	party, err := s.party(p)
	if err != nil {
		return Begun{}, err
	}
	to, err := s.OpenID.AuthURL(ctx, party, q)
	if err != nil {
		return Begun{}, err
	}
	if err := s.Stores.Flows.CreateFlow(ctx, f); err != nil {
		return Begun{}, err
	}
	return Begun{URL: to, Browser: browser}, nil
}

func flowName(stateHash string) string { return "sign-in flow " + stateHash }

// localPath returns a path of the console, "/" for anything that leads away.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsAny(path, "\\\x00\r\n") || len(path) > 500 {
		return "/"
	}
	return path
}

// party returns us at the provider.
func (c *commons) party(p Provider) (Party, error) {
	secret, err := c.Sealer.Open(p.Sealed, secretName(p.ID))
	return Party{
		Issuer: p.Issuer, ClientID: p.ClientID, Secret: string(secret),
		Redirect: c.BaseURL + "/api/v1/oidc/" + string(p.ID) + "/callback",
	}, err
}

// Arrival is what a browser brings back from a provider.
type Arrival struct {
	Provider ProviderID
	State    string
	Code     string
	Refusal  string // why the provider gave no code; "" = it did
	Browser  string // of the cookie
}

// Arrived is how a sign-in by a provider ended.
type Arrived struct {
	SignedIn        // empty when a provider was linked
	Return   string // also after an error, once the state was known
	Linked   bool
}

// Finish ends a sign-in by a provider. The state works once. Errors: FlowOver,
// openid.refused, Unlinked, EmailRefused, LinkedElsewhere, those of OpenID.Exchange, and
// errs.NotFound for a suspended member.
func (s *Federation) Finish(ctx context.Context, a Arrival, client Client) (Arrived, error) {
	var f Flow
	err := s.guess(client, errs.Unauthenticated, func() (err error) {
		if !plausibleToken(a.State) || !plausibleToken(a.Browser) {
			return FlowOver()
		}
		f, err = s.Stores.Flows.TakeFlow(ctx, a.Provider, hashToken(a.State), hashToken(a.Browser), s.time())
		return err
	})
	if err != nil {
		return Arrived{}, err
	}
	out := Arrived{Return: f.Return, Linked: f.Account != ""}
	p, err := s.Stores.Providers.Provider(ctx, f.Workspace, f.Provider)
	if err != nil {
		return out, err
	}
	claims, err := s.claims(ctx, p, f, a)
	if err != nil {
		s.Log.InfoContext(ctx, "sign-in by a provider refused", "provider", p.ID, "address", client.address(), "error", err)
		return out, err
	}
	if out.Linked {
		return out, s.link(ctx, p, f, claims)
	}
	account, err := s.who(ctx, p, f, claims)
	if err != nil {
		return out, err
	}
	out.SignedIn, err = s.enter(ctx, account, way{provider: p, how: signedByProvider}, client)
	return out, err
}

// claims asks the provider who it is.
func (s *Federation) claims(ctx context.Context, p Provider, f Flow, a Arrival) (Claims, error) {
	if !p.Enabled {
		return Claims{}, errs.Absent()
	}
	if a.Refusal != "" || a.Code == "" {
		return Claims{}, errs.New(errs.Unauthenticated, "openid.refused", "The provider did not sign you in.")
	}
	verifier, err := s.Sealer.Open(f.Sealed, flowName(f.StateHash))
	if err != nil {
		return Claims{}, err
	}
	party, err := s.party(p)
	if err != nil {
		return Claims{}, err
	}
	claims, err := s.OpenID.Exchange(ctx, party, Question{State: a.State, Nonce: f.Nonce, Verifier: string(verifier)}, a.Code)
	if err != nil {
		return Claims{}, err
	}
	if claims.Subject == "" || len(claims.Subject) > 255 { // OpenID Connect Core 1.0, 2
		return Claims{}, errs.New(errs.Unauthenticated, "openid.token", "The provider did not say who signed in.")
	}
	email, ok := normalEmail(claims.Email)
	if !ok {
		email = ""
	}
	claims.Email, claims.EmailVerified = email, claims.EmailVerified && email != ""
	return claims, nil
}

// trustworthy reports whether the e-mail address may be relied on.
func (p Provider) trustworthy(c Claims) bool { return c.EmailVerified && p.admits(c.Email) }

// who finds the account of a subject, or admits it.
func (s *Federation) who(ctx context.Context, p Provider, f Flow, c Claims) (Account, error) {
	if len(p.Domains) > 0 && !p.trustworthy(c) {
		return Account{}, EmailRefused()
	}
	link, err := s.Stores.Flows.Link(ctx, p.Workspace, p.Issuer, c.Subject)
	switch {
	case errs.Is(err, errs.NotFound):
		return s.admit(ctx, p, f, c)
	case err != nil:
		return Account{}, err
	}
	member, err := s.Stores.Members.MemberOf(ctx, p.Workspace, link.Account)
	if err == nil && member.Suspended {
		err = errs.Absent()
	}
	if err != nil {
		return Account{}, err
	}
	return s.Stores.Accounts.Account(ctx, link.Account)
}
