package license

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// The header of every token.
const (
	algorithm = "EdDSA"
	tokenType = "patchbay-license"
)

// Why a token is refused. Errors of Read wrap one of them; their texts are
// sentences for administrators.
var (
	ErrMalformed = errors.New("this is no license")
	ErrAlgorithm = errors.New("the license is not signed with Ed25519")
	ErrKey       = errors.New("the license was signed with a key that this version of the plugin does not know")
	ErrSignature = errors.New("the signature of the license is wrong: it was damaged or changed")
	ErrProduct   = errors.New("the license is for another product")
)

type header struct {
	Algorithm string `json:"alg"`
	Key       string `json:"kid"`
	Type      string `json:"typ"`
}

// claims are a License on the wire; times are seconds since 1970.
type claims struct {
	ID         string           `json:"lid"`
	Vendor     string           `json:"iss,omitempty"`
	Product    string           `json:"product"`
	Edition    string           `json:"edition,omitempty"`
	Features   []string         `json:"features,omitempty"`
	Limits     map[string]int64 `json:"limits,omitempty"`
	Customer   string           `json:"customer,omitempty"`
	Trial      bool             `json:"trial,omitempty"`
	Issued     int64            `json:"iat"`
	NotBefore  int64            `json:"nbf,omitempty"`
	Expires    int64            `json:"exp,omitempty"`
	Maintained int64            `json:"maint_until,omitempty"`
	GraceDays  int              `json:"grace_days,omitempty"`
}

// lastSecond is 9999-12-31: what lies behind it is a mistake.
const lastSecond = 253402300799

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// Issue signs a license. The same license, signed with the same key, is the same
// token.
func Issue(key ed25519.PrivateKey, l License) (string, error) {
	if len(key) != ed25519.PrivateKeySize {
		return "", errors.New("license: this is no private key of Ed25519")
	}
	public := ed25519.PublicKey(key[ed25519.SeedSize:])
	if err := l.check(); err != nil {
		return "", fmt.Errorf("license: %w", err)
	}
	head, err := json.Marshal(header{Algorithm: algorithm, Key: KeyID(public), Type: tokenType})
	if err != nil {
		return "", fmt.Errorf("license: %w", err)
	}
	body, err := json.Marshal(claims{
		ID: l.ID, Vendor: l.Vendor, Product: l.Product, Edition: l.Edition, Features: l.Features, Limits: l.Limits,
		Customer: l.Customer, Trial: l.Trial, Issued: seconds(l.IssuedAt), NotBefore: seconds(l.NotBefore), Expires: seconds(l.ExpiresAt),
		Maintained: seconds(l.MaintainedUntil), GraceDays: l.GraceDays,
	})
	if err != nil {
		return "", fmt.Errorf("license: %w", err)
	}
	signed := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	if len(signed) > MaxToken-base64.RawURLEncoding.EncodedLen(ed25519.SignatureSize)-1 {
		return "", fmt.Errorf("license: it has more than %d bytes", MaxToken)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(signed))), nil
}

// Product returns the product that a token names, and checks nothing else of
// it: to find the vendor whose keys verify it. "" when it is no token.
func Product(token string) string {
	parts, err := split(token)
	if err != nil {
		return ""
	}
	c, err := claimsOf(parts[1])
	if err != nil || !IsProduct(c.Product) {
		return ""
	}
	return c.Product
}

// verify returns the claims of a token that one of the keys signed.
func verify(token string, keys []ed25519.PublicKey) (claims, error) {
	parts, err := split(token)
	if err != nil {
		return claims{}, err
	}
	var h header
	if err := strict(parts[0], &h); err != nil {
		return claims{}, fmt.Errorf("%w: its header is %w", ErrMalformed, err)
	}
	if h.Algorithm != algorithm {
		return claims{}, fmt.Errorf("%w: its header says %.20q", ErrAlgorithm, h.Algorithm)
	}
	if h.Type != tokenType {
		return claims{}, fmt.Errorf("%w: its header says that it is a %.40q", ErrMalformed, h.Type)
	}
	signed := token[:strings.LastIndexByte(token, '.')]
	for _, key := range keys {
		if len(key) != ed25519.PublicKeySize || KeyID(key) != h.Key {
			continue
		}
		if !ed25519.Verify(key, []byte(signed), parts[2]) {
			return claims{}, ErrSignature
		}
		return claimsOf(parts[1])
	}
	return claims{}, fmt.Errorf("%w (%.32q)", ErrKey, h.Key)
}

// split takes a token apart: header, claims, signature.
func split(token string) ([3][]byte, error) {
	var out [3][]byte
	switch n := strings.Count(token, "."); {
	case token == "":
		return out, fmt.Errorf("%w: it is empty", ErrMalformed)
	case len(token) > MaxToken:
		return out, fmt.Errorf("%w: it has more than %d bytes", ErrMalformed, MaxToken)
	case n != 2:
		return out, fmt.Errorf("%w: a license is three parts joined by dots, and this has %d", ErrMalformed, n+1)
	case strings.ContainsAny(token, "\r\n"): // which the decoder would skip
		return out, fmt.Errorf("%w: it has line breaks inside", ErrMalformed)
	}
	for i, part := range strings.Split(token, ".") {
		data, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil {
			return out, fmt.Errorf("%w: part %d is no base64url", ErrMalformed, i+1)
		}
		out[i] = data
	}
	if len(out[2]) != ed25519.SignatureSize {
		return out, fmt.Errorf("%w: its signature has %d bytes and not %d; is something missing at its end?", ErrMalformed, len(out[2]), ed25519.SignatureSize)
	}
	return out, nil
}

// claimsOf reads the claims. One that is not known is refused: it might restrict
// what was sold.
func claimsOf(data []byte) (claims, error) {
	var c claims
	if err := strict(data, &c); err != nil {
		return claims{}, fmt.Errorf("%w: its content is %w", ErrMalformed, err)
	}
	for _, n := range []int64{c.Issued, c.NotBefore, c.Expires, c.Maintained} {
		if n < 0 || n > lastSecond {
			return claims{}, fmt.Errorf("%w: it has a time that is none", ErrMalformed)
		}
	}
	return c, nil
}

// strict reads one JSON object and nothing behind it.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return fmt.Errorf("not understood here: it has %.40s", name)
		}
		return errors.New("no JSON object of the expected form")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("followed by something else")
	}
	return nil
}

func (c claims) license() License {
	return License{
		ID: c.ID, Vendor: c.Vendor, Product: c.Product, Edition: c.Edition, Features: c.Features, Limits: c.Limits, Customer: c.Customer,
		Trial: c.Trial, IssuedAt: moment(c.Issued), NotBefore: moment(c.NotBefore), ExpiresAt: moment(c.Expires),
		MaintainedUntil: moment(c.Maintained), GraceDays: c.GraceDays,
	}
}
