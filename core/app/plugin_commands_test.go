package app_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/app"
)

// TestPluginCommands runs the commands of docs/operate/plugins.md against the
// real server.
func TestPluginCommands(t *testing.T) {
	s := open(t)
	var key struct{ Secret string }
	body := map[string]any{"name": "Operator", "scopes": []string{"plugin.read", "plugin.manage"}}
	if _, err := s.owner.Call(t.Context(), http.MethodPost, s.owner.At("/api-keys"), body, &key); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := app.PluginCommands{URL: s.server.URL(), Key: key.Secret, Workspace: s.owner.Workspace, Out: &out}
	ctx := t.Context()
	for name, step := range map[string]struct {
		run  func() error
		want string
	}{
		"list":     {func() error { return c.List(ctx) }, "patchbay/webchat"},
		"status":   {func() error { return c.Status(ctx, "patchbay/webchat") }, "own_process_group"},
		"upgrade":  {func() error { return c.Upgrade(ctx, "patchbay/webchat", false, nil) }, "runs version"},
		"pin":      {func() error { return c.Pin(ctx, "patchbay/webchat", "") }, ""},
		"logs":     {func() error { return c.Logs(ctx, "patchbay/webchat", false) }, ""},
		"disable":  {func() error { return c.Do(ctx, "disable", "patchbay/echo") }, ""},
		"restart":  {func() error { return c.Do(ctx, "restart", "patchbay/webchat") }, ""},
		"no key":   {func() error { d := c; d.Key = ""; return refused(d.List(ctx), "PATCHBAY_KEY") }, ""},
		"bad key":  {func() error { d := c; d.Key = "x"; return refused(d.List(ctx), "does not take the key") }, ""},
		"no place": {func() error { d := c; d.URL = "help"; return refused(d.List(ctx), "PATCHBAY_URL") }, ""},
		"nobody":   {func() error { d := c; d.URL = "http://127.0.0.1:1"; return refused(d.List(ctx), "does not answer") }, ""},
		"no name":  {func() error { return refused(c.Do(ctx, "enable", "echo"), "such as patchbay/webchat") }, ""},
		"none":     {func() error { return refused(c.Do(ctx, "enable", "acme/none"), "not_found") }, ""},
		"rollback": {func() error { return refused(c.Upgrade(ctx, "patchbay/webchat", true, nil), "plugin.no_previous") }, ""},
	} {
		out.Reset()
		if err := step.run(); err != nil || !strings.Contains(out.String(), step.want) {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
	out.Reset()
	if err := c.List(ctx); err != nil || !strings.Contains(out.String(), "off") {
		t.Errorf("after disabling: %v\n%s", err, out.String())
	}
	if err := c.Do(ctx, "enable", "patchbay/echo"); err != nil {
		t.Error(err)
	}
}

// refused wants an error that says something.
func refused(err error, want string) error {
	if err == nil || !strings.Contains(err.Error(), want) {
		return &unexpected{got: err, want: want}
	}
	return nil
}

type unexpected struct {
	got  error
	want string
}

func (u *unexpected) Error() string {
	if u.got == nil {
		return "no error, want " + u.want
	}
	return u.got.Error() + ", want " + u.want
}
