package identity

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Limits of roles.
const (
	MaxRoles           = 100 // that a workspace made
	MaxRoleName        = 60  // characters
	MaxRoleDescription = 500 // characters
)

// RoleDefinition is a role as people see and change it.
type RoleDefinition struct {
	Workspace   WorkspaceID // "" of a built-in one
	ID          Role
	Name        string // unique in the workspace; "" of a built-in one, which is named in the reader's language
	Description string
	Permissions []Permission // in the order of the catalogue, each once
	Reach       ReachKind
	Members     int // how many have it, suspended ones included; read-only
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// RolePatch is what a role becomes; nil stays as it is.
type RolePatch struct {
	Name        *string
	Description *string
	Permissions *[]Permission
	Reach       *ReachKind
}

// check refuses wrong values and puts the others into their stored form.
func (p *RolePatch) check() error {
	c := &check{}
	if p.Name != nil {
		name := c.name("/name", *p.Name)
		if utf8.RuneCountInString(name) > MaxRoleName {
			c.Refuse("/name", "too_long", "The name of a role has at most "+strconv.Itoa(MaxRoleName)+" characters.")
		}
		p.Name = &name
	}
	if p.Description != nil {
		text := c.lines("/description", *p.Description, MaxRoleDescription)
		p.Description = &text
	}
	if p.Permissions != nil {
		known := Permissions()
		for i, permission := range *p.Permissions {
			if !slices.Contains(known, permission) {
				c.Refuse("/permissions/"+strconv.Itoa(i), "unknown", "There is no such permission.")
			}
		}
		all := completed(*p.Permissions)
		p.Permissions = &all
	}
	if p.Reach != nil && !slices.Contains(ReachKinds(), *p.Reach) {
		c.Refuse("/reach", "enum", "A role reaches all, team or own.")
	}
	return c.err()
}

// lines returns a text of several lines without the space around it.
func (c *check) lines(pointer, text string, limit int) string {
	if !utf8.ValidString(text) {
		c.Refuse(pointer, "invalid_text", "This is not valid text (UTF-8).")
		return ""
	}
	text = norm.NFC.String(strings.TrimSpace(text))
	if utf8.RuneCountInString(text) > limit {
		c.Refuse(pointer, "too_long", "This has at most "+strconv.Itoa(limit)+" characters.")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return Deceptive(r) && r != '\n' && r != '\t' }) {
		c.Refuse(pointer, "invalid_character", "This has no control characters.")
	}
	return text
}

func (p *RolePatch) apply(r *RoleDefinition, at time.Time) {
	set(&r.Name, p.Name)
	set(&r.Description, p.Description)
	set(&r.Permissions, p.Permissions)
	set(&r.Reach, p.Reach)
	r.UpdatedAt = at
}

// gift is what an actor may give to others.
type gift struct {
	owner       bool // may give everything, an owner's role too
	permissions []Permission
	reach       ReachKind
}

// gift returns what the actor may give to others: what they hold, as far as
// they see.
func (s Scope) gift() gift {
	rights := s.Rights()
	g := gift{
		owner:       s.Actor.Kind == ActorSystem || s.Actor.Kind == ActorMember && s.Actor.Role == RoleOwner && s.rights == nil,
		permissions: rights.Permissions, reach: rights.Reach.Kind,
	}
	if s.rights == nil && s.Actor.Kind == ActorMember {
		g.permissions = s.Actor.Role.grants()
	}
	return g
}

// beyond lists what of a role the gift does not hold, as fields of a request
// that begin with these pointers.
func (g gift) beyond(r RoleDefinition, permissions, reach string) []errs.Field {
	if g.owner {
		return nil
	}
	var out []errs.Field
	if r.ID == RoleOwner {
		out = append(out, errs.Field{Pointer: permissions, Code: "beyond_yours", Detail: "only an owner makes an owner"})
	}
	for _, p := range r.Permissions {
		if !slices.Contains(g.permissions, p) {
			out = append(out, errs.Field{Pointer: permissions, Code: "beyond_yours", Detail: fmt.Sprintf("%s is not yours to give", p)})
		}
	}
	if !r.Reach.within(g.reach) {
		out = append(out, errs.Field{Pointer: reach, Code: "beyond_yours", Detail: "it sees more than you do"})
	}
	return out
}

// covers reports whether the actor could give the whole role, and so may change
// who has it.
func (g gift) covers(r RoleDefinition) bool { return len(g.beyond(r, "", "")) == 0 }

// MayGive reports whether the actor may give a role to somebody, and so change
// who has it.
func (s Scope) MayGive(r RoleDefinition) bool { return s.gift().covers(r) }

// MayGivePermission reports whether a role that the actor makes may hold p.
func (s Scope) MayGivePermission(p Permission) bool {
	g := s.gift()
	return g.owner || slices.Contains(g.permissions, p)
}
