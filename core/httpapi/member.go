package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// Presence is who is there, as dispatch knows it.
type Presence interface {
	// Snapshot lists the members of a workspace who may be given work.
	Snapshot(ctx context.Context, w identity.WorkspaceID) ([]wire.Presence, error)
	// Available reports whether somebody is available who may serve the new
	// conversations of an inbox.
	Available(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID) (bool, error)
	// Choose records what a member chose: available or away, and why away.
	Choose(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, status dispatch.Status, reason string) error
	// Ready ends a member's wrap-up.
	Ready(ctx context.Context, w identity.WorkspaceID, m identity.MemberID) error
}

// memberBody is an account in a workspace.
type memberBody struct {
	ID        string       `json:"id"`
	AccountID string       `json:"account_id"`
	Email     string       `json:"email"`
	Name      string       `json:"name"`
	Role      string       `json:"role" doc:"The name of a built-in role, or rol_..."`
	Capacity  int          `json:"capacity" doc:"How many conversations dispatch gives at once."`
	Limits    memberLimits `json:"limits"`
	Suspended bool         `json:"suspended"`
	CreatedAt time.Time    `json:"created_at"`
}

// memberLimits are how much of a kind of work dispatch gives a member at once.
type memberLimits struct {
	Chat    int `json:"chat" minimum:"-1" maximum:"100" doc:"Somebody waits in front of a window. 0: as the capacity and the policy allow; -1: none."`
	Message int `json:"message" minimum:"-1" maximum:"100" doc:"Of messengers."`
	Mail    int `json:"mail" minimum:"-1" maximum:"100"`
	Ticket  int `json:"ticket" minimum:"-1" maximum:"100" doc:"Where a queue gives them out."`
}

// memberLimitsPatch names the limits that change.
type memberLimitsPatch struct {
	Chat    *int `json:"chat,omitempty" minimum:"-1" maximum:"100" doc:"Somebody waits in front of a window. 0: as the capacity and the policy allow; -1: none."`
	Message *int `json:"message,omitempty" minimum:"-1" maximum:"100" doc:"Of messengers."`
	Mail    *int `json:"mail,omitempty" minimum:"-1" maximum:"100"`
	Ticket  *int `json:"ticket,omitempty" minimum:"-1" maximum:"100" doc:"Where a queue gives them out."`
}

func memberOf(m identity.Member) memberBody {
	return memberBody{
		ID: string(m.ID), AccountID: string(m.Account), Email: m.Email, Name: m.Name, Role: string(m.Role),
		Capacity: m.Capacity, Limits: memberLimits(m.Limits), Suspended: m.Suspended, CreatedAt: wire.Stamp(m.CreatedAt),
	}
}

// invitationBody asks somebody to join.
type invitationBody struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Role      string    `json:"role" doc:"The name of a built-in role, or rol_..."`
	InvitedBy string    `json:"invited_by"`
	State     string    `json:"state" enum:"pending,accepted,revoked,expired"`
	Link      string    `json:"link,omitempty" doc:"To give to the person; shown once, when it is made."`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *Server) invitationOf(i identity.Invitation, token string) invitationBody {
	out := invitationBody{
		ID: string(i.ID), Email: i.Email, Role: string(i.Role), InvitedBy: string(i.InvitedBy), State: string(i.State(s.Now())),
		CreatedAt: wire.Stamp(i.CreatedAt), ExpiresAt: wire.Stamp(i.ExpiresAt),
	}
	if token != "" {
		out.Link = s.BaseURL + "/invite?token=" + token
	}
	return out
}

func (s *Server) memberRoutes() {
	base := apiPrefix + "/workspaces/{workspace}"
	tags := []string{"members"}
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/members", Summary: "List members", Tags: tags}, identity.MemberRead, s.listMembers)
	member(s, huma.Operation{Method: http.MethodPatch, Path: base + "/members/{member}", Summary: "Change a member", Tags: tags}, identity.MemberManage, s.patchMember)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/invitations", Summary: "List invitations", Tags: tags}, identity.MemberManage, s.listInvitations)
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/invitations", Summary: "Invite somebody", Tags: tags, DefaultStatus: http.StatusCreated}, identity.MemberManage, s.invite)
	member(s, huma.Operation{Method: http.MethodDelete, Path: base + "/invitations/{invitation}", Summary: "Take an invitation back", Tags: tags, DefaultStatus: http.StatusNoContent}, identity.MemberManage, s.revokeInvitation)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/presence", Summary: "Who is there", Tags: tags}, identity.MemberRead, s.presence)
	member(s, huma.Operation{Method: http.MethodPut, Path: base + "/presence/me", Summary: "Say that I am available or away", Tags: tags, DefaultStatus: http.StatusNoContent}, identity.ConversationReply, s.choosePresence)
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/presence/me/ready", Summary: "End my wrap-up", Tags: tags, DefaultStatus: http.StatusNoContent}, identity.ConversationReply, s.presenceReady)
}

