package identity

import (
	"context"

	"github.com/patchbay-im/patchbay/core/event"
)

type contextKey int

const keyClient contextKey = iota

// WithClient returns a context that says where a request comes from.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, keyClient, c)
}

// ClientFrom returns where the request of a context comes from; the zero
// Client for what the core does by itself.
func ClientFrom(ctx context.Context) Client {
	c, _ := ctx.Value(keyClient).(Client)
	return c
}

// Record makes the audit record of an action: past tense ("team.updated"), by
// the scope's actor, from where the context says, on a target. Complete it with
// Say, hand it along in event.Event.Audit.
func Record(ctx context.Context, scope Scope, action string, target event.Party) *event.Record {
	return &event.Record{
		Action: action, Actor: scope.Actor.party(), Via: ClientFrom(ctx).Via, Address: ClientFrom(ctx).address(), Target: target,
	}
}

func (a Actor) party() event.Party {
	return event.Party{Kind: string(a.Kind), ID: a.ID, Name: a.Name}
}

// party is a member as who acts: for actions of an account, which has no scope.
func (m Member) party() event.Party {
	return event.Party{Kind: string(ActorMember), ID: string(m.ID), Name: m.Name}
}

// target is a member as what is acted on.
func (m Member) target() event.Party {
	return event.Party{Kind: "member", ID: string(m.ID), Name: m.Name}
}

func (i Invitation) target() event.Party {
	return event.Party{Kind: "invitation", ID: string(i.ID), Name: i.Email}
}

func (r RoleDefinition) target() event.Party {
	return event.Party{Kind: "role", ID: string(r.ID), Name: r.Name}
}

func (w Workspace) target() event.Party {
	return event.Party{Kind: "workspace", ID: string(w.ID), Name: w.Name}
}

// chained makes the event of a record that is for the audit log alone: no feed
// tells of it.
func (c clock) chained(w WorkspaceID, r *event.Record) event.Event {
	return event.Event{ID: c.ids.New("aud"), Workspace: string(w), At: c.time(), Audit: r}
}

// everywhere makes the events of what an account did to itself: a record in
// each of its workspaces, those in which it is suspended included.
func (c *commons) everywhere(ctx context.Context, account AccountID, client Client, action string, detail any) ([]event.Event, error) {
	list, err := c.Stores.Members.Memberships(ctx, account)
	if err != nil {
		return nil, err
	}
	events := make([]event.Event, 0, len(list))
	for _, m := range list {
		r := &event.Record{
			Action: action, Actor: m.Member.party(), Via: client.Via, Address: client.address(), Target: m.Member.target(),
		}
		events = append(events, c.chained(m.Workspace.ID, r.Say(detail)))
	}
	return events, nil
}

// Actions of this domain in the audit log. (An action that changes a thing is
// "<noun>.updated"; "<noun>.changed" is the event that tells consoles.)
const (
	WorkspaceFounded  = "workspace.founded"
	WorkspaceEdited   = "workspace.updated"
	MemberJoined      = "member.joined"
	MemberEdited      = "member.updated"
	MemberSuspended   = "member.suspended"
	MemberRestored    = "member.restored"
	InvitationMade    = "invitation.created"
	InvitationRevoke  = "invitation.revoked"
	RoleMade          = "role.created"
	RoleEdited        = "role.updated"
	RoleDropped       = "role.deleted"
	AccountRenamed    = "account.renamed"
	SignedInAction    = "session.started" // detail {"method": "password"|"link"|...}
	SignInRefused     = "session.refused"
	SignedOutAction   = "session.ended"
	PasswordEdited    = "password.updated"
	signedByPassword  = "password"
	signedByLink      = "link"
	signedByAccepting = "invitation"
)

// method is the detail of a sign-in.
func method(how string) any { return map[string]string{"method": how} }
