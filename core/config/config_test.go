package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/patchbay-im/patchbay/core/config"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "patchbay.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	c, err := config.Load(config.Source{})
	if err != nil {
		t.Fatal(err)
	}
	if c.DataDir != "./data" || c.Server.Address != "127.0.0.1:8080" || c.Server.DrainTimeout != 15*time.Second || c.Log.Level != "info" {
		t.Errorf("defaults: %+v", c)
	}
}

func TestPrecedence(t *testing.T) {
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(fs)
	if err := fs.Parse([]string{"--server.drain-timeout", "7s"}); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Source{
		File:  file(t, "data_dir: /from/file\nserver:\n  drain_timeout: 5s\n  trusted_proxies: [10.0.0.0/8, 127.0.0.1]\nlog:\n  level: warn\n"),
		Env:   []string{"PATCHBAY_DATA_DIR=/from/env", "PATCHBAY_SERVER_DRAIN_TIMEOUT=6s", "HOME=/x", "PATCHBAY_TEST_REQUIRE=1"},
		Flags: fs,
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.DataDir != "/from/env" || c.Server.DrainTimeout != 7*time.Second || c.Log.Level != "warn" || len(c.Server.TrustedProxy) != 2 {
		t.Errorf("got %+v", c)
	}
}

func TestRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		yaml string
		env  []string
		want []string
	}{
		"unknown top key":     {yaml: "data_dri: x\n", want: []string{"data_dri", `did you mean "data_dir"`}},
		"unknown nested key":  {yaml: "server:\n  port: 127.0.0.1:1\n", want: []string{"server.port"}},
		"unknown variable":    {env: []string{"PATCHBAY_SERVER_ADDRESSES=x"}, want: []string{"PATCHBAY_SERVER_ADDRESSES", `did you mean "PATCHBAY_SERVER_ADDRESS"`}},
		"not yaml":            {yaml: "a: [", want: []string{"not valid YAML"}},
		"wrong type":          {yaml: "demo: perhaps\n", want: []string{"wrong type", "demo"}},
		"no unit":             {yaml: "server:\n  drain_timeout: 15\n", want: []string{"drain_timeout", "unit"}},
		"no port":             {env: []string{"PATCHBAY_SERVER_ADDRESS=localhost"}, want: []string{"host:port"}},
		"open without a word": {env: []string{"PATCHBAY_SERVER_ADDRESS=0.0.0.0:80"}, want: []string{"insecure_http"}},
		"demo to the world":   {env: []string{"PATCHBAY_SERVER_ADDRESS=0.0.0.0:80", "PATCHBAY_SERVER_INSECURE_HTTP=true", "PATCHBAY_DEMO=true"}, want: []string{"loopback"}},
		"bad proxy":           {env: []string{"PATCHBAY_SERVER_TRUSTED_PROXIES=10.0.0.0/99"}, want: []string{"trusted_proxies"}},
		"bad network":         {yaml: "outbound:\n  allow_networks: [10.0.0.0/8, intranet]\n", want: []string{"outbound.allow_networks", "intranet"}},
		"retry in no unit":    {yaml: "webhooks:\n  retry: [10s, \"5\"]\n", want: []string{"webhooks.retry", "\"5\""}},
		"disabled at once":    {yaml: "webhooks:\n  disable_after: 1ms\n", want: []string{"webhooks.disable_after"}},
		"mysql":               {env: []string{"PATCHBAY_DATABASE_URL=mysql://x"}, want: []string{"postgres://"}},
		"too slow a limit":    {yaml: "limits:\n  member: 3\n", want: []string{"limits.member 3", "0 sets no limit"}},
		"no burst":            {env: []string{"PATCHBAY_LIMITS_VISITOR_BURST=0"}, want: []string{"limits.visitor_burst"}},
		"half an admin":       {env: []string{"PATCHBAY_ADMIN_EMAIL=a@b.c"}, want: []string{"go together"}},
		"several at once":     {yaml: "log:\n  level: loud\n  format: xml\n", want: []string{"loud", "xml"}},
	} {
		t.Run(name, func(t *testing.T) {
			src := config.Source{Env: tt.env}
			if tt.yaml != "" {
				src.File = file(t, tt.yaml)
			}
			_, err := config.Load(src)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestMissingFileNamed(t *testing.T) {
	_, err := config.Load(config.Source{File: "/nowhere/patchbay.yaml"})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/patchbay.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	c, err := config.Load(config.Source{Env: []string{
		"PATCHBAY_ADMIN_EMAIL=a@b.example", "PATCHBAY_ADMIN_PASSWORD=hunter2hunter2", "PATCHBAY_DATABASE_URL=postgres://u:hunter2@h/db",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if out := c.Redacted(); strings.Contains(out, "hunter2") || !strings.Contains(out, "a@b.example") {
		t.Errorf("printed:\n%s", out)
	}
}

func TestReferencePageIsFresh(t *testing.T) {
	page, err := os.ReadFile("../../docs/operate/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != config.Reference() {
		t.Error("docs/operate/configuration.md is stale: run make gen")
	}
}

// What is printed to a person who listens on all addresses must be an address.
func TestTheAddressThatPeopleUse(t *testing.T) {
	for _, c := range []struct{ address, public, want string }{
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080"},
		{"desk.internal:80", "", "http://desk.internal:80"},
		{":8080", "", "http://localhost:8080"},
		{"0.0.0.0:9000", "", "http://localhost:9000"},
		{"[::]:9000", "", "http://localhost:9000"},
		{":8080", "https://help.example.com/", "https://help.example.com"},
	} {
		var got config.Config
		got.Server.Address, got.Server.PublicURL = c.address, c.public
		if got.BaseURL() != c.want {
			t.Errorf("%s %s: %s, not %s", c.address, c.public, got.BaseURL(), c.want)
		}
	}
}
