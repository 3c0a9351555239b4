package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Headers of a request.
const (
	HeaderSignature = "Patchbay-Signature"
	HeaderDelivery  = "Patchbay-Delivery"
	HeaderEvent     = "Patchbay-Event"
)

// Overlap is how long the secret before a new one still signs when nobody says
// how long.
const Overlap = 24 * time.Hour

// MaxOverlap bounds it.
const MaxOverlap = 30 * 24 * time.Hour

// maxSecrets is how many sign at once.
const maxSecrets = 2

// Secret is what requests are signed with.
type Secret struct {
	KID       string // names it; not secret
	Sealed    string // by a Sealer
	CreatedAt time.Time
	ExpiresAt time.Time // zero = it is the current one
}

// Works reports whether the secret signs at a time.
func (s Secret) Works(now time.Time) bool { return s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt) }

// about binds a sealed secret to its row.
func about(w identity.WorkspaceID, endpoint ID, kid string) string {
	return "webhook-secret/" + string(w) + "/" + string(endpoint) + "/" + kid
}

// Sealer keeps secrets so that the database alone does not reveal them.
type Sealer interface {
	// Seal returns the stored form of a secret that belongs to about.
	Seal(secret []byte, about string) string
	// Open returns the secret; an error when it was changed, belongs to
	// something else, or the key is another.
	Open(sealed, about string) ([]byte, error)
}

// key is a secret that was opened.
type key struct {
	kid    string
	secret []byte
}

// signature returns the value of HeaderSignature: t=<unix>, then for each key
// kid=<kid>,v1=<hex of HMAC-SHA256(secret, "<t>.<body>")>, the newest first.
func signature(keys []key, at time.Time, body []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "t=%d", at.Unix())
	for _, k := range slices.Backward(keys) {
		mac := hmac.New(sha256.New, k.secret)
		mac.Write([]byte(strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		fmt.Fprintf(&b, ",kid=%s,v1=%s", k.kid, hex.EncodeToString(mac.Sum(nil)))
	}
	return b.String()
}

// newSecret returns 256 random bits as text. The text as it stands is the key:
// no library has to decode it. Its prefix lets scanners find a leaked one.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return "pbwh_" + base64.RawURLEncoding.EncodeToString(b[:])
}

func newKID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // as above
	return hex.EncodeToString(b[:])
}
