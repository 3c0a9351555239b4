package identity

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238: what every authenticator app computes; HMAC does not need collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// One-time codes by the clock, RFC 6238, with the parameters that every
// authenticator app understands: HMAC-SHA-1, six digits, 30 seconds.
const (
	totpPeriod  = 30 * time.Second
	totpDigits  = 6
	totpModulus = 1_000_000
	totpDrift   = 1  // steps that a phone's clock may be wrong by, either way
	totpBytes   = 20 // of the secret: the length of the hash, RFC 4226, 4
)

// totpStep returns the number of the period that holds t.
func totpStep(t time.Time) int64 { return t.Unix() / int64(totpPeriod/time.Second) }

// totpCode returns the code of a step: RFC 4226, 5.3.
func totpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, number%totpModulus)
}

// totpMatch returns the latest step, at most totpDrift away from t, that code is of.
func totpMatch(secret []byte, code string, t time.Time) (int64, bool) {
	now, found, step := totpStep(t), false, int64(0)
	for s := now - totpDrift; s <= now+totpDrift; s++ { // all of them, whatever matches
		if subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(code)) == 1 {
			step, found = s, true
		}
	}
	return step, found
}

// totpSecret returns a secret as people type it.
func totpSecret(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// totpURI returns what the QR code of an enrolment says: the key URI format of
// the authenticator apps.
func totpURI(secret []byte, email string) string {
	const issuer = "Patchbay"
	q := url.Values{
		"secret": {totpSecret(secret)}, "issuer": {issuer}, "algorithm": {"SHA1"},
		"digits": {strconv.Itoa(totpDigits)}, "period": {strconv.Itoa(int(totpPeriod / time.Second))},
	}
	return "otpauth://totp/" + issuer + ":" + url.PathEscape(email) + "?" + q.Encode()
}
