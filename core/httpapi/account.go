package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// sessionBody is a signed-in browser.
type sessionBody struct {
	ID           string    `json:"id"`
	Browser      string    `json:"browser" doc:"In plain words, like Firefox; empty when unknown."`
	System       string    `json:"system" doc:"In plain words, like Windows; empty when unknown."`
	Address      string    `json:"address" doc:"Network address when it signed in."`
	Provider     bool      `json:"provider" doc:"Signed in by a provider: the session opens that provider's workspace alone."`
	SecondFactor bool      `json:"second_factor"`
	Current      bool      `json:"current"`
	CreatedAt    time.Time `json:"created_at"`
	LastSeenAt   time.Time `json:"last_seen_at" doc:"To some minutes."`
	ExpiresAt    time.Time `json:"expires_at"`
}

// sessionsBody lists signed-in browsers, the last used first.
type sessionsBody struct {
	Items []sessionBody `json:"items"`
}

func sessionsOf(all []identity.Session, current identity.SessionID) *body[sessionsBody] {
	out := &body[sessionsBody]{Body: sessionsBody{Items: []sessionBody{}}}
	for _, x := range all {
		browser, system := identity.Device(x.UserAgent)
		out.Body.Items = append(out.Body.Items, sessionBody{
			ID: string(x.ID), Browser: browser, System: system, Address: x.Address, Provider: x.Provider != "",
			SecondFactor: x.SecondFactor, Current: x.ID == current, CreatedAt: wire.Stamp(x.CreatedAt),
			LastSeenAt: wire.Stamp(x.SeenAt), ExpiresAt: wire.Stamp(x.ExpiresAt),
		})
	}
	return out
}

// factorBody is what there is of a second factor.
type factorBody struct {
	Enrolled          bool       `json:"enrolled"`
	Since             *time.Time `json:"since,omitempty"`
	RecoveryCodesLeft int        `json:"recovery_codes_left"`
	Required          bool       `json:"required" doc:"By a workspace of the account."`
	Password          bool       `json:"password" doc:"The account has a password, which changes here ask for."`
}

// enrolmentBody is a second factor that waits for its first code.
type enrolmentBody struct {
	Secret string `json:"secret" doc:"Base32, for typing."`
	URI    string `json:"uri" doc:"What the QR code says."`
}

// recoveryCodesBody shows recovery codes, this once.
type recoveryCodesBody struct {
	RecoveryCodes []string `json:"recovery_codes" doc:"Each works once. They are shown this once."`
}

func (s *Server) accountRoutes() {
	base := apiPrefix + "/account"
	tags := []string{"account"}
	session(s, huma.Operation{Method: http.MethodGet, Path: base + "/sessions", Summary: "List my sessions", Tags: tags}, s.mySessions)
	session(s, huma.Operation{Method: http.MethodDelete, Path: base + "/sessions", Summary: "End my other sessions", Tags: tags, DefaultStatus: http.StatusNoContent}, s.endMyOthers)
	session(s, huma.Operation{Method: http.MethodDelete, Path: base + "/sessions/{session}", Summary: "End one of my sessions", Tags: tags, DefaultStatus: http.StatusNoContent}, s.endMySession)
	session(s, huma.Operation{Method: http.MethodGet, Path: base + "/totp", Summary: "Read what there is of my second factor", Tags: tags}, s.myFactor)
	session(s, huma.Operation{Method: http.MethodPost, Path: base + "/totp", Summary: "Begin to set up a second factor", Tags: tags, DefaultStatus: http.StatusCreated}, s.beginFactor)
	session(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/totp/confirm", Summary: "Confirm my second factor", Tags: tags,
		Description: "From now on signing in asks for a code. Every other session ends.",
	}, s.confirmFactor)
	session(s, huma.Operation{Method: http.MethodPost, Path: base + "/totp/disable", Summary: "Take my second factor away", Tags: tags, DefaultStatus: http.StatusNoContent}, s.disableFactor)
	session(s, huma.Operation{Method: http.MethodPost, Path: base + "/totp/recovery-codes", Summary: "Replace my recovery codes", Tags: tags}, s.newRecoveryCodes)
	session(s, huma.Operation{Method: http.MethodGet, Path: base + "/providers", Summary: "List the providers I may sign in by", Tags: tags}, s.myProviders)
	session(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/providers/{provider}", Summary: "Link a provider to me", Tags: tags,
		Description: "Answers where the browser goes to sign in there.",
	}, s.linkProvider)
	session(s, huma.Operation{Method: http.MethodDelete, Path: base + "/providers/{provider}", Summary: "Unlink a provider from me", Tags: tags, DefaultStatus: http.StatusNoContent}, s.unlinkProvider)
}

func (s *Server) mySessions(ctx context.Context, who caller, _ *struct{}) (*body[sessionsBody], error) {
	all, err := s.Identity.Sessions.List(ctx, who.session)
	if err != nil {
		return nil, err
	}
	return sessionsOf(all, who.session.ID), nil
}

func (s *Server) endMyOthers(ctx context.Context, who caller, _ *struct{}) (*struct{}, error) {
	return nil, s.Identity.Sessions.EndOthers(ctx, who.session)
}

type mySessionInput struct {
	Session string `path:"session"`
}

