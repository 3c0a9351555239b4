package identity

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// Roles are the use cases of what members may do.
type Roles struct{ *commons }

// Places answers where a member belongs; team.Directory's side of identity.
type Places interface {
	// Belongs returns the teams of a member, and the inboxes that they serve,
	// each sorted and without repetition. An unknown member belongs nowhere.
	Belongs(ctx context.Context, w WorkspaceID, m MemberID) (teams, inboxes []string, err error)
}

// rightsOf returns what a member may do, and with what. A role that is gone
// gives nothing.
func (c *commons) rightsOf(ctx context.Context, m Member) (Rights, error) {
	if m.Role.BuiltIn() {
		return Rights{Permissions: m.Role.Permissions(), Reach: Reach{Kind: ReachAll, Member: m.ID}}, nil
	}
	role, err := c.Stores.Roles.Role(ctx, m.Workspace, m.Role)
	if errs.Is(err, errs.NotFound) {
		return Rights{}, nil
	}
	if err != nil {
		return Rights{}, err
	}
	r := Rights{Permissions: role.Permissions, Reach: Reach{Kind: role.Reach, Member: m.ID}}
	if role.Reach == ReachTeam && c.Places != nil {
		r.Reach.Teams, r.Reach.Inboxes, err = c.Places.Belongs(ctx, m.Workspace, m.ID)
	}
	return r, err
}

// definition returns a role of a workspace, built-in or not; errs.Absent when
// there is none.
func (c *commons) definition(ctx context.Context, w WorkspaceID, id Role) (RoleDefinition, error) {
	if id.BuiltIn() {
		return id.Definition(), nil
	}
	return c.Stores.Roles.Role(ctx, w, id)
}

// given returns the role that is to be given to somebody, if the actor may give
// it: errs.Invalid at /role when there is none, RoleBeyond when it is more than
// they hold.
func (c *commons) given(ctx context.Context, scope Scope, id Role) error {
	role, err := c.definition(ctx, scope.Workspace, id)
	if errs.Is(err, errs.NotFound) {
		return errs.New(errs.Invalid, "request.invalid", "Some values are not accepted.").
			WithFields(errs.Field{Pointer: "/role", Code: "invalid_role", Detail: "There is no such role."})
	}
	if err != nil {
		return err
	}
	if fields := scope.gift().beyond(role, "/role", "/role"); len(fields) > 0 {
		return RoleBeyond(fields...)
	}
	return nil
}

// outranks reports whether the actor may change a member of a role: whoever
// could give it.
func (c *commons) outranks(ctx context.Context, scope Scope, id Role) (bool, error) {
	role, err := c.definition(ctx, scope.Workspace, id)
	if errs.Is(err, errs.NotFound) { // gives nothing
		return true, nil
	}
	return err == nil && scope.gift().covers(role), err
}

