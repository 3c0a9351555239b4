package extension_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/extensiontest"
	"github.com/patchbay-im/patchbay/core/identity"
)

// host has one plugin and records what it is asked.
type host struct{ asked []string }

func (h *host) Plugins() []extension.Plugin { return []extension.Plugin{{ID: "patchbay/echo"}} }

func (h *host) Restart(_ context.Context, id extension.PluginID) error {
	h.asked = append(h.asked, "restart "+string(id))
	return h.find(id)
}

func (h *host) Logs(id extension.PluginID) ([]extension.LogLine, error) {
	h.asked = append(h.asked, "logs "+string(id))
	return []extension.LogLine{{Text: "a line"}}, h.find(id)
}

func (h *host) Enable(_ context.Context, id extension.PluginID, on bool) error {
	h.asked = append(h.asked, fmt.Sprintf("enable %v %s", on, id))
	return h.find(id)
}

func (h *host) Move(_ context.Context, id extension.PluginID, m extension.Move) (extension.Copy, error) {
	h.asked = append(h.asked, fmt.Sprintf("move %v %v %s", m.Back, m.Accepted, id))
	return extension.Copy{Version: "2.0.0"}, h.find(id)
}

func (h *host) Pin(_ context.Context, id extension.PluginID, version string) error {
	h.asked = append(h.asked, "pin "+version+" "+string(id))
	return h.find(id)
}

func (h *host) Versions(_ context.Context, id extension.PluginID) ([]extension.Version, error) {
	h.asked = append(h.asked, "versions "+string(id))
	return []extension.Version{{Copy: extension.Copy{Version: "1.0.0"}}}, h.find(id)
}

func (h *host) find(id extension.PluginID) error {
	if id != "patchbay/echo" {
		return errs.Absent()
	}
	return nil
}

func as(kind identity.ActorKind, role identity.Role) identity.Scope {
	return identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: kind, ID: "x", Role: role}}
}

func TestPermissions(t *testing.T) {
	const read, manage = identity.PluginRead, identity.PluginManage
	for name, tt := range map[string]struct {
		need identity.Permission
		run  func(s *extension.Service, scope identity.Scope) error
	}{
		"list": {read, func(s *extension.Service, scope identity.Scope) error {
			_, err := s.List(t.Context(), scope)
			return err
		}},
		"restart": {manage, func(s *extension.Service, scope identity.Scope) error {
			return s.Restart(t.Context(), scope, "patchbay/echo")
		}},
		"logs": {manage, func(s *extension.Service, scope identity.Scope) error {
			_, err := s.Logs(t.Context(), scope, "patchbay/echo")
			return err
		}},
	} {
		for _, role := range []identity.Role{identity.RoleOwner, identity.RoleAdministrator, identity.RoleSupervisor, identity.RoleAgent, "guest"} {
			h := &host{}
			err := tt.run(extension.NewService(h, extensiontest.NewLives(), records{}), as(identity.ActorMember, role))
			if may := role.May(tt.need); may != (err == nil) || !may && (!errs.Is(err, errs.Forbidden) || len(h.asked) > 0) {
				t.Errorf("%s by %s: %v, the host was asked %v", name, role, err, h.asked)
			}
		}
		if err := tt.run(extension.NewService(&host{}, extensiontest.NewLives(), records{}), as(identity.ActorPlugin, identity.RoleOwner)); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s by a plugin: %v", name, err)
		}
	}
}

func TestAbsentPlugins(t *testing.T) {
	h := &host{}
	s, owner := extension.NewService(h, extensiontest.NewLives(), records{}), as(identity.ActorMember, identity.RoleOwner)
	if err := s.Restart(t.Context(), owner, "a/b"); !errs.Is(err, errs.NotFound) {
		t.Errorf("restart: %v", err)
	}
	if _, err := s.Logs(t.Context(), owner, "a/b"); !errs.Is(err, errs.NotFound) {
		t.Errorf("logs: %v", err)
	}
	h.asked = nil
	if _, err := s.Logs(t.Context(), owner, extension.PluginID(strings.Repeat("x", 129))); !errs.Is(err, errs.NotFound) || h.asked != nil {
		t.Errorf("logs of no plugin's name: %v, asked %v", err, h.asked)
	}
	if list, err := s.List(t.Context(), owner); err != nil || len(list) != 1 {
		t.Errorf("list: %+v, %v", list, err)
	}
}

// records takes every record.
type records struct{}

func (records) Keep(context.Context, identity.Scope, *event.Record) error { return nil }
