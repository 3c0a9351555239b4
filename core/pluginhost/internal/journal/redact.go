package journal

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// hidden stands where a secret was.
const hidden = "[hidden]"

// minSecret is how many bytes a secret has at least to be looked for: a short
// one would hide half of every line.
const minSecret = 6

// Redactor takes secrets out of text: the values that it was told of, and what
// has the shape of a token.
//
// Concurrency: it may be used from anywhere.
type Redactor struct {
	shapes []shape

	mu     sync.RWMutex
	values map[string][]string // by whose they are
	find   *strings.Replacer
}

type shape struct {
	is   *regexp.Regexp
	with string
}

// NewRedactor returns a Redactor that knows shapes only.
func NewRedactor() *Redactor {
	return &Redactor{values: make(map[string][]string), shapes: []shape{
		{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "$1 " + hidden},
		{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`), hidden},                     // a JSON web token
		{regexp.MustCompile(`\b(sk|pk|rk|ghp|gho|ghs|glpat|xox[abprs]|pat|key|whsec)[-_][A-Za-z0-9_-]{16,}`), hidden}, // tokens that say so
		{regexp.MustCompile(`\bpb[a-z]{0,4}_[A-Za-z0-9]{24,}`), hidden},                                               // ours
		{regexp.MustCompile(`\b\d{8,12}:[A-Za-z0-9_-]{30,}`), hidden},                                                 // a bot's, of Telegram
		{regexp.MustCompile(`(?i)((?:access_|refresh_|id_|api_?|client_)?(?:token|secret|password|passwd|api_?key|authorization)["']?\s*[:=]\s*["']?)[^\s"'&,;}]{4,}`), "${1}" + hidden},
		{regexp.MustCompile(`://[^/\s:@]+:[^/\s@]+@`), "://" + hidden + "@"}, // in an address
	}}
}

// Know replaces the values that belong to somebody; none forgets them.
func (r *Redactor) Know(owner string, values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.values, owner)
	if len(values) > 0 {
		r.values[owner] = slices.Clone(values)
	}
	var all []string
	for _, some := range r.values {
		for _, v := range some {
			if len(v) >= minSecret {
				all = append(all, v)
			}
		}
	}
	// The longest first: one may be the beginning of another.
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(all))
	for _, v := range all {
		pairs = append(pairs, v, hidden)
	}
	r.find = strings.NewReplacer(pairs...)
}

// Clean returns text without secrets.
func (r *Redactor) Clean(text string) string {
	r.mu.RLock()
	find := r.find
	r.mu.RUnlock()
	if find != nil {
		text = find.Replace(text)
	}
	for _, s := range r.shapes {
		text = s.is.ReplaceAllString(text, s.with)
	}
	return text
}
