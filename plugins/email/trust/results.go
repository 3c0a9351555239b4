package trust

import (
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/authres"

	"github.com/patchbay-im/patchbay/plugins/email/entity"
)

// served reads the word of a server that is trusted. Not ok: there is none, or
// it leaves the matter open.
func (c *Checker) served(h entity.Header, from string) (Verdict, bool) {
	fields := h.All("Authentication-Results")
	if len(fields) == 0 || len(c.Servers) == 0 {
		return Verdict{}, false
	}
	name, results, err := authres.Parse(withoutComments(fields[0]))
	if err != nil || !slices.ContainsFunc(c.Servers, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), name) }) {
		return Verdict{}, false
	}
	var best Verdict
	for _, r := range results {
		if v := read(r, from); rank(v.Reason) > rank(best.Reason) {
			best = v
		}
	}
	return best, best.Result != ""
}

// rank is how much a method says: DMARC all, an aligned signature more than an
// aligned envelope.
func rank(r Reason) int {
	switch r {
	case DMARCPassed, DMARCFailed:
		return 3
	case DKIMPassed:
		return 2
	case SPFPassed:
		return 1
	default:
		return 0
	}
}

// read is what one method says of the domain of From.
func read(r authres.Result, from string) Verdict {
	switch r := r.(type) {
	case *authres.DMARCResult:
		if r.From != "" && !strings.EqualFold(strings.Trim(r.From, `"`), from) {
			return Verdict{}
		}
		switch r.Value {
		case authres.ResultPass:
			return Verdict{Verified, DMARCPassed, from}
		case authres.ResultFail:
			return Verdict{Failed, DMARCFailed, from}
		default:
		}
	case *authres.DKIMResult:
		domain := r.Domain
		if domain == "" {
			domain = afterAt(r.Identifier)
		}
		if r.Value == authres.ResultPass && aligned(domain, from) {
			return Verdict{Verified, DKIMPassed, domain}
		}
	case *authres.SPFResult:
		if domain := afterAt(r.From); r.Value == authres.ResultPass && aligned(domain, from) {
			return Verdict{Verified, SPFPassed, domain}
		}
	}
	return Verdict{}
}

func afterAt(s string) string {
	s = strings.Trim(s, `"<>`)
	return s[strings.LastIndexByte(s, '@')+1:]
}

// withoutComments takes comments and quoted texts out of the field: a sender
// writes parts of them, and the parser does not know that "; dmarc=pass" in one
// is no result.
func withoutComments(value string) string {
	var out strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
			if depth == 0 && c != ';' && c != ' ' && c != '(' && c != ')' && c != '=' {
				out.WriteByte(c)
			}
		case c == '(':
			depth++
		case c == ')':
			depth = max(depth-1, 0)
		case depth == 0:
			out.WriteByte(c)
		}
	}
	return out.String()
}
