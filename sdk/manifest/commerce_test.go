package manifest_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/license"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

const sellerKey = "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=" // of the seed of zeros

const commerce = `commerce:
  model: subscription
  license_keys: [` + sellerKey + `]
  product: acme/suite
  trial_days: 14
  grace_days: 30
  on_expiry: read_only
  buy_url: https://acme.example/buy
  released: 2026-03-01
`

func TestCommerce(t *testing.T) {
	m, err := manifest.Parse("plugin.yaml", []byte(whole+commerce))
	if err != nil {
		t.Fatal(err)
	}
	v, paid := m.VendorOf()
	if !paid || m.ProductOf() != "acme/suite" || v.GraceDays != 30 || len(v.Keys) != 1 || !v.Released.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v %v", v, paid)
	}
	token, err := license.Issue(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{0}, ed25519.SeedSize)), license.License{ID: "L1", Product: "acme/suite", IssuedAt: v.Released})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Read(token); err != nil {
		t.Error(err)
	}

	m, err = manifest.Parse("plugin.yaml", []byte(whole+"commerce: {model: one_time, on_expiry: read_only, license_keys: ["+sellerKey+"]}\n"))
	if err != nil || m.ProductOf() != m.ID {
		t.Errorf("the least that is needed: %v %s", err, m.ProductOf())
	}
	free, err := manifest.Parse("plugin.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if _, paid := free.VendorOf(); paid || free.ProductOf() != "" {
		t.Error("a plugin without commerce is free")
	}
}

func TestBadCommerce(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"model: subscription", "model: byol", "commerce.model: must be subscription or one_time"},
		{"license_keys: [" + sellerKey + "]", "license_keys: []", "commerce.license_keys: must be 1 to 8"},
		{"license_keys: [" + sellerKey + "]", "license_keys: [abc]", "commerce.license_keys.0: a license key is"},
		{"license_keys: [" + sellerKey + "]", "license_keys: [" + sellerKey + ", " + sellerKey + "]", "commerce.license_keys.1: stands twice"},
		{"product: acme/suite", "product: Suite", "commerce.product: must be"},
		{"product: acme/suite", "product: other/suite", "must begin with the publisher"},
		{"trial_days: 14", "trial_days: 91", "commerce.trial_days"},
		{"grace_days: 30", "grace_days: 6", "commerce.grace_days: must be 0 (14), or 7 to 90"},
		{"on_expiry: read_only", "on_expiry: delete_everything", "commerce.on_expiry: must be receive_only"},
		{"on_expiry: read_only", "on_expiry: receive_only", "must be read_only for this plugin"},
		{"https://acme.example/buy", "http://acme.example/buy", "commerce.buy_url"},
		{"released: 2026-03-01", "released: yesterday", "commerce.released"},
		{"model: subscription", "modell: subscription", "modell"},
	} {
		_, err := manifest.Parse("plugin.yaml", []byte(whole+strings.Replace(commerce, tt.from, tt.to, 1)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.to, err, tt.want)
		}
	}
}
