package channel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

const (
	home   = identity.WorkspaceID("wsp_1")
	abroad = identity.WorkspaceID("wsp_2")
	mail   = channel.PluginID("example/mail")
	chat   = channel.PluginID("example/chat") // live
)

// office is the use cases of inboxes over storage in memory.
type office struct {
	*testing.T
	*channel.Service
	store   *channeltest.Fake
	feed    *eventtest.Feed
	plugins *channeltest.Plugins
	told    []string // what the plugins were told
	at      time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, feed: eventtest.NewFeed(), at: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	o.store = channeltest.NewFake(o.feed, nil)
	o.plugins = &channeltest.Plugins{
		T:                t,
		Installed:        []channel.Type{{Plugin: chat, Live: true}, {Plugin: mail}},
		OnValidateConfig: func(channel.PluginID, instance.Candidate) ([]channel.Problem, error) { return nil, nil },
		OnConfigure:      func(i channel.Inbox) error { o.told = append(o.told, "configure "+string(i.Config)); return nil },
		OnRemove:         func(channel.Inbox) error { o.told = append(o.told, "remove"); return nil },
	}
	o.Service = channel.NewService(o.store, o.plugins, instance.NewVault(channeltest.Sealer{}), o.now)
	return o
}

func (o *office) now() time.Time { return o.at }

// as is the scope of a member with a role.
func as(role identity.Role) identity.Scope {
	return identity.Scope{Workspace: home, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: role}}
}

func (o *office) ok(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// refused checks an error's kind and code.
func (o *office) refused(err error, kind errs.Kind, code string) {
	o.Helper()
	if e := errs.As(err); err == nil || e.Kind != kind || e.Code != code {
		o.Fatalf("got %v, want %s %s", err, kind, code)
	}
}

// inbox makes an inbox, which must be possible.
func (o *office) inbox(plugin channel.PluginID) (channel.Inbox, string) {
	o.Helper()
	i, token, err := o.Create(o.Context(), as(identity.RoleOwner), channel.Draft{Name: "Shop", Plugin: plugin})
	o.ok(err)
	return i, token
}

func (o *office) stored(id channel.InboxID) channel.Inbox {
	o.Helper()
	i, err := o.store.Inbox(o.Context(), id)
	o.ok(err)
	return i
}

func TestInboxPermissions(t *testing.T) {
	o := newOffice(t)
	i, _ := o.inbox(mail)
	for name, tt := range map[string]struct {
		may []identity.Role
		run func(ctx context.Context, s identity.Scope) error
	}{
		"types": {[]identity.Role{identity.RoleOwner, identity.RoleAdministrator}, func(ctx context.Context, s identity.Scope) error { _, err := o.Types(ctx, s); return err }},
		"list":  {[]identity.Role{identity.RoleOwner, identity.RoleAdministrator, identity.RoleSupervisor, identity.RoleAgent}, func(ctx context.Context, s identity.Scope) error { _, err := o.List(ctx, s); return err }},
		"get":   {[]identity.Role{identity.RoleOwner, identity.RoleAdministrator, identity.RoleSupervisor, identity.RoleAgent}, func(ctx context.Context, s identity.Scope) error { _, err := o.Get(ctx, s, i.ID); return err }},
		"create": {[]identity.Role{identity.RoleOwner, identity.RoleAdministrator}, func(ctx context.Context, s identity.Scope) error {
			_, _, err := o.Create(ctx, s, channel.Draft{Name: "x", Plugin: mail})
			return err
		}},
		"update": {[]identity.Role{identity.RoleOwner, identity.RoleAdministrator}, func(ctx context.Context, s identity.Scope) error {
			_, err := o.Update(ctx, s, i.ID, channel.Edit{})
			return err
		}},
		"try": {[]identity.Role{identity.RoleOwner, identity.RoleAdministrator}, func(ctx context.Context, s identity.Scope) error {
			_, err := o.Validate(ctx, s, mail, i.ID, instance.Trial{})
			return err
		}},
		"rotate": {[]identity.Role{identity.RoleOwner, identity.RoleAdministrator}, func(ctx context.Context, s identity.Scope) error { _, _, err := o.RotateHook(ctx, s, i.ID); return err }},
	} {
		for _, role := range []identity.Role{identity.RoleOwner, identity.RoleAdministrator, identity.RoleSupervisor, identity.RoleAgent, "", "guest"} {
			err := tt.run(t.Context(), as(role))
			if may := slices.Contains(tt.may, role); may != (err == nil) || !may && !errs.Is(err, errs.Forbidden) {
				t.Errorf("%s by %q: %v", name, role, err)
			}
		}
		plugin := identity.Scope{Workspace: home, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: string(mail), Role: identity.RoleOwner}}
		if err := tt.run(t.Context(), plugin); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s by a plugin: %v", name, err)
		}
	}
}

