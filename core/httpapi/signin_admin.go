package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// policyBody is what a workspace asks of those who sign in to it.
type policyBody struct {
	TwoFactor   string `json:"two_factor" enum:"optional,required"`
	Password    string `json:"password" enum:"allowed,oidc_only" doc:"oidc_only: by the workspace's providers alone. Owners may always use their password."`
	IdleSeconds int    `json:"idle_seconds" doc:"How long a session may lie unused."`
	LifeSeconds int    `json:"life_seconds" doc:"How long a session lasts at most."`
}

func policyOf(p identity.SignInPolicy) *body[policyBody] {
	out := policyBody{
		TwoFactor: "optional", Password: "allowed", IdleSeconds: int(p.Idle / time.Second), LifeSeconds: int(p.Life / time.Second),
	}
	if p.TwoFactorRequired {
		out.TwoFactor = "required"
	}
	if p.ProviderOnly {
		out.Password = "oidc_only"
	}
	return &body[policyBody]{Body: out}
}

// providerBody is a sign-in provider.
type providerBody struct {
	ID           string    `json:"id"`
	Name         string    `json:"name" doc:"On the button."`
	Issuer       string    `json:"issuer"`
	ClientID     string    `json:"client_id"`
	EmailDomains []string  `json:"email_domains" doc:"Whose verified addresses may sign in; none = all."`
	DefaultRole  string    `json:"default_role" doc:"Of people who come for the first time; empty = only who is invited comes in."`
	SecondFactor bool      `json:"second_factor" doc:"The provider asks for a second factor itself."`
	Listed       bool      `json:"listed" doc:"Shown on the sign-in page."`
	Enabled      bool      `json:"enabled"`
	CallbackURL  string    `json:"callback_url" doc:"To register with the provider."`
	StartURL     string    `json:"start_url" doc:"To give to people when the provider is not listed."`
	CreatedAt    time.Time `json:"created_at"`
}

func (s *Server) providerOf(p identity.Provider) providerBody {
	at := s.BaseURL + apiPrefix + "/oidc/" + string(p.ID)
	domains := p.Domains
	if domains == nil {
		domains = []string{}
	}
	return providerBody{
		ID: string(p.ID), Name: p.Name, Issuer: p.Issuer, ClientID: p.ClientID, EmailDomains: domains, DefaultRole: string(p.DefaultRole),
		SecondFactor: p.SecondFactor, Listed: p.Listed, Enabled: p.Enabled, CallbackURL: at + "/callback", StartURL: at + "/start",
		CreatedAt: wire.Stamp(p.CreatedAt),
	}
}

// providersBody lists sign-in providers.
type providersBody struct {
	Items []providerBody `json:"items"`
}

// linkBody is a link to give to somebody.
type linkBody struct {
	URL       string    `json:"url" doc:"To give to the person; shown once."`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *Server) signInAdminRoutes() {
	base := apiPrefix + "/workspaces/{workspace}"
	tags := []string{"sign-in"}
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/sign-in/policy", Summary: "Read the sign-in policy", Tags: tags}, identity.SignInManage, s.getPolicy)
	member(s, huma.Operation{Method: http.MethodPatch, Path: base + "/sign-in/policy", Summary: "Change the sign-in policy", Tags: tags}, identity.SignInManage, s.patchPolicy)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/sign-in/providers", Summary: "List sign-in providers", Tags: tags}, identity.SignInManage, s.listProviders)
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/sign-in/providers", Summary: "Add a sign-in provider", Tags: tags, DefaultStatus: http.StatusCreated}, identity.SignInManage, s.createProvider)
	member(s, huma.Operation{Method: http.MethodPatch, Path: base + "/sign-in/providers/{provider}", Summary: "Change a sign-in provider", Tags: tags}, identity.SignInManage, s.patchProvider)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base + "/sign-in/providers/{provider}/check", Summary: "Try a sign-in provider", Tags: tags,
		Description: "Asks it what it says of itself. Whether it knows the client id and secret shows only when somebody signs in.",
	}, identity.SignInManage, s.checkProvider)
	member(s, huma.Operation{Method: http.MethodDelete, Path: base + "/sign-in/providers/{provider}", Summary: "Take a sign-in provider away", Tags: tags, DefaultStatus: http.StatusNoContent}, identity.SignInManage, s.deleteProvider)

	tags = []string{"members"}
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/members/{member}/sessions", Summary: "List a member's sessions", Tags: tags}, identity.MemberManage, s.memberSessions)
	member(s, huma.Operation{Method: http.MethodDelete, Path: base + "/members/{member}/sessions", Summary: "End a member's sessions", Tags: tags, DefaultStatus: http.StatusNoContent}, identity.MemberManage, s.endMemberSessions)
	member(s, huma.Operation{Method: http.MethodDelete, Path: base + "/members/{member}/sessions/{session}", Summary: "End one session of a member", Tags: tags, DefaultStatus: http.StatusNoContent}, identity.MemberManage, s.endMemberSession)
	member(s, huma.Operation{
		Method: http.MethodDelete, Path: base + "/members/{member}/second-factor", Summary: "Take a member's second factor away", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "For somebody who lost the phone. Every session of theirs ends.",
	}, identity.MemberManage, s.resetFactor)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/members/{member}/password-reset", Summary: "Make a link to set a member's password", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "The link works once, for 24 hours.",
	}, identity.MemberManage, s.createReset)
}

