package httpapi

import (
	"cmp"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// accountBody is a login.
type accountBody struct {
	ID     string `json:"id"`
	Email  string `json:"email"`
	Name   string `json:"name"`
	Locale string `json:"locale" enum:"en,zh-CN"`
}

// membershipBody is one workspace of an account.
type membershipBody struct {
	Workspace   workspaceRef `json:"workspace"`
	MemberID    string       `json:"member_id"`
	Role        string       `json:"role" doc:"The name of a built-in role, or rol_..."`
	RoleName    string       `json:"role_name,omitempty" doc:"Of a role that the workspace made."`
	Permissions []string     `json:"permissions"`
	Barrier     string       `json:"barrier,omitempty" enum:"two_factor,provider" doc:"What is to be done before the workspace opens: set up a second factor, or sign in by its provider."`
	Reach       string       `json:"reach" enum:"all,team,own,none" doc:"Which conversations, tickets and contacts the member sees; none: the role is gone."`
	TeamIDs     []string     `json:"team_ids" doc:"The teams that the account belongs to there."`
}

// workspaceRef names a workspace.
type workspaceRef struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Sandbox  bool   `json:"sandbox" doc:"It is one to try things out in."`
	ParentID string `json:"parent_id,omitempty" doc:"Of a sandbox: the workspace that it belongs to."`
}

// meBody is the signed-in account with its workspaces.
type meBody struct {
	Account     accountBody      `json:"account"`
	Memberships []membershipBody `json:"memberships"`
}

func (s *Server) cookieName() string {
	if s.SecureCookies {
		return "__Host-patchbay_session"
	}
	return "patchbay_session"
}

// markCookie names the cookie by which a browser is known again that signed in
// before: see identity.MarkLife. It opens nothing.
func (s *Server) markCookie() string {
	if s.SecureCookies {
		return "__Host-patchbay_browser"
	}
	return "patchbay_browser"
}

// keepMark has the answer carry a browser's mark, if it is given one.
func keepMark(ctx context.Context, in identity.SignedIn) {
	if mark, ok := ctx.Value(keyMark).(*string); ok && in.Mark != "" {
		*mark = in.Mark
	}
}

func (s *Server) cookie(name, value string, maxAge int) http.Cookie {
	return http.Cookie{ //nolint:gosec // Secure follows the address people use: plain HTTP works on loopback alone
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.SecureCookies, SameSite: http.SameSiteLaxMode,
	}
}

// me is the account of a session, with the workspaces that the session opens.
func (s *Server) me(ctx context.Context, session identity.Session) (meBody, error) {
	p, err := s.Identity.Accounts.Me(ctx, session.Account)
	if err != nil {
		return meBody{}, err
	}
	out := meBody{
		Account:     accountBody{ID: string(p.Account.ID), Email: p.Account.Email, Name: p.Account.Name, Locale: p.Account.Locale},
		Memberships: []membershipBody{},
	}
	for _, m := range p.Memberships {
		barrier, err := s.Identity.Sessions.Barrier(ctx, session, m.Workspace.ID)
		if errs.Is(err, errs.NotFound) {
			continue // the session opens another workspace
		}
		if err != nil {
			return meBody{}, err
		}
		permissions := []string{}
		for _, x := range m.Rights.Permissions {
			permissions = append(permissions, string(x))
		}
		teams, err := s.Teams.TeamsOf(ctx, m.Workspace.ID, m.Member.ID)
		if err != nil {
			return meBody{}, err //nolint:wrapcheck // a port's error says where it comes from
		}
		out.Memberships = append(out.Memberships, membershipBody{
			Barrier: string(barrier), TeamIDs: strs(teams),
			Workspace: workspaceRef{ID: string(m.Workspace.ID), Name: m.Workspace.Name, Sandbox: m.Workspace.Sandbox(), ParentID: string(m.Workspace.Parent)},
			MemberID:  string(m.Member.ID), Role: string(m.Member.Role), RoleName: m.RoleName, Permissions: permissions,
			Reach: cmp.Or(string(m.Rights.Reach.Kind), "none"),
		})
	}
	return out, nil
}

func (s *Server) setupRoutes() {
	path := apiPrefix + "/setup"
	register(s, huma.Operation{
		Method: http.MethodGet, Path: path, Summary: "Ask whether set-up is needed", Tags: []string{"setup"},
		Description: "Answers 404 once there is an account.",
	}, accessPublic, s.setupNeeded)
	register(s, huma.Operation{
		Method: http.MethodPost, Path: path, Summary: "Set the installation up", Tags: []string{"setup"}, DefaultStatus: http.StatusCreated,
		Description: "Works once, with the token of the link that the first start printed; answers 404 afterwards.",
	}, accessPublic, s.setup)
}

// neededBody says that set-up is needed.
type neededBody struct {
	Needed bool `json:"needed"`
}

func (s *Server) setupNeeded(ctx context.Context, _ *struct{}) (*body[neededBody], error) {
	needed, err := s.Identity.Setup.Needed(ctx)
	if err != nil {
		return nil, err
	}
	if !needed {
		return nil, errs.Absent()
	}
	return &body[neededBody]{Body: neededBody{Needed: true}}, nil
}

type setupInput struct {
	Body struct {
		Token         string `json:"token" maxLength:"200"`
		WorkspaceName string `json:"workspace_name"`
		Name          string `json:"name"`
		Email         string `json:"email"`
		Password      string `json:"password"`
		Locale        string `json:"locale,omitempty" enum:"en,zh-CN"`
	}
}

