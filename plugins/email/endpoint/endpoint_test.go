package endpoint_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// What servers say goes into a sentence, cut and in one line.
func TestServersWords(t *testing.T) {
	t.Parallel()
	said := "no\r\nway\x00 \xff" + strings.Repeat("长", 300)
	e := errs.As(endpoint.SignInFailed(endpoint.Refused, said, nil))
	if e.Code != endpoint.CodeRefused || strings.ContainsAny(e.Detail, "\r\n\x00\uFFFD") || len([]rune(e.Detail)) > 300 || !strings.HasSuffix(e.Detail, "长…”") {
		t.Errorf("got %q", e.Detail)
	}
	if e := errs.As(endpoint.SignInFailed(endpoint.Busy, " ", nil)); strings.Contains(e.Detail, "says") || e.Source != errs.FarSide {
		t.Errorf("nothing was said: %q", e.Detail)
	}
}

// Which way of signing in is taken.
func TestMechanisms(t *testing.T) {
	t.Parallel()
	token := func(context.Context, string) (string, error) { return "t0ken", nil }
	s := endpoint.Server{Host: "mail.example", Port: 993, Security: endpoint.TLS}
	for name, tt := range map[string]struct {
		offered []string
		token   bool
		want    string // "" = none
		first   string
	}{
		"a password":          {[]string{"LOGIN", "plain"}, false, "PLAIN", "\x00u\x00p"},
		"the old way":         {[]string{"LOGIN"}, false, "LOGIN", ""},
		"passwords not taken": {[]string{"XOAUTH2"}, false, "", ""},
		"nothing":             {nil, false, "", ""},
		"a token":             {[]string{"PLAIN", "OAUTHBEARER", "XOAUTH2"}, true, "XOAUTH2", "user=u\x01auth=Bearer t0ken\x01\x01"},
		"by the standard":     {[]string{"OAUTHBEARER"}, true, "OAUTHBEARER", "n,a=u,\x01host=mail.example\x01port=993\x01auth=Bearer t0ken\x01\x01"},
		"tokens not taken":    {[]string{"PLAIN"}, true, "", ""},
	} {
		c := endpoint.Credentials{Username: "u", Password: "p"}
		if tt.token {
			c.Token = token
		}
		var got sasl.Client
		err := c.SignIn(t.Context(), s, func(choose endpoint.Mechanism) (err error) {
			got, err = choose(tt.offered)
			return err
		})
		if tt.want == "" {
			if err == nil || errs.As(err).Code != endpoint.CodeNoSignIn {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		mechanism, first, startErr := got.Start()
		if err != nil || startErr != nil || mechanism != tt.want || tt.first != "" && string(first) != tt.first {
			t.Errorf("%s: %s %q, %v", name, mechanism, first, errors.Join(err, startErr))
		}
	}
}

// Libredesk #416: a shared mailbox of Microsoft 365 is opened with the token of
// somebody who may: the mailbox is the user that the exchange names
// (https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth).
func TestSharedMailboxByToken(t *testing.T) {
	t.Parallel()
	c := endpoint.Credentials{Username: "care@shop.example", Token: func(context.Context, string) (string, error) { return "annas", nil }}
	err := c.SignIn(t.Context(), endpoint.Server{Host: "outlook.office365.com", Port: 993}, func(choose endpoint.Mechanism) error {
		client, err := choose([]string{"XOAUTH2"})
		if err != nil {
			return err
		}
		if _, first, err := client.Start(); err != nil || string(first) != "user=care@shop.example\x01auth=Bearer annas\x01\x01" {
			t.Errorf("it says %q, %v", first, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The settings of providers can be used as they are, and their sign-ins stand in
// a plugin.yaml.
func TestProviders(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range endpoint.Providers() {
		names = append(names, p.Name)
		for _, s := range []endpoint.Server{p.IMAP, p.POP3, p.SMTP} {
			if err := s.Check(); err != nil || s.Security == endpoint.Plain {
				t.Errorf("%s: %+v: %v", p.Name, s, err)
			}
		}
		if (p.AuthorizeURL == "") != (p.TokenURL == "") || (p.AuthorizeURL == "") != (len(p.Scopes) == 0) || p.AuthorizeURL == "" && !p.Passwords {
			t.Errorf("%s: there is no way in, or half of one", p.Name)
		}
		for _, raw := range []string{p.AuthorizeURL, p.TokenURL} {
			u, err := url.Parse(strings.ReplaceAll(raw, "{/tenant}", "common"))
			if err != nil || raw != "" && u.Scheme != "https" || u.Query().Has("scope") || u.Query().Has("state") {
				t.Errorf("%s: %s: %v", p.Name, raw, err)
			}
		}
		if got, ok := endpoint.ProviderOf(p.Name); !ok || got.IMAP.Host != p.IMAP.Host {
			t.Errorf("%s is not found by its name", p.Name)
		}
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(endpoint.Providers()) {
		t.Errorf("names: %v", names)
	}
	if _, ok := endpoint.ProviderOf("nobody"); ok {
		t.Error("nobody is a provider")
	}
}

// form is the part of a plugin.yaml that the sign-ins of both providers need.
const form = `manifest_version: 1
id: acme/mail
version: 1.0.0
name: {en: Mail}
summary: {en: Reads mail.}
publisher: {name: Acme}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [bot]
runtime: {type: executable}
permissions:
  - {scope: secrets, reason: {en: "Signs in at the provider."}}
network:
  - {from_config: /imap, ports: [143, 993, PORT], reason: {en: "Reads mail."}}
config_schema:
  type: object
  properties:
    imap: {type: string}
    tenant: {type: string}
    client: {type: string}
    secret: {type: string, x-secret: true}
`

// The sign-ins are what plugin.yaml takes; a plugin reaches the server that an
// administrator typed, on its ports, and no other.
func TestInAPlugin(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	port := l.Addr().(*net.TCPAddr).Port
	var yaml strings.Builder
	yaml.WriteString(strings.ReplaceAll(form, "PORT", strconv.Itoa(port)))
	for _, name := range []string{"google", "microsoft"} {
		p, _ := endpoint.ProviderOf(name)
		fmt.Fprintf(&yaml, "    %s: {type: string, x-oauth: {authorize_url: %q, token_url: %q, client_id: /client, client_secret: /secret, scopes: [%s]}}\n",
			name, p.AuthorizeURL, p.TokenURL, strings.Join(p.Scopes, ", "))
	}
	text := yaml.String()
	if _, err := manifest.Parse("plugin.yaml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	in := instance.Instance{ID: "pin_1", Config: json.RawMessage(`{"imap":"127.0.0.1"}`)}
	dial, err := outbound.Dialer([]byte(text), in)
	if err != nil {
		t.Fatal(err)
	}
	s := endpoint.Server{Host: "127.0.0.1", Port: port, Security: endpoint.Plain}
	conn, err := s.Connect(t.Context(), dial)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]endpoint.Server{
		"another host": {Host: "localhost", Port: port, Security: endpoint.Plain}, "another port": {Host: "127.0.0.1", Port: 22, Security: endpoint.Plain},
	} {
		if _, err := at.Connect(t.Context(), dial); errs.As(err) == nil || errs.As(err).Code != outbound.CodeNotAllowed {
			t.Errorf("%s: %v", name, err)
		}
	}
}
