package extension

import (
	"context"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Limits, in bytes.
const (
	maxVersion = 64
	maxID      = 128 // of a plugin
)

// Enable switches a plugin on, on every node.
func (s *Service) Enable(ctx context.Context, scope identity.Scope, id PluginID) error {
	return s.act(ctx, scope, id, "plugin.enabled", "", func() (string, error) { return "", s.host.Enable(ctx, id, true) })
}

// Disable switches a plugin off, on every node. What is to leave through it
// waits.
func (s *Service) Disable(ctx context.Context, scope identity.Scope, id PluginID) error {
	return s.act(ctx, scope, id, "plugin.disabled", "", func() (string, error) { return "", s.host.Enable(ctx, id, false) })
}

// Upgrade puts what the plugins folder holds in place of the version that runs.
// accept names the permissions that it needs and the version that runs does not.
func (s *Service) Upgrade(ctx context.Context, scope identity.Scope, id PluginID, accept []string) (Copy, error) {
	var out Copy
	err := s.act(ctx, scope, id, "plugin.upgraded", "version", func() (string, error) {
		var err error
		out, err = s.host.Move(ctx, id, Move{Accepted: accept})
		return out.Version, err
	})
	return out, err
}

// Rollback goes back to the version before.
func (s *Service) Rollback(ctx context.Context, scope identity.Scope, id PluginID) (Copy, error) {
	var out Copy
	err := s.act(ctx, scope, id, "plugin.rolled_back", "version", func() (string, error) {
		var err error
		out, err = s.host.Move(ctx, id, Move{Back: true})
		return out.Version, err
	})
	return out, err
}

// Pin keeps a plugin at a version, which becomes the active one; "" takes the
// pin away.
func (s *Service) Pin(ctx context.Context, scope identity.Scope, id PluginID, version string) error {
	if len(version) > maxVersion || strings.ContainsFunc(version, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errs.New(errs.Invalid, "plugin.version_invalid", "A version looks like 1.4.2.")
	}
	return s.act(ctx, scope, id, "plugin.pinned", "version", func() (string, error) { return version, s.host.Pin(ctx, id, version) })
}

// act does something to a plugin and keeps a record of it. do returns the value
// of the detail, when it has a name.
func (s *Service) act(ctx context.Context, scope identity.Scope, id PluginID, action, detail string, do func() (string, error)) error {
	if err := manages(scope, id); err != nil {
		return err
	}
	value, err := do()
	if err != nil {
		return err
	}
	r := identity.Record(ctx, scope, action, event.Party{Kind: "plugin", ID: string(id)})
	if detail != "" {
		r.Say(map[string]string{detail: value})
	}
	return s.audit.Keep(ctx, scope, r)
}

// manages reports whether somebody may manage a plugin of that name.
func manages(scope identity.Scope, id PluginID) error {
	if err := scope.Require(identity.PluginManage); err != nil {
		return err
	}
	if len(id) > maxID {
		return errs.Absent()
	}
	return nil
}

// Versions lists the copies of a plugin that this node keeps, the newest first.
func (s *Service) Versions(ctx context.Context, scope identity.Scope, id PluginID) ([]Version, error) {
	if err := manages(scope, id); err != nil {
		return nil, err
	}
	return s.host.Versions(ctx, id)
}

// History lists the steps in the life of a plugin's processes, the newest first.
func (s *Service) History(ctx context.Context, scope identity.Scope, id PluginID, r page.Request) (page.Page[Transition], error) {
	var out page.Page[Transition]
	if err := manages(scope, id); err != nil {
		return out, err
	}
	key, err := page.Decode(r.Cursor, 1)
	if err != nil {
		return out, err
	}
	before := int64(0)
	if key != nil {
		if before, err = strconv.ParseInt(key[0], 10, 64); err != nil || before < 1 {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
	}
	if _, err := s.host.Logs(id); err != nil { // is it installed?
		return out, err
	}
	size := r.Size()
	found, err := s.lives.History(ctx, id, before, size+1)
	if err != nil {
		return out, err
	}
	out.Items = found
	if len(found) > size {
		out.Items = found[:size]
		out.Next = page.Encode(strconv.FormatInt(found[size-1].Number, 10))
	}
	return out, nil
}
