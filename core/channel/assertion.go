package channel

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Limits of an assertion.
const (
	MaxAssertion     = 8 << 10        // bytes of the token
	MaxAssertionLife = 24 * time.Hour // from iat to exp
	assertionSkew    = time.Minute    // how far iat may be in the future: clocks differ
	MaxSubject       = 200            // characters
	maxAssertionID   = 200            // characters of jti
	maxKID           = 64
)

// Key is a secret that an assertion may be signed with.
type Key struct {
	KID    string
	Secret []byte
}

// Assertion is what a site vouches for about a visitor.
type Assertion struct {
	Subject    string // the site's own id of the person: compared byte by byte
	ID         string // of this assertion (jti)
	ExpiresAt  time.Time
	Name       string
	Email      string
	Phone      string
	Attributes map[string]string
}

// Verify reads a JSON Web Token (RFC 7519) in compact form that a site made
// for a visitor of an inbox. One form is taken and no other: signed by
// HMAC-SHA256 (RFC 7518, section 3.2), for this inbox alone, not older than a
// day. Which algorithm is used never depends on the token, and nothing of its
// content is looked at before the signature holds. Every error is
// errs.Unauthenticated with a code of its own and a sentence for the site's
// developer.
//
// It is written out here, not left to a library: what a strict reader refuses
// (a second member of the same name, names that differ in case, padding,
// headers that carry keys) is what the general ones let pass, and one
// algorithm takes few lines.
func Verify(token string, inbox InboxID, keys []Key, now time.Time) (Assertion, error) {
	if len(keys) == 0 {
		return Assertion{}, refused("not_set_up", "This inbox has no identity secret. Make one on the inbox's page and sign with it.")
	}
	if len(token) > MaxAssertion {
		return Assertion{}, refused("too_large", "The identity token is larger than 8 KiB. Put less into its attributes.")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Assertion{}, malformed("has not three parts with dots between them")
	}
	header, err := segment(parts[0])
	if err != nil {
		return Assertion{}, err
	}
	if keys, err = allowed(header, keys); err != nil {
		return Assertion{}, err
	}
	signature, err := decode(parts[2])
	if err != nil {
		return Assertion{}, err
	}
	if !signed(token[:len(parts[0])+1+len(parts[1])], signature, keys) {
		return Assertion{}, refused("signature", "The identity token's signature does not match. Sign it by HS256 with this inbox's secret, exactly as it was shown.")
	}
	claims, err := segment(parts[1])
	if err != nil {
		return Assertion{}, err
	}
	return claims.assertion(inbox, now)
}

func refused(code, message string) *errs.Error {
	return errs.New(errs.Unauthenticated, "identity."+code, message)
}

func malformed(why string) *errs.Error {
	return refused("malformed", "The identity token "+why+". It must be a JSON Web Token in compact form, made by a JWT library.")
}

// decode reads base64url without padding (RFC 7515, section 2), one spelling only.
func decode(part string) ([]byte, error) {
	if strings.ContainsAny(part, "\r\n") { // which the decoder would skip
		return nil, malformed("holds line breaks")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, malformed("is not base64url without padding")
	}
	return b, nil
}

// members are those of a JSON object, each there once.
type members map[string]json.RawMessage

// segment reads a part that is a JSON object.
func segment(part string) (members, error) {
	raw, err := decode(part)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(raw) {
		return nil, malformed("is not UTF-8")
	}
	return object(raw)
}

// allowed checks the header and returns the keys that may have signed.
func allowed(header members, keys []Key) ([]Key, error) {
	var alg, typ, kid string
	if !header.text("alg", &alg) || alg != "HS256" {
		return nil, refused("algorithm", `The identity token must be signed by HS256 and say so ("alg":"HS256"). No other algorithm is taken, least of all none.`)
	}
	for name := range header {
		if name != "alg" && name != "typ" && name != "kid" {
			return nil, refused("header", "The identity token's header may hold alg, typ and kid only. Remove "+shown(name)+".")
		}
	}
	if _, ok := header["typ"]; ok && (!header.text("typ", &typ) || !strings.EqualFold(typ, "JWT")) {
		return nil, refused("header", `The identity token's typ must be "JWT".`)
	}
	if _, ok := header["kid"]; !ok {
		return keys, nil
	}
	if header.text("kid", &kid) && len(kid) <= maxKID {
		for _, k := range keys {
			if k.KID == kid {
				return []Key{k}, nil
			}
		}
	}
	return nil, refused("key", "The identity token names a secret (kid) that this inbox does not have, or not any more. Use the kid that was shown with the secret, or leave it out.")
}

// signed reports whether one of the keys made the signature, in constant time.
func signed(text string, signature []byte, keys []Key) bool {
	ok := false
	for _, k := range keys {
		mac := hmac.New(sha256.New, k.Secret)
		mac.Write([]byte(text))
		ok = hmac.Equal(mac.Sum(nil), signature) || ok
	}
	return ok
}

func (m members) assertion(inbox InboxID, now time.Time) (Assertion, error) {
	var a Assertion
	if err := m.forInbox(inbox); err != nil {
		return a, err
	}
	var err error
	if a.ExpiresAt, err = m.life(now); err != nil {
		return a, err
	}
	if !m.text("sub", &a.Subject) || !nameable(a.Subject, MaxSubject) {
		return a, refused("subject", "The identity token needs a sub: your own id of the person, 1 to 200 characters, without spaces at its ends or control characters.")
	}
	if !m.text("jti", &a.ID) || !nameable(a.ID, maxAssertionID) {
		return a, refused("id", "The identity token needs a jti: a text of 1 to 200 characters that is another one each time, such as a UUID.")
	}
	return a, m.person(&a)
}

// forInbox checks the audience: the one inbox, as a text or as a list of one.
func (m members) forInbox(inbox InboxID) error {
	var one string
	var list []string
	if m.text("aud", &one) && one == string(inbox) {
		return nil
	}
	if json.Unmarshal(m["aud"], &list) == nil && len(list) == 1 && list[0] == string(inbox) {
		return nil
	}
	return refused("audience", "The identity token is for another inbox: its aud must be this inbox's id, "+string(inbox)+".")
}

// life checks the times and returns the end.
func (m members) life(now time.Time) (time.Time, error) {
	from, ok := m.time("iat")
	until, okUntil := m.time("exp")
	switch {
	case !ok || !okUntil:
		return until, refused("times", "The identity token needs iat and exp, in seconds since 1970.")
	case !now.Before(until):
		return until, refused("expired", "The identity token has expired. Make a new one for each page, and see that your server's clock is right.")
	case from.After(now.Add(assertionSkew)):
		return until, refused("not_yet", "The identity token is from the future (iat). See that your server's clock is right.")
	case !until.After(from) || until.Sub(from) > MaxAssertionLife:
		return until, refused("lifetime", "The identity token lives too long: exp may be at most 24 hours after iat.")
	}
	if _, there := m["nbf"]; there {
		if start, ok := m.time("nbf"); !ok || start.After(now.Add(assertionSkew)) {
			return until, refused("not_yet", "The identity token is not valid yet (nbf). See that your server's clock is right.")
		}
	}
	return until, nil
}

// nameable reports whether s may name somebody: text that can be stored, shown
// on a line, and not taken for another that looks alike because of its edges.
func nameable(s string, limit int) bool {
	return s != "" && utf8.RuneCountInString(s) <= limit && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, unshowable)
}

// unshowable are control characters and those that turn the writing direction.
func unshowable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}

// shown is a name from a token, cut for a sentence.
func shown(name string) string {
	name = strings.Map(func(r rune) rune {
		if unshowable(r) {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return name
}