func (s *Server) getPolicy(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[policyBody], error) {
	p, err := s.Identity.Policies.Get(ctx, scope)
	if err != nil {
		return nil, err
	}
	return policyOf(p), nil
}

type patchPolicyInput struct {
	WorkspacePath
	Body struct {
		TwoFactor   *string `json:"two_factor,omitempty" enum:"optional,required"`
		Password    *string `json:"password,omitempty" enum:"allowed,oidc_only"`
		IdleSeconds *int    `json:"idle_seconds,omitempty" minimum:"300" maximum:"2592000"`
		LifeSeconds *int    `json:"life_seconds,omitempty" minimum:"3600" maximum:"7776000"`
	}
}

func (s *Server) patchPolicy(ctx context.Context, scope identity.Scope, in *patchPolicyInput) (*body[policyBody], error) {
	is := func(value *string, yes string) *bool {
		if value == nil {
			return nil
		}
		b := *value == yes
		return &b
	}
	p, err := s.Identity.Policies.Update(ctx, scope, identity.SignInPolicyPatch{
		TwoFactorRequired: is(in.Body.TwoFactor, "required"), ProviderOnly: is(in.Body.Password, "oidc_only"),
		Idle: seconds(in.Body.IdleSeconds), Life: seconds(in.Body.LifeSeconds),
	})
	if err != nil {
		return nil, err
	}
	return policyOf(p), nil
}

func (s *Server) listProviders(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[providersBody], error) {
	all, err := s.Identity.Providers.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := &body[providersBody]{Body: providersBody{Items: []providerBody{}}}
	for _, p := range all {
		out.Body.Items = append(out.Body.Items, s.providerOf(p))
	}
	return out, nil
}

// ProviderFields are those of a provider that may change.
type ProviderFields struct {
	Name         *string   `json:"name,omitempty"`
	ClientID     *string   `json:"client_id,omitempty"`
	ClientSecret *string   `json:"client_secret,omitempty" doc:"Kept sealed, and never shown again."`
	EmailDomains *[]string `json:"email_domains,omitempty"`
	DefaultRole  *string   `json:"default_role,omitempty"`
	SecondFactor *bool     `json:"second_factor,omitempty"`
	Listed       *bool     `json:"listed,omitempty"`
	Enabled      *bool     `json:"enabled,omitempty"`
}

func (f ProviderFields) draft() identity.ProviderDraft {
	d := identity.ProviderDraft{
		Name: f.Name, ClientID: f.ClientID, Secret: f.ClientSecret, Domains: f.EmailDomains,
		SecondFactor: f.SecondFactor, Listed: f.Listed, Enabled: f.Enabled,
	}
	if f.DefaultRole != nil {
		role := identity.Role(*f.DefaultRole)
		d.DefaultRole = &role
	}
	return d
}

type createProviderInput struct {
	WorkspacePath
	Body struct {
		ProviderFields
		Issuer string `json:"issuer" doc:"The provider's address; it does not change later."`
	}
}

