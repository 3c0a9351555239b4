package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/limit"
	"github.com/patchbay-im/patchbay/core/wire"
)

// Pages of the console that a sign-in ends at.
const (
	signInPage = "/sign-in"
	resetPage  = "/reset-password"
)

// signIns is how often somebody of one address may go to a provider.
func signIns() limit.Rate { return limit.Rate{Every: time.Second, Burst: 30} }

// challengeBody asks for the second factor.
type challengeBody struct {
	Token     string    `json:"token" doc:"To give back with the code, to POST /api/v1/session/second."`
	ExpiresAt time.Time `json:"expires_at"`
}

// signedInBody is who signed in, or what is asked of them first.
type signedInBody struct {
	Account     *accountBody     `json:"account,omitempty"`
	Memberships []membershipBody `json:"memberships,omitempty"`
	Challenge   *challengeBody   `json:"challenge,omitempty" doc:"There is no session yet: the account has a second factor."`
}

// signedInOutput answers a sign-in: who it is, and the session's cookie.
type signedInOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      signedInBody
}

// signedIn answers a sign-in. The session that the browser had before ends.
func (s *Server) signedIn(ctx context.Context, in identity.SignedIn, err error) (*signedInOutput, error) {
	if err != nil {
		return nil, err
	}
	if in.Challenge != "" {
		return &signedInOutput{Body: signedInBody{Challenge: &challengeBody{Token: in.Challenge, ExpiresAt: wire.Stamp(in.ChallengeEnds)}}}, nil
	}
	s.forgetSession(ctx)
	keepMark(ctx, in)
	me, err := s.me(ctx, in.Session)
	if err != nil {
		return nil, err
	}
	return &signedInOutput{
		SetCookie: []http.Cookie{s.sessionCookie(in.Token)},
		Body:      signedInBody{Account: &me.Account, Memberships: me.Memberships},
	}, nil
}

func (s *Server) sessionCookie(token string) http.Cookie {
	return s.cookie(s.cookieName(), token, int(identity.SessionMaxLife.Seconds()))
}

// forgetSession ends the session that a browser had before it signed in anew.
func (s *Server) forgetSession(ctx context.Context) {
	token := cookieValue(cookiesOf(ctx), s.cookieName())
	if token == "" {
		return
	}
	before, _, err := s.Identity.Sessions.Authenticate(ctx, token)
	if err == nil {
		err = s.Identity.Sessions.SignOut(ctx, before)
	}
	if err != nil && !errs.Is(err, errs.Unauthenticated) {
		s.Log.WarnContext(ctx, "the session before a sign-in did not end", "error", err)
	}
}

func (s *Server) signInRoutes() {
	tags := []string{"session"}
	register(s, huma.Operation{
		Method: http.MethodPost, Path: apiPrefix + "/session/second", Summary: "Sign in, the second step", Tags: tags,
		Description: "With a code of the authenticator app, or with a recovery code; each works once.",
	}, accessPublic, s.signInSecond)
	register(s, huma.Operation{
		Method: http.MethodGet, Path: apiPrefix + "/sign-in/providers", Summary: "List the providers of the sign-in page", Tags: tags,
	}, accessPublic, s.listedProviders)
	register(s, huma.Operation{
		Method: http.MethodGet, Path: apiPrefix + "/oidc/{provider}/start", Summary: "Sign in by a provider", Tags: tags, DefaultStatus: http.StatusSeeOther,
		Description: "Sends the browser to the OpenID Connect provider.",
	}, accessPublic, s.openIDStart)
	register(s, huma.Operation{
		Method: http.MethodGet, Path: apiPrefix + "/oidc/{provider}/callback", Summary: "Come back from a provider", Tags: tags, DefaultStatus: http.StatusSeeOther,
	}, accessPublic, s.openIDCallback)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: apiPrefix + "/password-resets/lookup", Summary: "Read a password reset link", Tags: tags,
	}, accessPublic, s.lookupReset)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: apiPrefix + "/password-resets/use", Summary: "Set a new password by a link", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "Works once, and ends every session of the account. It signs nobody in.",
	}, accessPublic, s.useReset)
}

type signInSecondInput struct {
	Body struct {
		Challenge string `json:"challenge" maxLength:"200"`
		Code      string `json:"code" maxLength:"100"`
	}
}

func (s *Server) signInSecond(ctx context.Context, in *signInSecondInput) (*signedInOutput, error) {
	done, err := s.Identity.Sessions.SignInSecond(ctx, in.Body.Challenge, in.Body.Code, clientOf(ctx))
	return s.signedIn(ctx, done, err)
}

// listedProviderBody is a button of the sign-in page.
type listedProviderBody struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// listedProvidersBody is the buttons of the sign-in page.
type listedProvidersBody struct {
	Items []listedProviderBody `json:"items"`
}

