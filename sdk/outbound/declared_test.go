package outbound_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

const network = `
id: acme/shop
version: 1.0.0
network:
  - {host: api.example.com, reason: {en: "Asks for orders."}}
  - {host: "*.files.example.com", ports: [8443], reason: {en: "Fetches pictures."}}
  - {from_config: /shop/url, reason: {en: "Asks the shop."}}
  - {from_config: /backup, ports: [8080], reason: {en: "Asks the other one."}}
`

func with(config string, secrets map[string]string) instance.Instance {
	return instance.Instance{ID: "pin_1", Config: json.RawMessage(config), Secrets: secrets}
}

// Whom a plugin may speak to stands in its manifest, and nowhere else.
func TestTheManifestNamesTheHosts(t *testing.T) {
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") }))
	t.Cleanup(far.Close)
	place := strings.TrimPrefix(far.URL, "http://")
	for name, tt := range map[string]struct {
		in   instance.Instance
		url  string
		code string // "" = it answers, or nobody does; either way it was asked
	}{
		"the configured one":         {with(`{"shop":{"url":"`+far.URL+`/api"}}`, nil), far.URL, ""},
		"configured as a secret":     {with(`{"shop":{}}`, map[string]string{"/shop/url": far.URL}), far.URL, ""},
		"nobody configured it":       {with(`{}`, nil), far.URL, outbound.CodeNotAllowed},
		"another one is configured":  {with(`{"shop":{"url":"https://shop.example.com"}}`, nil), far.URL, outbound.CodeNotAllowed},
		"a host that nobody named":   {with(`{}`, nil), "https://evil.example.org/", outbound.CodeNotAllowed},
		"a name above a wildcard":    {with(`{}`, nil), "https://files.example.com:8443/", outbound.CodeNotAllowed},
		"a wildcard at another port": {with(`{}`, nil), "https://a.files.example.com/", outbound.CodeNotAllowed},
		"a name that only ends so":   {with(`{}`, nil), "https://evilapi.example.com/", outbound.CodeNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := outbound.For([]byte(network), tt.in, outbound.Options{Tries: 1})
			if err != nil {
				t.Fatal(err)
			}
			resp, err := get(t, c, tt.url)
			switch {
			case tt.code == "" && (err != nil || string(resp.Body) != "here"):
				t.Errorf("got %v", err)
			case tt.code != "" && (err == nil || errs.As(err).Code != tt.code || !strings.Contains(errs.As(err).Detail, "does not name it under network")):
				t.Errorf("got %v", err)
			}
		})
	}
	for name, tt := range map[string]struct {
		config string
		o      outbound.Options
		code   string
	}{
		"an address that is none":        {`{"shop":{"url":"ftp://x/"}}`, outbound.Options{}, "config_invalid"},
		"a port that it does not name":   {`{"backup":"http://10.0.0.1:9090"}`, outbound.Options{}, outbound.CodeNotAllowed},
		"a program that wants more":      {`{}`, outbound.Options{Hosts: []string{"evil.example.org"}}, outbound.CodeNotAllowed},
		"a program that configures more": {`{}`, outbound.Options{Configured: []string{place}}, outbound.CodeNotAllowed},
	} {
		if _, err := outbound.For([]byte(network), with(tt.config, nil), tt.o); err == nil || errs.As(err).Code != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, tt := range map[string]struct {
		config string
		hosts  []string
	}{
		"fewer than it may": {`{}`, []string{"api.example.com"}}, "one below a wildcard": {`{}`, []string{"a.files.example.com:8443"}},
		"a name alone": {`{"backup":"shop.internal"}`, nil},
	} {
		if _, err := outbound.For([]byte(network), with(tt.config, nil), outbound.Options{Hosts: tt.hosts}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := outbound.For([]byte("\t"), with(`{}`, nil), outbound.Options{}); err == nil {
		t.Error("a manifest that is none was read")
	}
}