func (s *Server) createProvider(ctx context.Context, scope identity.Scope, in *createProviderInput) (*body[providerBody], error) {
	d := in.Body.draft()
	d.Issuer = &in.Body.Issuer
	return asOne(s.providerOf)(s.Identity.Providers.Create(ctx, scope, d))
}

// ProviderPath is the path parameters of one provider.
type ProviderPath struct {
	WorkspacePath
	Provider string `path:"provider"`
}

type patchProviderInput struct {
	ProviderPath
	Body ProviderFields
}

func (s *Server) patchProvider(ctx context.Context, scope identity.Scope, in *patchProviderInput) (*body[providerBody], error) {
	return asOne(s.providerOf)(s.Identity.Providers.Update(ctx, scope, identity.ProviderID(in.Provider), in.Body.draft()))
}

// examinationBody is what was found at a provider's address.
type examinationBody struct {
	OK            bool     `json:"ok" doc:"People can be sent there."`
	Trouble       string   `json:"trouble,omitempty" enum:"address_refused,name_not_found,timeout,tls,connection,status,document,issuer,keys,algorithm" doc:"Why not."`
	Detail        string   `json:"detail,omitempty" doc:"The same in a sentence."`
	Authorization string   `json:"authorization_endpoint,omitempty"`
	Token         string   `json:"token_endpoint,omitempty"`
	Keys          int      `json:"keys" doc:"How many it publishes."`
	Algorithms    []string `json:"algorithms" nullable:"false" doc:"Of its signatures, those that are believed."`
}

func (s *Server) checkProvider(ctx context.Context, scope identity.Scope, in *ProviderPath) (*body[examinationBody], error) {
	x, err := s.Identity.Providers.Examine(ctx, scope, identity.ProviderID(in.Provider))
	if err != nil {
		return nil, err
	}
	return &body[examinationBody]{Body: examinationBody{
		OK: x.Trouble == "", Trouble: x.Trouble, Detail: x.Detail, Authorization: x.Authorization, Token: x.Token, Keys: x.Keys,
		Algorithms: append([]string{}, x.Algorithms...),
	}}, nil
}

func (s *Server) deleteProvider(ctx context.Context, scope identity.Scope, in *ProviderPath) (*struct{}, error) {
	return nil, s.Identity.Providers.Delete(ctx, scope, identity.ProviderID(in.Provider))
}

// MemberPath is the path parameters of one member.
type MemberPath struct {
	WorkspacePath
	Member string `path:"member"`
}

func (s *Server) memberSessions(ctx context.Context, scope identity.Scope, in *MemberPath) (*body[sessionsBody], error) {
	all, err := s.Identity.Sessions.OfMember(ctx, scope, identity.MemberID(in.Member))
	if err != nil {
		return nil, err
	}
	return sessionsOf(all, identity.SessionID(clientOf(ctx).Via)), nil
}

func (s *Server) endMemberSessions(ctx context.Context, scope identity.Scope, in *MemberPath) (*struct{}, error) {
	return nil, s.Identity.Sessions.EndOfMember(ctx, scope, identity.MemberID(in.Member), "")
}

type memberSessionInput struct {
	MemberPath
	Session string `path:"session"`
}

func (s *Server) endMemberSession(ctx context.Context, scope identity.Scope, in *memberSessionInput) (*struct{}, error) {
	return nil, s.Identity.Sessions.EndOfMember(ctx, scope, identity.MemberID(in.Member), identity.SessionID(in.Session))
}

func (s *Server) resetFactor(ctx context.Context, scope identity.Scope, in *MemberPath) (*struct{}, error) {
	return nil, s.Identity.Factors.Reset(ctx, scope, identity.MemberID(in.Member))
}

func (s *Server) createReset(ctx context.Context, scope identity.Scope, in *MemberPath) (*body[linkBody], error) {
	issued, err := s.Identity.Resets.Create(ctx, scope, identity.MemberID(in.Member))
	if err != nil {
		return nil, err
	}
	return &body[linkBody]{Body: linkBody{
		URL: s.BaseURL + resetPage + "?token=" + issued.Token, ExpiresAt: wire.Stamp(issued.ExpiresAt),
	}}, nil
}
