package main

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/telegram/telegramrig"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// What is wrong is said where it is mended, and nothing is changed at Telegram.
func TestValidateConfig(t *testing.T) {
	d := newDesk(t, nil)
	strange := telegramrig.Fault{Status: 200, Body: "<html>hello</html>"}
	for what, c := range map[string]struct {
		change   map[string]any
		token    string
		address  string
		fault    telegramrig.Fault
		pointers string
	}{
		"right":                   {token: token},
		"no token":                {pointers: "/token"},
		"a token of another form": {token: "shop_bot", pointers: "/token"},
		"a token nobody has":      {token: "999:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", pointers: "/token"},
		"nobody listens":          {change: map[string]any{"server": "http://127.0.0.1:1"}, token: token, pointers: "/server"},
		"no Bot API":              {token: token, fault: strange, pointers: "/server"},
		"no address":              {change: map[string]any{"mode": "webhook"}, token: token, pointers: "/webhook_url"},
		"a port nobody posts to":  {change: map[string]any{"mode": "webhook", "server": ""}, token: token, address: "https://a.example:9000/x", pointers: "/webhook_url"},
		"plain http":              {change: map[string]any{"mode": "webhook", "server": ""}, token: token, address: "http://a.example/x", pointers: "/webhook_url"},
	} {
		if c.fault.Status != 0 {
			d.far.Fail("getMe", c.fault)
		}
		var got []string
		for _, p := range d.plug.Validate(instance.ValidateConfigRequest{
			Config: d.config(c.change), Secrets: instance.Secrets{"/token": c.token, "/webhook_url": c.address}, Probe: true, Locale: "en",
		}) {
			got = append(got, p.Pointer)
			if strings.Contains(p.Message, token) || p.Message == "" {
				t.Errorf("%s: %q", what, p.Message)
			}
		}
		if strings.Join(got, " ") != c.pointers {
			t.Errorf("%s: %q, want %q", what, got, c.pointers)
		}
	}
	if d.far.Calls("setWebhook")+d.far.Calls("deleteWebhook") != 0 {
		t.Error("a check changed something")
	}
}
