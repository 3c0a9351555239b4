// Package signature says who posted a request: by a keyed hash over its bytes, or
// by a token in a header. How a far side signs is data (Scheme), so that what
// signs like GitHub, Shopify or Slack needs no code of ours.
package signature

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // G505: some systems know no other, and HMAC does not need collision resistance
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Header is that of the standard scheme: "t=<seconds since 1970>,v1=<hex>", with
// several v1 while a secret is being replaced.
const Header = "Patchbay-Signature"

// Verdict is what a signature is worth.
type Verdict string

// The verdicts.
const (
	Good    Verdict = "good"
	Missing Verdict = "signature_missing"
	Wrong   Verdict = "signature_wrong"
	Stale   Verdict = "signature_stale" // right, and too old or too far in the future
)

// Scheme is how a far side signs. The zero value is the standard one:
// HMAC-SHA256 of "<t>.<body>".
type Scheme struct {
	Header    string // "" = the standard scheme; the fields below are for others
	Algorithm string // sha256 (also ""), sha1, sha512
	Encoding  string // hex (also ""), base64
	Prefix    string // before the value, such as "sha256="
	Timestamp string // header with the seconds since 1970; "" = there is none
	Over      string // what is signed, with {timestamp} and {body}; "" = {body}
}

// Tolerance is how far a timestamp may be from our clock, where nothing else is
// said.
const Tolerance = 5 * time.Minute

// Check is what a request is held against.
type Check struct {
	Secrets   []string // any of them will do; empty ones count for nothing
	Tolerance time.Duration
	Now       time.Time
	// Late requests were taken and verified in time, and come again from our own
	// store: their age does not matter.
	Late bool
}

// Verify judges a request. It takes the same time whatever is wrong with a
// signature of the right length.
func (s Scheme) Verify(header http.Header, body []byte, c Check) Verdict {
	stamp, given := s.read(header)
	if len(given) == 0 {
		return Missing
	}
	signed := false
	for _, secret := range c.Secrets {
		if secret == "" {
			continue
		}
		want := s.sum(secret, stamp, body)
		for _, one := range given {
			if hmac.Equal(one, want) {
				signed = true
			}
		}
	}
	if !signed {
		return Wrong
	}
	if s.stamped() && !c.Late && !fresh(stamp, c) {
		return Stale
	}
	return Good
}

// stamped reports whether a time is part of the signature.
func (s Scheme) stamped() bool { return s.Header == "" || s.Timestamp != "" }

func fresh(stamp string, c Check) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return false
	}
	if seconds > 1e11 { // milliseconds
		seconds /= 1000
	}
	tolerance := c.Tolerance
	if tolerance <= 0 {
		tolerance = Tolerance
	}
	return c.Now.Sub(time.Unix(seconds, 0)).Abs() <= tolerance
}

// maxGiven bounds how many signatures of one request are looked at.
const maxGiven = 8

// read returns the timestamp and the signatures of a request, decoded.
func (s Scheme) read(header http.Header) (stamp string, given [][]byte) {
	if s.Header == "" {
		return parse(header.Get(Header))
	}
	stamp = header.Get(s.Timestamp)
	for one := range strings.FieldsFuncSeq(header.Get(s.Header), func(r rune) bool { return r == ',' || r == ' ' }) {
		if len(given) == maxGiven {
			break
		}
		value, ok := strings.CutPrefix(one, s.Prefix)
		if !ok {
			continue
		}
		if sum, err := s.decode(value); err == nil && len(sum) > 0 {
			given = append(given, sum)
		}
	}
	return stamp, given
}

// parse reads the standard header. What it does not know is skipped.
func parse(value string) (stamp string, given [][]byte) {
	for part := range strings.SplitSeq(value, ",") {
		key, text, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "t":
			stamp = text
		case "v1":
			if sum, err := hex.DecodeString(text); err == nil && len(sum) > 0 && len(given) < maxGiven {
				given = append(given, sum)
			}
		}
	}
	return stamp, given
}

func (s Scheme) decode(text string) ([]byte, error) {
	if s.Encoding == "base64" {
		return base64.StdEncoding.DecodeString(text)
	}
	return hex.DecodeString(text)
}

func (s Scheme) sum(secret, stamp string, body []byte) []byte {
	h := hmac.New(s.algorithm(), []byte(secret))
	over := s.Over
	switch {
	case s.Header == "":
		over = "{timestamp}.{body}"
	case over == "":
		over = "{body}"
	}
	before, after, found := strings.Cut(over, "{body}")
	_, _ = h.Write([]byte(strings.ReplaceAll(before, "{timestamp}", stamp))) // a hash takes everything
	if found {
		_, _ = h.Write(body)
		_, _ = h.Write([]byte(strings.ReplaceAll(after, "{timestamp}", stamp)))
	}
	return h.Sum(nil)
}

func (s Scheme) algorithm() func() hash.Hash {
	switch s.Algorithm {
	case "sha1":
		return sha1.New
	case "sha512":
		return sha512.New
	default:
		return sha256.New
	}
}

// Sign signs a body by the scheme, with each of the secrets that is not empty:
// the headers to set.
func (s Scheme) Sign(body []byte, at time.Time, secrets ...string) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	header, values := http.Header{}, []string(nil)
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		sum := s.sum(secret, stamp, body)
		switch {
		case s.Header == "":
			values = append(values, "v1="+hex.EncodeToString(sum))
		case s.Encoding == "base64":
			values = append(values, s.Prefix+base64.StdEncoding.EncodeToString(sum))
		default:
			values = append(values, s.Prefix+hex.EncodeToString(sum))
		}
	}
	switch {
	case len(values) == 0:
		return header
	case s.Header == "":
		header.Set(Header, "t="+stamp+","+strings.Join(values, ","))
	default:
		header.Set(s.Header, values[0])
		if s.Timestamp != "" {
			header.Set(s.Timestamp, stamp)
		}
	}
	return header
}

// Bearer judges the token of "Authorization: Bearer <token>".
func Bearer(header http.Header, tokens ...string) Verdict {
	scheme, given, found := strings.Cut(header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return Missing
	}
	given = strings.TrimSpace(given)
	right := 0
	for _, token := range tokens {
		if token != "" {
			right |= subtle.ConstantTimeCompare(digest(given), digest(token))
		}
	}
	if right != 1 {
		return Wrong
	}
	return Good
}

// digest makes texts equally long.
func digest(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}
