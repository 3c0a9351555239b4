package instance

import (
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// needs says what somebody must be allowed everywhere who lets a plugin do the
// same. Scopes that are not in it reach nothing but what is the plugin's own.
func needs(scope string) []identity.Permission {
	switch scope {
	case "conversations:read", "events:subscribe", "hooks:intercept", "blobs:read", "tools:invoke":
		return []identity.Permission{identity.ConversationRead}
	case "conversations:write", "messages:send", "blobs:write":
		return []identity.Permission{identity.ConversationRead, identity.ConversationReply}
	case "contacts:read", "contacts:read.pii":
		return []identity.Permission{identity.ContactRead}
	case "contacts:write":
		return []identity.Permission{identity.ContactRead, identity.ContactWrite}
	case "tickets:read":
		return []identity.Permission{identity.TicketRead}
	case "tickets:write":
		return []identity.Permission{identity.TicketRead, identity.TicketWrite}
	case "members:read", "members:read.pii":
		return []identity.Permission{identity.MemberRead}
	}
	return nil
}

// MayGrant reports why the actor may not let a plugin use scopes: a plugin
// reaches the whole workspace, so whoever lets it may do as much.
func MayGrant(actor identity.Scope, scopes []string) error {
	for _, scope := range scopes {
		permissions := needs(scope)
		beyond := slices.ContainsFunc(permissions, func(p identity.Permission) bool { return !actor.May(p) })
		if beyond || len(permissions) > 0 && !actor.Reach().All() {
			return Beyond(scope)
		}
	}
	return nil
}

// Beyond is returned to who would let a plugin do more than they may.
func Beyond(scope string) *errs.Error {
	return errs.New(errs.Forbidden, "plugin.beyond_yours",
		"The plugin would be allowed more than your role allows you: "+scope+", for the whole workspace. Ask an owner.").
		WithFields(errs.Field{Pointer: "/scopes", Code: "beyond_yours", Detail: "has " + scope + ", which is beyond your role"})
}
