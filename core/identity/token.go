package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// tokenBytes is the strength of every token: 256 bits.
const tokenBytes = 32

// newToken returns a random token as it is given out: base64url, 43 characters.
func newToken() string { return base64.RawURLEncoding.EncodeToString(randomBytes(tokenBytes)) }

// hashToken returns a token as it is stored. Its strength makes a slow hash
// needless.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// plausibleToken reports whether token has the form of those we give out, so
// that rubbish does not reach the store.
func plausibleToken(token string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	return err == nil && len(b) == tokenBytes
}