func (s *Server) endMySession(ctx context.Context, who caller, in *mySessionInput) (*struct{}, error) {
	return nil, s.Identity.Sessions.End(ctx, who.session, identity.SessionID(in.Session))
}

func (s *Server) myFactor(ctx context.Context, who caller, _ *struct{}) (*body[factorBody], error) {
	state, err := s.Identity.Factors.State(ctx, who.account.ID)
	if err != nil {
		return nil, err
	}
	out := factorBody{
		Enrolled: state.Enrolled, RecoveryCodesLeft: state.CodesLeft, Required: state.Required, Password: who.account.PasswordHash != "",
	}
	if state.Enrolled {
		since := wire.Stamp(state.Since)
		out.Since = &since
	}
	return &body[factorBody]{Body: out}, nil
}

type beginFactorInput struct {
	Body struct {
		Password string `json:"password,omitempty" doc:"Of an account that has one."`
	}
}

func (s *Server) beginFactor(ctx context.Context, who caller, in *beginFactorInput) (*body[enrolmentBody], error) {
	e, err := s.Identity.Factors.Begin(ctx, who.session, in.Body.Password, clientOf(ctx))
	if err != nil {
		return nil, err
	}
	return &body[enrolmentBody]{Body: enrolmentBody{Secret: e.Secret, URI: e.URI}}, nil
}

type codeInput struct {
	Body struct {
		Code string `json:"code" maxLength:"100"`
	}
}

func (s *Server) confirmFactor(ctx context.Context, who caller, in *codeInput) (*body[recoveryCodesBody], error) {
	codes, err := s.Identity.Factors.Confirm(ctx, who.session, in.Body.Code, clientOf(ctx))
	if err != nil {
		return nil, err
	}
	return &body[recoveryCodesBody]{Body: recoveryCodesBody{RecoveryCodes: codes}}, nil
}

type disableFactorInput struct {
	Body struct {
		Password string `json:"password,omitempty" doc:"Of an account that has one."`
		Code     string `json:"code" maxLength:"100" doc:"Of the app, or a recovery code."`
	}
}

func (s *Server) disableFactor(ctx context.Context, who caller, in *disableFactorInput) (*struct{}, error) {
	return nil, s.Identity.Factors.Disable(ctx, who.session, in.Body.Password, in.Body.Code, clientOf(ctx))
}

func (s *Server) newRecoveryCodes(ctx context.Context, who caller, in *codeInput) (*body[recoveryCodesBody], error) {
	codes, err := s.Identity.Factors.NewCodes(ctx, who.session, in.Body.Code, clientOf(ctx))
	if err != nil {
		return nil, err
	}
	return &body[recoveryCodesBody]{Body: recoveryCodesBody{RecoveryCodes: codes}}, nil
}

// myProviderBody is a provider that the account may be linked to.
type myProviderBody struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	WorkspaceID string       `json:"workspace_id"`
	Link        *accountLink `json:"link,omitempty"`
}

// accountLink says as whom the account is known there.
type accountLink struct {
	Email     string    `json:"email"`
	CreatedAt time.Time `json:"created_at"`
}

// myProvidersBody lists providers that the account may be linked to.
type myProvidersBody struct {
	Items []myProviderBody `json:"items"`
}

func (s *Server) myProviders(ctx context.Context, who caller, _ *struct{}) (*body[myProvidersBody], error) {
	all, err := s.Identity.Federation.Choices(ctx, who.session)
	if err != nil {
		return nil, err
	}
	links, err := s.Identity.Federation.Links(ctx, who.session)
	if err != nil {
		return nil, err
	}
	out := &body[myProvidersBody]{Body: myProvidersBody{Items: []myProviderBody{}}}
	for _, p := range all {
		b := myProviderBody{ID: string(p.ID), Name: p.Name, WorkspaceID: string(p.Workspace)}
		for _, l := range links {
			if l.Provider == p.ID {
				b.Link = &accountLink{Email: l.Email, CreatedAt: wire.Stamp(l.CreatedAt)}
			}
		}
		out.Body.Items = append(out.Body.Items, b)
	}
	return out, nil
}

// MyProviderPath is the path parameter of a provider of mine.
type MyProviderPath struct {
	Provider string `path:"provider"`
}

type linkProviderInput struct {
	MyProviderPath
	Body struct {
		Return string `json:"return,omitempty" maxLength:"500" doc:"Path of the console to come back to."`
	}
}

// goBody says where a browser goes.
type goBody struct {
	URL string `json:"url"`
}

type goOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      goBody
}

func (s *Server) linkProvider(ctx context.Context, who caller, in *linkProviderInput) (*goOutput, error) {
	begun, err := s.Identity.Federation.Begin(ctx, identity.Going{
		Provider: identity.ProviderID(in.Provider), Return: in.Body.Return, Linker: &who.session,
	}, clientOf(ctx))
	if err != nil {
		return nil, err
	}
	return &goOutput{
		SetCookie: []http.Cookie{s.cookie(s.browserCookie(), begun.Browser, int(identity.FlowLife.Seconds()))},
		Body:      goBody{URL: begun.URL},
	}, nil
}

func (s *Server) unlinkProvider(ctx context.Context, who caller, in *MyProviderPath) (*struct{}, error) {
	return nil, s.Identity.Federation.Unlink(ctx, who.session, identity.ProviderID(in.Provider))
}
