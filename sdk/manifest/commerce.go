package manifest

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/license"
)

// Commerce says how a plugin is sold. A license is a token that the vendor signs
// (package license); the host verifies it offline.
type Commerce struct {
	Model       string   `yaml:"model"        json:"model"`             // ModelSubscription or ModelOneTime
	LicenseKeys []string `yaml:"license_keys" json:"license_keys"`      // the vendor's public keys, Ed25519 in base64
	Product     string   `yaml:"product"      json:"product,omitempty"` // that licenses name; "" = the plugin's id
	TrialDays   int      `yaml:"trial_days"   json:"trial_days,omitempty"`
	GraceDays   int      `yaml:"grace_days"   json:"grace_days,omitempty"` // 0 = license.DefaultGraceDays
	OnExpiry    string   `yaml:"on_expiry"    json:"on_expiry"`            // ReceiveOnly or ReadOnly
	BuyURL      string   `yaml:"buy_url"      json:"buy_url,omitempty"`
	Released    string   `yaml:"released"     json:"released,omitempty"` // the day of this version, YYYY-MM-DD; for licenses with maintenance
}

// How plugins are sold.
const (
	ModelSubscription = "subscription" // licenses expire
	ModelOneTime      = "one_time"     // licenses last; maintenance may end
)

// What goes on without a license. Messages always come in.
const (
	ReceiveOnly = "receive_only" // of channels: nothing new is sent; what waits still leaves
	ReadOnly    = "read_only"    // of the others: they look things up and write nothing; bots rest
)

// Bounds of what is sold.
const (
	maxLicenseKeys = 8
	maxTrialDays   = 90
)

// ProductOf returns the product that a plugin's licenses name.
func (m Manifest) ProductOf() string {
	if m.Commerce == nil {
		return ""
	}
	return cmp.Or(m.Commerce.Product, m.ID)
}

// VendorOf returns what verifies the plugin's licenses; false for a free one.
func (m Manifest) VendorOf() (license.Vendor, bool) {
	c := m.Commerce
	if c == nil {
		return license.Vendor{}, false
	}
	v := license.Vendor{Product: m.ProductOf(), GraceDays: c.GraceDays}
	for _, s := range c.LicenseKeys {
		if key, err := license.ParseKey(s); err == nil { // checked when the manifest was read
			v.Keys = append(v.Keys, key)
		}
	}
	if day, err := time.Parse(time.DateOnly, c.Released); err == nil {
		v.Released = day
	}
	return v, true
}

func (c *checker) commerce(m Manifest) {
	if m.Commerce == nil {
		return
	}
	sold, at := *m.Commerce, func(key string) []string { return []string{"commerce", key} }
	if m.Runtime.Type == RuntimeNone {
		c.fault([]string{"commerce"}, "is only for plugins with a program: files alone work for ever")
	}
	if !slices.Contains([]string{ModelSubscription, ModelOneTime}, sold.Model) {
		c.fault(at("model"), "must be %s or %s; a free plugin has no commerce", ModelSubscription, ModelOneTime)
	}
	c.licenseKeys(sold.LicenseKeys)
	if sold.Product != "" && !license.IsProduct(sold.Product) {
		c.fault(at("product"), `must be "<publisher>/<name>", or absent for the plugin's id`)
	} else if publisher, _, _ := strings.Cut(m.ID, "/"); sold.Product != "" && !strings.HasPrefix(sold.Product, publisher+"/") {
		c.fault(at("product"), "must begin with the publisher of the plugin, %q", publisher+"/")
	}
	if sold.TrialDays < 0 || sold.TrialDays > maxTrialDays {
		c.fault(at("trial_days"), "must be 0 (no trial without a license) to %d", maxTrialDays)
	}
	if sold.GraceDays != 0 && (sold.GraceDays < license.MinGraceDays || sold.GraceDays > license.MaxGraceDays) {
		c.fault(at("grace_days"), "must be 0 (%d), or %d to %d", license.DefaultGraceDays, license.MinGraceDays, license.MaxGraceDays)
	}
	switch want := expiryOf(m); {
	case sold.OnExpiry != ReceiveOnly && sold.OnExpiry != ReadOnly:
		c.fault(at("on_expiry"), "must be %s (channels) or %s (the others)", ReceiveOnly, ReadOnly)
	case sold.OnExpiry != want:
		c.fault(at("on_expiry"), "must be %s for this plugin: %s is for channels, %s for the others", want, ReceiveOnly, ReadOnly)
	}
	if u, err := url.Parse(sold.BuyURL); sold.BuyURL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || len(sold.BuyURL) > maxAddress) {
		c.fault(at("buy_url"), "must be an https address")
	}
	if _, err := time.Parse(time.DateOnly, sold.Released); sold.Released != "" && err != nil {
		c.fault(at("released"), "must be a day, for example 2026-11-22")
	}
}

// maxAddress is how long an address gets, in bytes.
const maxAddress = 500

func expiryOf(m Manifest) string {
	if m.Has(KindChannel) {
		return ReceiveOnly
	}
	return ReadOnly
}

func (c *checker) licenseKeys(keys []string) {
	if len(keys) == 0 || len(keys) > maxLicenseKeys {
		c.fault([]string{"commerce", "license_keys"}, "must be 1 to %d public keys", maxLicenseKeys)
	}
	for i, key := range keys {
		at := []string{"commerce", "license_keys", strconv.Itoa(i)}
		if _, err := license.ParseKey(key); err != nil {
			c.fault(at, "%v", err)
		} else if slices.Contains(keys[:i], key) {
			c.fault(at, "stands twice")
		}
	}
}
