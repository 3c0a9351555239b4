package extension_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/extensiontest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

const echo = extension.PluginID("patchbay/echo")

func TestLivesFake(t *testing.T) {
	extensiontest.TestLives(t, func(*testing.T) extension.Lives { return extensiontest.NewLives() })
}

// acts are the use cases that do something to a plugin, and what the host is
// asked then.
func acts(s *extension.Service) map[string]func(context.Context, identity.Scope, extension.PluginID) error {
	return map[string]func(context.Context, identity.Scope, extension.PluginID) error{
		"enable true ":  s.Enable,
		"enable false ": s.Disable,
		"move false [messages:ingest] ": func(ctx context.Context, scope identity.Scope, id extension.PluginID) error {
			_, err := s.Upgrade(ctx, scope, id, []string{"messages:ingest"})
			return err
		},
		"move true [] ": func(ctx context.Context, scope identity.Scope, id extension.PluginID) error {
			_, err := s.Rollback(ctx, scope, id)
			return err
		},
		"pin 1.0.0 ": func(ctx context.Context, scope identity.Scope, id extension.PluginID) error {
			return s.Pin(ctx, scope, id, "1.0.0")
		},
		"versions ": func(ctx context.Context, scope identity.Scope, id extension.PluginID) error {
			_, err := s.Versions(ctx, scope, id)
			return err
		},
	}
}

func TestManaging(t *testing.T) {
	h := &host{}
	owner, agent := as(identity.ActorMember, identity.RoleOwner), as(identity.ActorMember, identity.RoleAgent)
	for want, act := range acts(extension.NewService(h, extensiontest.NewLives(), records{})) {
		h.asked = nil
		if err := act(t.Context(), agent, echo); !errs.Is(err, errs.Forbidden) || len(h.asked) > 0 {
			t.Errorf("%s by an agent: %v, asked %v", want, err, h.asked)
		}
		if err := act(t.Context(), owner, extension.PluginID(strings.Repeat("x", 200))); !errs.Is(err, errs.NotFound) || len(h.asked) > 0 {
			t.Errorf("%s of a name too long: %v, asked %v", want, err, h.asked)
		}
		if err := act(t.Context(), owner, "acme/none"); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s of none: %v", want, err)
		}
		h.asked = nil
		if err := act(t.Context(), owner, echo); err != nil || !slices.Equal(h.asked, []string{want + string(echo)}) {
			t.Errorf("%s: %v, asked %v", want, err, h.asked)
		}
	}
	s := extension.NewService(h, extensiontest.NewLives(), records{})
	for _, version := range []string{"1.0 0", "1.0.0\x00", strings.Repeat("1", 65), "版本"} {
		if err := s.Pin(t.Context(), owner, echo, version); !errs.Is(err, errs.Invalid) {
			t.Errorf("the version %q: %v", version, err)
		}
	}
}

func TestHistoryInPages(t *testing.T) {
	lives := extensiontest.NewLives()
	for range 5 {
		if err := lives.Note(t.Context(), extension.Transition{Plugin: echo, State: extension.Ready, At: time.Unix(1, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	s, owner := extension.NewService(&host{}, lives, records{}), as(identity.ActorMember, identity.RoleOwner)
	var got []int64
	r := page.Request{Limit: 2}
	for {
		p, err := s.History(t.Context(), owner, echo, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range p.Items {
			got = append(got, step.Number)
		}
		if r.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	if !slices.Equal(got, []int64{5, 4, 3, 2, 1}) {
		t.Errorf("the pages: %v", got)
	}
	if _, err := s.History(t.Context(), owner, echo, page.Request{Cursor: page.Encode("x")}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a bad cursor: %v", err)
	}
	if _, err := s.History(t.Context(), as(identity.ActorMember, identity.RoleAgent), echo, page.Request{}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("by an agent: %v", err)
	}
	if _, err := s.History(t.Context(), owner, "acme/none", page.Request{}); !errs.Is(err, errs.NotFound) {
		t.Errorf("of none: %v", err)
	}
}
