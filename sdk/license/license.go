// Package license reads the licenses of paid plugins: tokens that a vendor signs
// and that are verified without asking anybody. The program of a paid plugin
// verifies its own with the keys compiled into it, because the core, which does
// the same for its pages, is open source:
//
//	vendor := license.Vendor{Product: "acme/crm", Keys: keys, Released: released}
//	standing, err := vendor.Ask(ctx, env.For(in.ID).Licenses, time.Now())
//	if err != nil || !standing.State.Works() { /* read only */ }
//
// A token is a JWS in compact serialization (RFC 7515), signed with Ed25519
// (RFC 8032, RFC 8037), with the header {"alg":"EdDSA","kid":...,"typ":...} and
// nothing more. There is no other algorithm, so none can be confused with it.
package license

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a license.
const (
	MaxToken = 8 << 10 // bytes

	MinGraceDays     = 7
	MaxGraceDays     = 90
	DefaultGraceDays = 14

	maxID       = 64 // bytes
	maxText     = 200
	maxFeatures = 64
	maxLimits   = 64
	maxWord     = 64 // of a feature or a limit, in bytes
)

// skew is how far apart the vendor's clock and ours may be.
const skew = 24 * time.Hour

// License is what a vendor sold.
type License struct {
	ID       string // 1 to 64 letters, digits, "_" and "-"; the vendor's number of it
	Vendor   string // who sold it, for people
	Product  string // "<publisher>/<name>"
	Edition  string // the vendor's own words, as the features and the limits
	Features []string
	Limits   map[string]int64
	Customer string // whom it was sold to
	Trial    bool   // to try things out; ExpiresAt is set

	IssuedAt        time.Time // times have whole seconds
	NotBefore       time.Time // zero = at once
	ExpiresAt       time.Time // zero = never
	MaintainedUntil time.Time // versions released before run for ever; zero = no such promise
	GraceDays       int       // after ExpiresAt; 0 = as the manifest says
}

// check says what is wrong with a license.
func (l License) check() error {
	word := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	switch {
	case !word.MatchString(l.ID) || len(l.ID) > maxID:
		return errors.New("the id must be 1 to 64 letters, digits, dots, underscores and hyphens")
	case !IsProduct(l.Product):
		return errors.New(`the product must be "<publisher>/<name>"`)
	case l.IssuedAt.Unix() <= 0:
		return errors.New("it does not say when it was issued")
	case l.GraceDays != 0 && (l.GraceDays < MinGraceDays || l.GraceDays > MaxGraceDays):
		return fmt.Errorf("the days of grace must be %d to %d", MinGraceDays, MaxGraceDays)
	case l.Trial && l.ExpiresAt.IsZero():
		return errors.New("a trial expires")
	case !l.ExpiresAt.IsZero() && !l.ExpiresAt.After(l.begin()):
		return errors.New("it expires before it begins")
	case len(l.Features) > maxFeatures || len(l.Limits) > maxLimits:
		return errors.New("it has more than 64 features or limits")
	}
	for _, text := range []string{l.Vendor, l.Edition, l.Customer} {
		if utf8.RuneCountInString(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return errors.New("the vendor, the edition and the customer must be texts of one line, at most 200 characters")
		}
	}
	names := slices.Clone(l.Features)
	for name, n := range l.Limits {
		if n < 0 {
			return errors.New("a limit is negative: " + name)
		}
		names = append(names, name)
	}
	for _, name := range names {
		if !word.MatchString(name) || len(name) > maxWord {
			return fmt.Errorf("%q is no name of a feature or limit: letters, digits, dots, underscores and hyphens, at most 64", name)
		}
	}
	return nil
}

// begin is when it starts to be valid.
func (l License) begin() time.Time {
	if l.NotBefore.IsZero() {
		return l.IssuedAt
	}
	return l.NotBefore
}

// Has reports whether a feature was bought.
func (l License) Has(feature string) bool { return slices.Contains(l.Features, feature) }

// IsProduct reports whether a text has the form of a plugin's id.
func IsProduct(s string) bool {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,38}/[a-z0-9][a-z0-9-]{1,62}$`).MatchString(s)
}

// ParseKey reads a vendor's public key as manifests have it: the 32 bytes in
// standard base64.
func ParseKey(s string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(key) != ed25519.PublicKeySize || strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("a license key is the base64 of 32 bytes: what `patchbay plugin license key` prints")
	}
	return key, nil
}

// FormatKey is a vendor's public key as manifests have it.
func FormatKey(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }

// KeyID names a key in the header of tokens.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}