func TestForeignInboxesAreAbsent(t *testing.T) {
	o := newOffice(t)
	i, token := o.inbox(mail)
	o.told = nil
	foreign := as(identity.RoleOwner)
	foreign.Workspace = abroad
	for name, run := range map[string]func(id channel.InboxID) error{
		"get": func(id channel.InboxID) error { _, err := o.Get(t.Context(), foreign, id); return err },
		"update": func(id channel.InboxID) error {
			_, err := o.Update(t.Context(), foreign, id, channel.Edit{Enabled: new(false)})
			return err
		},
		"try": func(id channel.InboxID) error {
			_, err := o.Validate(t.Context(), foreign, mail, id, instance.Trial{})
			return err
		},
		"rotate": func(id channel.InboxID) error { _, _, err := o.RotateHook(t.Context(), foreign, id); return err },
	} {
		theirs, none := run(i.ID), run("inb_none")
		if !errs.Is(none, errs.NotFound) || theirs == nil || theirs.Error() != none.Error() {
			t.Errorf("%s: foreign gives %v, absent gives %v", name, theirs, none)
		}
	}
	if list, err := o.List(t.Context(), foreign); err != nil || len(list) != 0 {
		t.Errorf("the other workspace lists %+v, %v", list, err)
	}
	if got := o.stored(i.ID); !got.Enabled || got.HookHash != channel.HookHash(token) || len(o.told) != 0 {
		t.Errorf("it was changed: %+v, told %v", got, o.told)
	}
}

func TestCreateInbox(t *testing.T) {
	o := newOffice(t)
	i, token, err := o.Create(t.Context(), as(identity.RoleAdministrator), channel.Draft{Name: "  店 Shop ", Plugin: chat, Config: json.RawMessage(`{"title":"Hi"}`)})
	o.ok(err)
	if i.Workspace != home || !id.Valid("inb", string(i.ID)) || i.Name != "店 Shop" || !i.Live || !i.Enabled || i.ConfigRevision != 1 || string(i.Config) != `{"title":"Hi"}` {
		t.Errorf("made %+v", i)
	}
	if len(token) < 32 || strings.Contains(i.HookHash, token) || i.HookHash != channel.HookHash(token) {
		t.Errorf("token %q, hash %q", token, i.HookHash)
	}
	if !slices.Equal(o.told, []string{`configure {"title":"Hi"}`}) {
		t.Errorf("the plugin was told %v", o.told)
	}
	events, err := o.feed.Since(t.Context(), string(home), 0, 10)
	o.ok(err)
	if len(events) != 1 || events[0].Type != channel.Changed || events[0].Subject != string(i.ID) || string(events[0].Data) != `{"id":"`+string(i.ID)+`"}` {
		t.Errorf("events %+v", events)
	}
	plain, other := o.inbox(mail)
	if plain.Live || string(plain.Config) != `{}` || other == token || plain.ID == i.ID {
		t.Errorf("the second: %+v", plain)
	}
}

func TestCreateInboxRefuses(t *testing.T) {
	o := newOffice(t)
	o.plugins.OnValidateConfig = func(plugin channel.PluginID, c instance.Candidate) ([]channel.Problem, error) {
		if plugin != mail || string(c.Config) != `{"port":0}` {
			t.Errorf("checked %s of %s", c.Config, plugin)
		}
		return []channel.Problem{{Pointer: "/port", Message: "must be at least 1"}, {Pointer: "", Message: "needs a host"}}, nil
	}
	_, _, err := o.Create(t.Context(), as(identity.RoleOwner), channel.Draft{Name: "Mail", Plugin: mail, Config: json.RawMessage(`{"port":0}`)})
	o.refused(err, errs.Invalid, "inbox.config_invalid")
	if f := errs.As(err).Fields; len(f) != 2 || f[0].Pointer != "/config/port" || f[1].Pointer != "/config" || f[0].Detail != "must be at least 1" {
		t.Errorf("fields %+v", f)
	}
	o.plugins.OnValidateConfig = nil
	for _, name := range []string{"", "  ", strings.Repeat("长", 101), "a\nb", "a\x00", "\xff"} {
		_, _, err := o.Create(t.Context(), as(identity.RoleOwner), channel.Draft{Name: name, Plugin: mail})
		o.refused(err, errs.Invalid, "inbox.name")
	}
	_, _, err = o.Create(t.Context(), as(identity.RoleOwner), channel.Draft{Name: "x", Plugin: "example/none"})
	o.refused(err, errs.Invalid, "inbox.plugin_unknown")
	if list, err := o.List(t.Context(), as(identity.RoleOwner)); err != nil || len(list) != 0 || len(o.told) != 0 {
		t.Errorf("made %+v, %v; told %v", list, err, o.told)
	}
	broken := errors.New("no answer")
	o.plugins.OnValidateConfig = func(channel.PluginID, instance.Candidate) ([]channel.Problem, error) { return nil, broken }
	if _, _, err := o.Create(t.Context(), as(identity.RoleOwner), channel.Draft{Name: "x", Plugin: mail}); !errors.Is(err, broken) {
		t.Errorf("a configuration that nobody could check: %v", err)
	}
}

