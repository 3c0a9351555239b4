// Package trust says whether a mail comes from the domain that its From names
// (SPF, DKIM, DMARC: RFC 7208, 6376, 7489).
//
// A receiving server has seen more than can be seen later, so its word counts
// first, where the mailbox's owner names that server. Anybody can write the
// same field into a mail: only the topmost counts, which the server put above
// what it received. Without such a server, signatures are checked here.
package trust

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// Result is what may be believed.
type Result string

// The results.
const (
	Verified   Result = "verified"   // the domain of From stands for it
	Unverified Result = "unverified" // nobody does; most mail of small senders
	Failed     Result = "failed"     // it says to be of a domain that disowns it, or was changed on its way
)

// Reason is a stable code.
type Reason string

// The reasons.
const (
	DMARCPassed  Reason = "dmarc_passed"
	DMARCFailed  Reason = "dmarc_failed"
	DKIMPassed   Reason = "dkim_passed"
	DKIMBroken   Reason = "dkim_broken"   // a signature of the domain does not fit
	SPFPassed    Reason = "spf_passed"    // as a server said
	NoSignature  Reason = "no_signature"  // none of the domain, that is
	LookupFailed Reason = "lookup_failed" // the key could not be fetched: may be tried again
	NoSender     Reason = "no_sender"     // From holds no address
	SeveralFroms Reason = "several_froms" // programs would show different ones
	NotChecked   Reason = "not_checked"   // there is nothing to check with
)

// Verdict is a result with its reason. Domain is the one that stands for the
// mail, or that of From.
type Verdict struct {
	Result Result
	Reason Reason
	Domain string
}

// Checker judges the mail of one mailbox. It is safe for concurrent use if
// LookupTXT is.
type Checker struct {
	// Servers are the names under which the mailbox's own servers sign
	// Authentication-Results (authserv-id). Only name servers that put the field
	// into every mail and take out what others wrote under their name.
	Servers []string
	// LookupTXT fetches TXT records from DNS. Nil: signatures are not checked.
	LookupTXT func(name string) ([]string, error)
}

// Judge judges a message; raw are the bytes it was read from.
func (c *Checker) Judge(raw []byte, m *message.Message) Verdict {
	if n := len(m.Header.All("From")); n > 1 {
		return Verdict{Result: Failed, Reason: SeveralFroms}
	}
	if len(m.From) != 1 {
		return Verdict{Result: Unverified, Reason: fewerOrMore(len(m.From))}
	}
	domain := strings.TrimSuffix(m.From[0].Domain(), ".")
	if domain == "" {
		return Verdict{Result: Unverified, Reason: NoSender}
	}
	if v, ok := c.served(m.Header, domain); ok {
		return v
	}
	if c.LookupTXT == nil {
		return Verdict{Unverified, NotChecked, domain}
	}
	return c.signed(raw, domain)
}

func fewerOrMore(n int) Reason {
	if n == 0 {
		return NoSender
	}
	return SeveralFroms
}

// aligned says whether a domain may speak for another: they belong to one
// organisation (RFC 7489, relaxed).
func aligned(domain, from string) bool {
	domain, from = strings.ToLower(strings.TrimSuffix(domain, ".")), strings.ToLower(from)
	if domain == "" {
		return false
	}
	if domain == from {
		return true
	}
	a, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return false
	}
	b, err := publicsuffix.EffectiveTLDPlusOne(from)
	return err == nil && a == b
}
