package trust

import (
	"bytes"
	"errors"

	"github.com/emersion/go-msgauth/dkim"
)

// maxSignatures bounds how many signatures one mail makes us check.
const maxSignatures = 5

// signed checks the signatures ourselves. One that fits and is aligned is
// enough; one of the domain that does not fit says that the mail was changed.
func (c *Checker) signed(raw []byte, from string) Verdict {
	lookup := func(name string) ([]string, error) { return c.LookupTXT(name) }
	found, err := dkim.VerifyWithOptions(bytes.NewReader(crlf(raw)), &dkim.VerifyOptions{LookupTXT: lookup, MaxVerifications: maxSignatures})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return Verdict{Unverified, NoSignature, from}
	}
	out := Verdict{Unverified, NoSignature, from}
	for _, v := range found {
		switch {
		case v == nil || !aligned(v.Domain, from):
		case v.Err == nil:
			return Verdict{Verified, DKIMPassed, v.Domain}
		case dkim.IsTempFail(v.Err):
			out = Verdict{Unverified, LookupFailed, v.Domain}
		case !dkim.IsPermFail(v.Err) && out.Reason != LookupFailed:
			out = Verdict{Failed, DKIMBroken, v.Domain}
		}
	}
	return out
}

// crlf gives the message the line ends that were signed: mailboxes on disk keep
// others.
func crlf(raw []byte) []byte {
	if bytes.Contains(raw, []byte("\r\n")) {
		return raw
	}
	return bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
}