// Settings are tried as they are typed, with the secrets that are kept, and
// nothing is saved.
func TestTryingSettings(t *testing.T) {
	o := newOffice(t)
	i, _ := o.inbox(mail)
	var asked instance.Candidate
	o.plugins.OnValidateConfig = func(_ channel.PluginID, c instance.Candidate) ([]channel.Problem, error) {
		asked = c
		return []channel.Problem{{Pointer: "/host", Message: "does not answer"}}, nil
	}
	trial := instance.Trial{Change: instance.Change{Config: json.RawMessage(`{"host":"b"}`)}, Probe: true, Locale: "zh-CN"}
	for _, id := range []channel.InboxID{"", i.ID} {
		problems, err := o.Validate(t.Context(), as(identity.RoleOwner), mail, id, trial)
		o.ok(err)
		if len(problems) != 1 || problems[0].Pointer != "/host" || !asked.Probe || asked.Locale != "zh-CN" || string(asked.Config) != `{"host":"b"}` {
			t.Errorf("%q: %+v, asked %+v", id, problems, asked)
		}
	}
	if got := o.stored(i.ID); string(got.Config) != `{}` || got.ConfigRevision != 1 {
		t.Errorf("saved: %+v", got)
	}
	trial.Config = json.RawMessage(`[]`)
	problems, err := o.Validate(t.Context(), as(identity.RoleOwner), mail, "", trial)
	o.ok(err)
	if len(problems) != 1 || problems[0].Pointer != "" {
		t.Errorf("a list as settings: %+v", problems)
	}
	_, err = o.Validate(t.Context(), as(identity.RoleOwner), chat, i.ID, trial)
	o.refused(err, errs.NotFound, errs.As(errs.Absent()).Code)
	_, err = o.Validate(t.Context(), as(identity.RoleOwner), "example/none", "", trial)
	o.refused(err, errs.Invalid, "inbox.plugin_unknown")
}

func TestUpdateInbox(t *testing.T) {
	o := newOffice(t)
	i, token := o.inbox(mail)
	o.told = nil
	o.at = o.at.Add(time.Minute)
	update := func(e channel.Edit) channel.Inbox {
		t.Helper()
		got, err := o.Update(t.Context(), as(identity.RoleOwner), i.ID, e)
		o.ok(err)
		return got
	}
	got := update(channel.Edit{Name: new(" Renamed ")})
	if got.Name != "Renamed" || got.ConfigRevision != 1 || !got.UpdatedAt.Equal(o.at) || !got.CreatedAt.Equal(i.CreatedAt) {
		t.Errorf("renamed: %+v", got)
	}
	got = update(channel.Edit{Config: json.RawMessage(`{"host":"a"}`)})
	if string(got.Config) != `{"host":"a"}` || got.ConfigRevision != 2 || got.Name != "Renamed" {
		t.Errorf("configured: %+v", got)
	}
	if got = update(channel.Edit{Enabled: new(false)}); got.Enabled || got.ConfigRevision != 2 {
		t.Errorf("disabled: %+v", got)
	}
	if h := o.Health(got); h.State != "down" || h.Code != "disabled" {
		t.Errorf("its health: %+v", h) // without asking the plugin
	}
	update(channel.Edit{Enabled: new(true)})
	if want := []string{"configure {}", `configure {"host":"a"}`, "remove", `configure {"host":"a"}`}; !slices.Equal(o.told, want) {
		t.Errorf("the plugin was told %q", o.told)
	}
	if h := o.stored(i.ID).HookHash; h != channel.HookHash(token) {
		t.Error("the webhook address changed")
	}

	o.plugins.OnValidateConfig = func(channel.PluginID, instance.Candidate) ([]channel.Problem, error) {
		return []channel.Problem{{Pointer: "/host", Message: "is not a host"}}, nil
	}
	_, err := o.Update(t.Context(), as(identity.RoleOwner), i.ID, channel.Edit{Name: new("x"), Config: json.RawMessage(`{"host":1}`)})
	o.refused(err, errs.Invalid, "inbox.config_invalid")
	_, err = o.Update(t.Context(), as(identity.RoleOwner), i.ID, channel.Edit{Name: new("")})
	o.refused(err, errs.Invalid, "inbox.name")
	if got := o.stored(i.ID); got.Name != "Renamed" || got.ConfigRevision != 2 {
		t.Errorf("a refused change was made: %+v", got)
	}
}