// List returns every role of the workspace, the built-in ones first, then those
// it made by name. Needs RoleRead.
func (s *Roles) List(ctx context.Context, scope Scope) ([]RoleDefinition, error) {
	if err := scope.Require(RoleRead); err != nil {
		return nil, err
	}
	made, err := s.Stores.Roles.Roles(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	held, err := s.Stores.Roles.Holders(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(made, func(a, b RoleDefinition) int { return strings.Compare(a.Name, b.Name) })
	out := make([]RoleDefinition, 0, len(made)+len(BuiltIns()))
	for _, r := range BuiltIns() {
		out = append(out, r.Definition())
	}
	out = append(out, made...)
	for i := range out {
		out[i].Members = held[out[i].ID]
	}
	return out, nil
}

// Get returns a role. Needs RoleRead.
func (s *Roles) Get(ctx context.Context, scope Scope, id Role) (RoleDefinition, error) {
	if err := scope.Require(RoleRead); err != nil {
		return RoleDefinition{}, err
	}
	role, err := s.definition(ctx, scope.Workspace, id)
	if err != nil {
		return RoleDefinition{}, err
	}
	held, err := s.Stores.Roles.Holders(ctx, scope.Workspace)
	role.Members = held[id]
	return role, err
}

// Create makes a role. Needs RoleManage. A name is required; without a reach it
// reaches its members' own. Errors: RoleBeyond, RoleNameTaken, TooManyRoles.
func (s *Roles) Create(ctx context.Context, scope Scope, p RolePatch) (RoleDefinition, error) {
	if err := scope.Require(RoleManage); err != nil {
		return RoleDefinition{}, err
	}
	if p.Name == nil {
		p.Name = new(string)
	}
	if p.Permissions == nil {
		p.Permissions = &[]Permission{}
	}
	if err := p.check(); err != nil {
		return RoleDefinition{}, err
	}
	at := s.time()
	role := RoleDefinition{Workspace: scope.Workspace, ID: Role(s.ids.New("rol")), Reach: ReachOwn, CreatedAt: at}
	p.apply(&role, at)
	if fields := scope.gift().beyond(role, "/permissions", "/reach"); len(fields) > 0 {
		return RoleDefinition{}, RoleBeyond(fields...)
	}
	record := Record(ctx, scope, RoleMade, role.target())
	role.since(RoleDefinition{}, record)
	if err := s.Stores.Roles.CreateRole(ctx, role, s.audited(scope.Workspace, RoleChanged, string(role.ID), record)); err != nil {
		return RoleDefinition{}, err
	}
	return role, nil
}

// Update changes a role that the workspace made. Needs RoleManage. Its members
// may do what it says within moments. Nobody changes the role that they have
// (OwnRole), one that holds more than they do, or makes it hold more
// (RoleBeyond). BuiltInRole, RoleNameTaken.
func (s *Roles) Update(ctx context.Context, scope Scope, id Role, p RolePatch) (RoleDefinition, error) {
	if err := s.changeable(scope, id); err != nil {
		return RoleDefinition{}, err
	}
	if err := p.check(); err != nil {
		return RoleDefinition{}, err
	}
	at, gift, record := s.time(), scope.gift(), Record(ctx, scope, RoleEdited, event.Party{})
	role, err := s.Stores.Roles.ChangeRole(ctx, scope.Workspace, id, func(r *RoleDefinition) error {
		if fields := gift.beyond(*r, "", ""); len(fields) > 0 {
			return RoleBeyond(fields...)
		}
		was := *r
		p.apply(r, at)
		r.since(was, record)
		if fields := gift.beyond(*r, "/permissions", "/reach"); len(fields) > 0 {
			return RoleBeyond(fields...)
		}
		return nil
	}, s.audited(scope.Workspace, RoleChanged, string(id), record))
	if err != nil {
		return RoleDefinition{}, err
	}
	s.rightsChanged(ctx, scope.Workspace, "")
	held, err := s.Stores.Roles.Holders(ctx, scope.Workspace)
	role.Members = held[id]
	return role, err
}

// Delete takes a role away that nobody has and nobody is invited to; RoleInUse
// otherwise. Needs RoleManage. BuiltInRole, OwnRole, RoleBeyond.
func (s *Roles) Delete(ctx context.Context, scope Scope, id Role) error {
	if err := s.changeable(scope, id); err != nil {
		return err
	}
	role, err := s.definition(ctx, scope.Workspace, id)
	if err != nil {
		return err
	}
	if fields := scope.gift().beyond(role, "", ""); len(fields) > 0 {
		return RoleBeyond(fields...)
	}
	return s.Stores.Roles.DeleteRole(ctx, scope.Workspace, id, s.time(),
		s.audited(scope.Workspace, RoleChanged, string(id), Record(ctx, scope, RoleDropped, role.target())))
}

// since completes the record of what became of a role.
func (r RoleDefinition) since(before RoleDefinition, record *event.Record) {
	d := event.Differences{}
	d.Note("name", before.Name, r.Name)
	d.Note("description", before.Description, r.Description)
	d.Note("permissions", before.Permissions, r.Permissions)
	d.Note("reach", before.Reach, r.Reach)
	record.Target = r.target()
	record.Say(d)
}

func (s *Roles) changeable(scope Scope, id Role) error {
	if err := scope.Require(RoleManage); err != nil {
		return err
	}
	switch {
	case id.BuiltIn():
		return BuiltInRole()
	case scope.Actor.Kind == ActorMember && scope.Actor.Role == id:
		return OwnRole()
	default:
		return nil
	}
}

// ReachOf returns what a member reaches of what a permission is for, whoever
// asks; nothing for one who does not hold it, is suspended, or is not there: for
// what the core tells members by itself.
func (s *Roles) ReachOf(ctx context.Context, w WorkspaceID, m MemberID, toRead Permission) (Reach, error) {
	member, err := s.Stores.Members.Member(ctx, w, m)
	if errs.Is(err, errs.NotFound) || err == nil && member.Suspended {
		return Reach{}, nil
	}
	if err != nil {
		return Reach{}, err
	}
	rights, err := s.rightsOf(ctx, member)
	if err != nil || !rights.May(toRead) {
		return Reach{}, err
	}
	return rights.Reach, nil
}

// Moved says that members of a workspace belong elsewhere now: what they may
// see has changed.
func (s *Roles) Moved(ctx context.Context, w WorkspaceID) { s.rightsChanged(ctx, w, "") }
