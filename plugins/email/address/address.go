// Package address reads the addresses of mail as they are written in the
// wild, where net/mail would give up on the whole field.
package address

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/plugins/email/charset"
	"github.com/patchbay-im/patchbay/plugins/email/entity"
)

// Address is one mailbox of an address field.
type Address struct {
	Name  string // decoded; may be empty
	Email string // local@domain, the domain in lower case; empty if it is broken
	Text  string // what was written, decoded, if Email is empty
}

// ErrInvalid says that mail cannot be sent to an address.
var ErrInvalid = errors.New("address: not an e-mail address")

// maxAddresses bounds one field.
const maxAddresses = 2000

// String is for people: the name and the address, not encoded.
func (a Address) String() string {
	switch {
	case a.Email == "":
		return a.Text
	case a.Name == "":
		return a.Email
	}
	return a.Name + " <" + a.Email + ">"
}

// Domain is what follows the last "@", in lower case.
func (a Address) Domain() string {
	return a.Email[strings.LastIndexByte(a.Email, '@')+1:]
}

// Parse reads the value of an address field as received: names in any
// encoding, groups (their members; an empty group is nobody), comments,
// commas and semicolons, and addresses that no rule allows, kept as text.
func Parse(value string) []Address {
	if !utf8.ValidString(value) {
		value, _ = charset.Detect([]byte(value))
	}
	var out []Address
	for _, part := range split(value) {
		if a, ok := one(part); ok {
			out = append(out, a)
		}
		if len(out) >= maxAddresses {
			break
		}
	}
	return out
}

// Split parts a plus-address: "care+t1@shop.example" is "care@shop.example" and
// "t1". Without a plus, tag is empty.
func Split(email string) (base, tag string) {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return email, ""
	}
	local, tag, found := strings.Cut(email[:at], "+")
	if !found || local == "" {
		return email, ""
	}
	return local + email[at:], tag
}

// Same says whether two addresses reach the same mailbox as far as one can
// tell: the case of letters and what follows a plus do not matter.
func Same(a, b string) bool {
	x, _ := Split(strings.ToLower(a))
	y, _ := Split(strings.ToLower(b))
	return x != "" && x == y
}

// Valid says whether mail can be sent to it: one "@" that parts two texts
// without spaces, brackets or control characters, of bounded length.
func Valid(email string) bool {
	at := strings.LastIndexByte(email, '@')
	if at <= 0 || at > 64 || len(email) > 254 || at == len(email)-1 {
		return false
	}
	local, domain := email[:at], email[at+1:]
	if strings.ContainsFunc(local, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>()[],;:"\@`, r) }) {
		return false
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	return validDomain(domain)
}

func validDomain(domain string) bool {
	if strings.HasPrefix(domain, "[") && strings.HasSuffix(domain, "]") {
		return !strings.ContainsAny(domain[1:len(domain)-1], "[]<> \t\r\n")
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if r < 0x80 && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
				return false
			}
		}
	}
	return true
}

// split cuts a field at the commas and semicolons that part addresses, and
// drops the names of groups. Quoted texts, comments, brackets and encoded words
// are left whole.
func split(value string) []string {
	var parts []string
	from := 0
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			i = past(value, i, '"')
		case c == '(':
			i = past(value, i, ')')
		case c == '<':
			i = past(value, i, '>')
		case c == '=' && strings.HasPrefix(value[i:], "=?"):
			i = pastWord(value, i)
		case c == ',' || c == ';':
			parts = append(parts, value[from:i])
			from = i + 1
		case c == ':' && !strings.ContainsAny(value[from:i], "@<"):
			from = i + 1
		}
	}
	return append(parts, value[from:])
}

// past is where the text that opens at i closes; i itself if it never does.
func past(s string, i int, end byte) int {
	for j := i + 1; j < len(s); j++ {
		switch {
		case s[j] == '\\' && end != '>':
			j++
		case s[j] == end:
			return j
		case end == '>' && s[j] == '<':
			return i
		}
	}
	return i
}

func pastWord(s string, i int) int {
	rest := s[i+2:]
	marks := 0
	for j := range len(rest) {
		switch {
		case rest[j] != '?':
		case marks == 2 && strings.HasPrefix(rest[j:], "?="):
			return i + 2 + j + 1
		case marks < 2:
			marks++
		}
	}
	return i
}

// one reads one mailbox. Not ok: there is nothing.
func one(s string) (Address, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Address{}, false
	}
	name, spec := bracketed(s)
	if spec == "" && name == "" {
		name, spec = commented(s)
	}
	email := tidy(spec)
	if !Valid(email) {
		email = search(s)
	}
	if email == "" {
		return Address{Text: entity.Decode(s)}, strings.Trim(s, "<> ") != ""
	}
	shown := strings.TrimSpace(entity.Decode(unquote(name)))
	if strings.EqualFold(shown, email) {
		shown = ""
	}
	return Address{Name: shown, Email: email}, true
}

// bracketed parts "Name <a@b>". The last brackets count: a name may hold some.
func bracketed(s string) (name, spec string) {
	open := strings.LastIndexByte(s, '<')
	if open < 0 {
		return "", ""
	}
	end := strings.IndexByte(s[open:], '>')
	if end < 0 {
		return s[:open], s[open+1:]
	}
	return s[:open], s[open+1 : open+end]
}

// commented parts "a@b (Name)".
func commented(s string) (name, spec string) {
	open := strings.IndexByte(s, '(')
	if open < 0 || strings.HasPrefix(s, `"`) {
		return "", s
	}
	return strings.TrimSuffix(s[open+1:], ")"), s[:open]
}

// tidy mends what is often wrong with an address.
func tidy(spec string) string {
	spec = strings.Trim(strings.TrimSpace(spec), "<>'\"")
	if i := strings.LastIndexByte(spec, ':'); i >= 0 && strings.HasPrefix(spec, "@") {
		spec = spec[i+1:]
	}
	spec = strings.TrimPrefix(spec, "mailto:")
	at := strings.LastIndexByte(spec, '@')
	if at < 0 {
		return spec
	}
	local := strings.TrimSpace(spec[:at])
	if strings.HasPrefix(local, `"`) || strings.HasSuffix(local, `"`) {
		local = strings.Trim(local, `"`)
	}
	return local + "@" + strings.ToLower(strings.TrimSuffix(strings.TrimSpace(spec[at+1:]), "."))
}

// search finds the one word in a broken text that is an address.
func search(s string) string {
	found := ""
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t<>()[],;:\"'", r) }) {
		if w = tidy(w); Valid(w) {
			if found != "" && found != w {
				return ""
			}
			found = w
		}
	}
	return found
}

func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var out strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// Emails returns the addresses that mail can be sent to, each once.
func Emails(list []Address) []string {
	var out []string
	for _, a := range list {
		if a.Email != "" && !slices.ContainsFunc(out, func(e string) bool { return strings.EqualFold(e, a.Email) }) {
			out = append(out, a.Email)
		}
	}
	return out
}