// Switching an inbox on resumes it, as trying again does; other changes do not.
func TestSwitchingOnResumes(t *testing.T) {
	o := newOffice(t)
	i, _ := o.inbox(mail)
	var again []string
	o.Again = func(_ context.Context, w identity.WorkspaceID, id string, record *event.Record) error {
		again = append(again, fmt.Sprintf("%t, recorded %t", w == home && id == string(i.ID), record != nil))
		return nil
	}
	for _, e := range []channel.Edit{{Enabled: new(true)}, {Enabled: new(false)}, {Name: new("Off")}, {Enabled: new(true)}} {
		_, err := o.Update(t.Context(), as(identity.RoleOwner), i.ID, e)
		o.ok(err)
	}
	_, err := o.Retry(t.Context(), as(identity.RoleOwner), i.ID)
	o.ok(err)
	if want := []string{"true, recorded false", "true, recorded true"}; !slices.Equal(again, want) {
		t.Errorf("resumed %q, want %q", again, want)
	}
}

// What is committed has happened: that the plugin cannot be told is not a
// failure of the use case, or people would do it twice.
func TestAPluginThatCannotBeToldDoesNotUndoAChange(t *testing.T) {
	for name, failure := range map[string]error{
		"is down":   channeltest.Down(),
		"refuses":   errs.New(errs.Invalid, "plugin.refused", "The plugin refused."),
		"is gone":   errs.New(errs.NotFound, "plugin.not_installed", "The plugin is not installed here."),
		"is broken": errors.New("boom"),
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			o.plugins.OnConfigure = func(channel.Inbox) error { return failure }
			o.plugins.OnRemove = o.plugins.OnConfigure
			i, token := o.inbox(mail)
			if token == "" {
				t.Error("the webhook address is lost")
			}
			for _, e := range []channel.Edit{{Name: new("x")}, {Enabled: new(false)}} {
				if _, err := o.Update(t.Context(), as(identity.RoleOwner), i.ID, e); err != nil {
					t.Errorf("%+v: %v", e, err)
				}
			}
			if got := o.stored(i.ID); got.Enabled || got.Name != "x" {
				t.Errorf("stored %+v", got)
			}
		})
	}
}

func TestRotateHook(t *testing.T) {
	o := newOffice(t)
	i, old := o.inbox(mail)
	got, token, err := o.RotateHook(t.Context(), as(identity.RoleOwner), i.ID)
	o.ok(err)
	if token == old || got.HookHash != channel.HookHash(token) || got.ConfigRevision != i.ConfigRevision {
		t.Errorf("rotated: %+v", got)
	}
	if _, err := o.store.InboxByHook(t.Context(), channel.HookHash(old)); !errs.Is(err, errs.NotFound) {
		t.Errorf("the old address: %v", err)
	}
	if found, err := o.store.InboxByHook(t.Context(), channel.HookHash(token)); err != nil || found.ID != i.ID {
		t.Errorf("the new address: %+v, %v", found, err)
	}
	events, err := o.feed.Since(t.Context(), string(home), 0, 10)
	if err != nil || len(events) != 2 || strings.Contains(string(events[1].Data), token) {
		t.Errorf("events %+v, %v", events, err)
	}
}

func TestHealthIsThePlugins(t *testing.T) {
	o := newOffice(t)
	i, _ := o.inbox(mail)
	o.plugins.OnHealth = func(channel.Inbox) channel.Health { return channel.Health{State: "degraded", Code: "quota"} }
	if h := o.Health(i); h.Code != "quota" {
		t.Errorf("health %+v", h)
	}
	o.Sending = func(id channel.InboxID) (channel.Health, bool) {
		return channel.Health{State: "degraded", Code: "sending_paused"}, id == i.ID
	}
	if h := o.Health(i); h.Code != "quota" {
		t.Errorf("the plugin's complaint comes first: %+v", h)
	}
	o.plugins.OnHealth = func(channel.Inbox) channel.Health { return channel.Health{State: "ok"} }
	if h := o.Health(i); h.Code != "sending_paused" {
		t.Errorf("health %+v", h)
	}
	other, _ := o.inbox(mail)
	if h := o.Health(other); h.State != "ok" {
		t.Errorf("another's health %+v", h)
	}
	if _, ok := o.TypeOf("example/none"); ok {
		t.Error("a channel that is not installed has a type")
	}
}