type listMembersInput struct {
	WorkspacePath
	Paging
}

func (s *Server) listMembers(ctx context.Context, scope identity.Scope, in *listMembersInput) (*body[list[memberBody]], error) {
	return asList(memberOf)(s.Identity.Members.List(ctx, scope, in.request()))
}

type patchMemberInput struct {
	WorkspacePath
	Member string `path:"member"`
	Body   struct {
		Name      *string            `json:"name,omitempty"`
		Role      *string            `json:"role,omitempty"`
		Capacity  *int               `json:"capacity,omitempty" minimum:"1" maximum:"100"`
		Limits    *memberLimitsPatch `json:"limits,omitempty" doc:"Those that are named change."`
		Suspended *bool              `json:"suspended,omitempty"`
	}
}

func (s *Server) patchMember(ctx context.Context, scope identity.Scope, in *patchMemberInput) (*body[memberBody], error) {
	patch := identity.MemberPatch{Name: in.Body.Name, Capacity: in.Body.Capacity, Limits: (*identity.LimitsPatch)(in.Body.Limits), Suspended: in.Body.Suspended}
	if in.Body.Role != nil {
		role := identity.Role(*in.Body.Role)
		patch.Role = &role
	}
	return asOne(memberOf)(s.Identity.Members.Update(ctx, scope, identity.MemberID(in.Member), patch))
}

func (s *Server) listInvitations(ctx context.Context, scope identity.Scope, in *listMembersInput) (*body[list[invitationBody]], error) {
	p, err := s.Identity.Invitations.List(ctx, scope, in.request())
	if err != nil {
		return nil, err
	}
	return listOf(p, func(i identity.Invitation) invitationBody { return s.invitationOf(i, "") }), nil
}

type inviteInput struct {
	WorkspacePath
	Body struct {
		Email string `json:"email"`
		Role  string `json:"role" doc:"The name of a built-in role, or rol_..."`
	}
}

func (s *Server) invite(ctx context.Context, scope identity.Scope, in *inviteInput) (*body[invitationBody], error) {
	issued, err := s.Identity.Invitations.Create(ctx, scope, in.Body.Email, identity.Role(in.Body.Role))
	if err != nil {
		return nil, err
	}
	return &body[invitationBody]{Body: s.invitationOf(issued.Invitation, issued.Token)}, nil
}

// InvitationPath is the path parameters of one invitation.
type InvitationPath struct {
	WorkspacePath
	Invitation string `path:"invitation"`
}

func (s *Server) revokeInvitation(ctx context.Context, scope identity.Scope, in *InvitationPath) (*struct{}, error) {
	return nil, s.Identity.Invitations.Revoke(ctx, scope, identity.InvitationID(in.Invitation))
}

// presenceBody is who is there.
type presenceBody struct {
	Members []wire.Presence `json:"members"`
}

func (s *Server) presence(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[presenceBody], error) {
	members, err := s.Presence.Snapshot(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	if members == nil {
		members = []wire.Presence{}
	}
	return &body[presenceBody]{Body: presenceBody{Members: members}}, nil
}

type choosePresenceInput struct {
	WorkspacePath
	Body struct {
		Status string `json:"status" enum:"available,away"`
		Reason string `json:"reason,omitempty" doc:"Why away: lunch, meeting, break, training, other, or your own words; at most 60 characters."`
	}
}

func (s *Server) choosePresence(ctx context.Context, scope identity.Scope, in *choosePresenceInput) (*struct{}, error) {
	return nil, s.Presence.Choose(ctx, scope.Workspace, scope.Member(), dispatch.Status(in.Body.Status), in.Body.Reason)
}

func (s *Server) presenceReady(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*struct{}, error) {
	return nil, s.Presence.Ready(ctx, scope.Workspace, scope.Member())
}