func (s *Server) setup(ctx context.Context, in *setupInput) (*signedInOutput, error) {
	b := in.Body
	done, err := s.Identity.Setup.Complete(ctx, b.Token, identity.Founder{
		WorkspaceName: b.WorkspaceName, Name: b.Name, Email: b.Email, Password: b.Password, Locale: b.Locale,
	}, clientOf(ctx))
	return s.signedIn(ctx, done, err)
}

func (s *Server) sessionRoutes() {
	path := apiPrefix + "/session"
	tags := []string{"session"}
	register(s, huma.Operation{Method: http.MethodPost, Path: path, Summary: "Sign in", Tags: tags}, accessPublic, s.signIn)
	register(s, huma.Operation{Method: http.MethodPost, Path: path + "/link", Summary: "Sign in by a one-time link", Tags: tags}, accessPublic, s.signInByLink)
	session(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "Who am I", Tags: tags}, s.whoAmI)
	session(s, huma.Operation{Method: http.MethodPatch, Path: path, Summary: "Change my profile", Tags: tags}, s.patchMe)
	session(s, huma.Operation{Method: http.MethodDelete, Path: path, Summary: "Sign out", Tags: tags, DefaultStatus: http.StatusNoContent}, s.signOut)
	session(s, huma.Operation{
		Method: http.MethodPost, Path: path + "/password", Summary: "Change my password", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "Ends every other session.",
	}, s.changePassword)
	register(s, huma.Operation{Method: http.MethodPost, Path: apiPrefix + "/invitations/lookup", Summary: "Read an invitation", Tags: tags}, accessPublic, s.lookupInvitation)
	register(s, huma.Operation{Method: http.MethodPost, Path: apiPrefix + "/invitations/accept", Summary: "Accept an invitation", Tags: tags}, accessPublic, s.acceptInvitation)
}

type signInInput struct {
	Body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
}

func (s *Server) signIn(ctx context.Context, in *signInInput) (*signedInOutput, error) {
	done, err := s.Identity.Sessions.SignIn(ctx, in.Body.Email, in.Body.Password, clientOf(ctx))
	return s.signedIn(ctx, done, err)
}

type tokenInput struct {
	Body struct {
		Token string `json:"token" maxLength:"200"`
	}
}

func (s *Server) signInByLink(ctx context.Context, in *tokenInput) (*signedInOutput, error) {
	done, err := s.Identity.Sessions.SignInByLink(ctx, in.Body.Token, clientOf(ctx))
	return s.signedIn(ctx, done, err)
}

func (s *Server) whoAmI(ctx context.Context, who caller, _ *struct{}) (*body[meBody], error) {
	me, err := s.me(ctx, who.session)
	if err != nil {
		return nil, err
	}
	return &body[meBody]{Body: me}, nil
}

type patchMeInput struct {
	Body struct {
		Name   *string `json:"name,omitempty"`
		Locale *string `json:"locale,omitempty" enum:"en,zh-CN"`
	}
}

func (s *Server) patchMe(ctx context.Context, who caller, in *patchMeInput) (*body[meBody], error) {
	_, err := s.Identity.Accounts.Update(ctx, who.account.ID, identity.AccountPatch{Name: in.Body.Name, Locale: in.Body.Locale})
	if err != nil {
		return nil, err
	}
	return s.whoAmI(ctx, who, nil)
}

type signedOutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *Server) signOut(ctx context.Context, who caller, _ *struct{}) (*signedOutOutput, error) {
	if err := s.Identity.Sessions.SignOut(ctx, who.session); err != nil {
		return nil, err
	}
	return &signedOutOutput{SetCookie: s.cookie(s.cookieName(), "", -1)}, nil
}

type changePasswordInput struct {
	Body struct {
		Current string `json:"current"`
		New     string `json:"new"`
	}
}

func (s *Server) changePassword(ctx context.Context, who caller, in *changePasswordInput) (*struct{}, error) {
	return nil, s.Identity.Sessions.ChangePassword(ctx, who.session, in.Body.Current, in.Body.New, clientOf(ctx))
}

// invitationPreviewBody is what the invited person sees before accepting.
type invitationPreviewBody struct {
	WorkspaceName string `json:"workspace_name"`
	Email         string `json:"email"`
	Role          string `json:"role"`
	RoleName      string `json:"role_name,omitempty" doc:"Of a role that the workspace made."`
	AccountExists bool   `json:"account_exists" doc:"Accepting asks for its password instead of a new one."`
	// Providers open the invitation without a password.
	Providers    []listedProviderBody `json:"providers" nullable:"false" doc:"To come in by: GET /api/v1/oidc/{provider}/start?invitation=TOKEN."`
	ProviderOnly bool                 `json:"provider_only" doc:"A password would open nothing there."`
}

func (s *Server) lookupInvitation(ctx context.Context, in *tokenInput) (*body[invitationPreviewBody], error) {
	p, err := s.Identity.Invitations.Lookup(ctx, in.Body.Token, clientOf(ctx))
	if err != nil {
		return nil, err
	}
	return &body[invitationPreviewBody]{Body: invitationPreviewBody{
		WorkspaceName: p.WorkspaceName, Email: p.Email, Role: string(p.Role), RoleName: p.RoleName, AccountExists: p.AccountExists,
		Providers: listedOf(p.Providers), ProviderOnly: p.ProviderOnly,
	}}, nil
}

type acceptInvitationInput struct {
	Body struct {
		Token    string `json:"token" maxLength:"200"`
		Name     string `json:"name,omitempty"`
		Password string `json:"password"`
	}
}

func (s *Server) acceptInvitation(ctx context.Context, in *acceptInvitationInput) (*signedInOutput, error) {
	done, err := s.Identity.Invitations.Accept(ctx, identity.Acceptor{
		Token: in.Body.Token, Name: in.Body.Name, Password: in.Body.Password,
	}, clientOf(ctx))
	return s.signedIn(ctx, done, err)
}