func (s *Server) listedProviders(ctx context.Context, _ *struct{}) (*body[listedProvidersBody], error) {
	all, err := s.Identity.Providers.Listed(ctx)
	if err != nil {
		return nil, err
	}
	return &body[listedProvidersBody]{Body: listedProvidersBody{Items: listedOf(all)}}, nil
}

func listedOf(all []identity.Provider) []listedProviderBody {
	out := []listedProviderBody{}
	for _, p := range all {
		out = append(out, listedProviderBody{ID: string(p.ID), Name: p.Name})
	}
	return out
}

// redirectOutput sends a browser elsewhere.
type redirectOutput struct {
	Status    int
	Location  string        `header:"Location"`
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

func redirect(to string, cookies ...http.Cookie) *redirectOutput {
	return &redirectOutput{Status: http.StatusSeeOther, Location: to, SetCookie: cookies}
}

func (s *Server) browserCookie() string {
	if s.SecureCookies {
		return "__Host-patchbay_openid"
	}
	return "patchbay_openid"
}

type openIDStartInput struct {
	Provider   string `path:"provider"`
	Return     string `query:"return" maxLength:"500" doc:"Path of the console to come back to."`
	Invitation string `query:"invitation" maxLength:"200" doc:"Token of an invitation to accept."`
}

func (s *Server) openIDStart(ctx context.Context, in *openIDStartInput) (*redirectOutput, error) {
	client := clientOf(ctx)
	if err := s.limits.Allow("openid", network(client.Address), signIns()); err != nil {
		return nil, err
	}
	begun, err := s.Identity.Federation.Begin(ctx, identity.Going{
		Provider: identity.ProviderID(in.Provider), Return: in.Return, Invitation: in.Invitation,
	}, client)
	if err != nil {
		return s.failedSignIn(ctx, signInPage, err), nil
	}
	return redirect(begun.URL, s.cookie(s.browserCookie(), begun.Browser, int(identity.FlowLife.Seconds()))), nil
}

// failedSignIn sends a browser to a page that says what went wrong.
func (s *Server) failedSignIn(ctx context.Context, page string, err error) *redirectOutput {
	return redirect(page + "?failed=" + url.QueryEscape(problemOf(ctx, s.Log, err).Code))
}

type openIDCallbackInput struct {
	Provider string `path:"provider"`
	State    string `query:"state" maxLength:"500"`
	Code     string `query:"code" maxLength:"4000"`
	Error    string `query:"error" maxLength:"500" doc:"Why the provider refused."`
}

func (s *Server) openIDCallback(ctx context.Context, in *openIDCallbackInput) (*redirectOutput, error) {
	gone := s.cookie(s.browserCookie(), "", -1)
	arrived, err := s.Identity.Federation.Finish(ctx, identity.Arrival{
		Provider: identity.ProviderID(in.Provider), State: in.State, Code: in.Code, Refusal: in.Error,
		Browser: cookieValue(cookiesOf(ctx), s.browserCookie()),
	}, clientOf(ctx))
	if err != nil {
		page := signInPage
		if arrived.Linked {
			page = pathOf(arrived.Return)
		}
		out := s.failedSignIn(ctx, page, err)
		out.SetCookie = []http.Cookie{gone}
		return out, nil
	}
	switch {
	case arrived.Linked:
		return redirect(arrived.Return, gone), nil
	case arrived.Challenge != "": // a fragment reaches no server and no log
		fragment := url.Values{"challenge": {arrived.Challenge}, "return": {arrived.Return}}
		return redirect(signInPage+"#"+fragment.Encode(), gone), nil
	}
	s.forgetSession(ctx)
	keepMark(ctx, arrived.SignedIn)
	// One cookie an answer: fiber joins several by a comma. The other ends by itself.
	return redirect(arrived.Return, s.sessionCookie(arrived.Token)), nil
}

// pathOf drops the query and the fragment of a path.
func pathOf(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return "/"
	}
	return u.EscapedPath()
}

// resetBody is what the bearer of a reset link may know.
type resetBody struct {
	Email string `json:"email"`
}

func (s *Server) lookupReset(ctx context.Context, in *tokenInput) (*body[resetBody], error) {
	account, err := s.Identity.Resets.Lookup(ctx, in.Body.Token, clientOf(ctx))
	if err != nil {
		return nil, err
	}
	return &body[resetBody]{Body: resetBody{Email: account.Email}}, nil
}

type useResetInput struct {
	Body struct {
		Token    string `json:"token" maxLength:"200"`
		Password string `json:"password"`
	}
}

func (s *Server) useReset(ctx context.Context, in *useResetInput) (*struct{}, error) {
	return nil, s.Identity.Resets.Use(ctx, in.Body.Token, in.Body.Password, clientOf(ctx))
}
