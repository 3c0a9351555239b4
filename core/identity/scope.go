package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Scope is an actor inside a workspace: what a use case needs to know of its caller.
type Scope struct {
	Workspace WorkspaceID
	Actor     Actor

	rights *Rights // nil = those of the built-in role, everywhere
	parent *door   // of a sandbox; nil = the workspace is none
}

// Sandbox reports whether the actor is a member who acts in a sandbox.
func (s Scope) Sandbox() bool { return s.parent != nil }

// door is a workspace whose policy lets somebody in, in a role.
type door struct {
	workspace WorkspaceID
	role      Role
	used      time.Time // of the sandbox behind it: UsedAt
}

// door returns where the scope is entered: a sandbox by its parent.
func (s Scope) door() door {
	if s.parent != nil {
		return *s.parent
	}
	return door{workspace: s.Workspace, role: s.Actor.Role}
}

// Rights are what a role gives a member: what they may do, and with what.
type Rights struct {
	Permissions []Permission
	Reach       Reach
}

// Mark names what the rights hold: it changes with it, and says nothing of it.
func (r Rights) Mark() string {
	words := make([]string, len(r.Permissions))
	for i, p := range r.Permissions {
		words[i] = string(p)
	}
	slices.Sort(words)
	words = append(words, "", string(r.Reach.Kind))
	if !r.Reach.All() {
		words = append(words, r.Reach.Teams...)
		words = append(append(words, ""), r.Reach.Inboxes...)
	}
	sum := sha256.Sum256([]byte(strings.Join(words, "\n")))
	return hex.EncodeToString(sum[:8])
}

// May reports whether the rights hold p.
func (r Rights) May(p Permission) bool { return slices.Contains(r.Permissions, p) }

// SystemScope is the scope of what the core does by itself.
func SystemScope(w WorkspaceID) Scope {
	return Scope{Workspace: w, Actor: Actor{Kind: ActorSystem}}
}

// With returns the scope with these rights instead of those of a built-in role.
func (s Scope) With(r Rights) Scope {
	s.rights = &r
	return s
}

// Only returns the scope with those of its permissions that are named too, and
// the same reach: what a key may do that acts for a member.
func (s Scope) Only(permissions ...Permission) Scope {
	r := s.Rights()
	r.Permissions = slices.DeleteFunc(slices.Clone(r.Permissions), func(p Permission) bool { return !slices.Contains(permissions, p) })
	return s.With(r)
}

// Member returns the acting member's id; "" when the actor is none.
func (s Scope) Member() MemberID {
	if s.Actor.Kind != ActorMember {
		return ""
	}
	return MemberID(s.Actor.ID)
}

// May reports whether the actor holds p. The system may do anything; contacts
// hold no member permission, and plugins those alone that With gave them.
func (s Scope) May(p Permission) bool {
	switch {
	case s.Actor.Kind == ActorSystem:
		return true
	case s.Actor.Kind != ActorMember && s.Actor.Kind != ActorPlugin:
		return false
	case s.rights != nil:
		return s.rights.May(p)
	case s.Actor.Kind == ActorPlugin:
		return false
	default:
		return s.Actor.Role.May(p)
	}
}

// Require returns a Forbidden error unless the actor holds p.
func (s Scope) Require(p Permission) error {
	if s.May(p) {
		return nil
	}
	if s.Sandbox() && slices.Contains(beyondSandbox(), p) {
		return NotInSandbox()
	}
	return errs.New(errs.Forbidden, "forbidden", "Your role does not allow this. Ask an administrator of the workspace.")
}

// Reach returns what the actor may see: everything for the system and the
// built-in roles, what With gave a plugin, nothing for who is no member.
func (s Scope) Reach() Reach {
	switch {
	case s.Actor.Kind == ActorSystem:
		return Everywhere()
	case (s.Actor.Kind == ActorMember || s.Actor.Kind == ActorPlugin) && s.rights != nil:
		return s.rights.Reach
	case s.Actor.Kind == ActorMember && s.Actor.Role.BuiltIn():
		return Reach{Kind: ReachAll, Member: s.Member()}
	default:
		return Reach{}
	}
}

// ReadsAll reports whether the actor may read every conversation: what came over
// the wire, and what is sent to other systems, is of no smaller reach.
func (s Scope) ReadsAll() bool { return s.May(ConversationRead) && s.Reach().All() }

// Rights returns what the actor may do and with what; nothing for who is no
// member, unless it is a plugin that With gave some.
func (s Scope) Rights() Rights {
	r := Rights{Reach: s.Reach()}
	switch {
	case s.Actor.Kind == ActorSystem:
		r.Permissions = Permissions()
	case (s.Actor.Kind == ActorMember || s.Actor.Kind == ActorPlugin) && s.rights != nil:
		r.Permissions = s.rights.Permissions
	case s.Actor.Kind == ActorMember:
		r.Permissions = s.Actor.Role.Permissions()
	}
	return r
}
