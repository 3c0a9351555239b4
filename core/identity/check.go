package identity

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
)

// Limits of what people type.
const (
	MaxName         = 100  // characters
	MaxEmail        = 254  // bytes; RFC 5321, 4.5.3.1.3
	MinPassword     = 10   // characters
	MaxPassword     = 1024 // bytes
	DefaultCapacity = 5    // Member.Capacity of a new member
	DefaultLocale   = "en"
)

// Locales lists the languages there are texts for.
func Locales() []string { return []string{"en", "zh-CN"} }

// check collects what is wrong with a request.
type check struct {
	errs.Refusals
}

// err returns an Invalid error that names all wrong fields, or nil.
func (c *check) err() error { return c.Refused("request.invalid", "Some values are not accepted.") }

// name returns a name without the space around it.
func (c *check) name(pointer, name string) string {
	if !utf8.ValidString(name) {
		c.Refuse(pointer, "invalid_text", "This is not valid text (UTF-8).")
		return ""
	}
	name = norm.NFC.String(strings.TrimSpace(name))
	switch {
	case !strings.ContainsFunc(name, unicode.IsGraphic):
		c.Refuse(pointer, "required", "Enter a name.")
	case utf8.RuneCountInString(name) > MaxName:
		c.Refuse(pointer, "too_long", "A name has at most "+strconv.Itoa(MaxName)+" characters.")
	case strings.ContainsFunc(name, Deceptive):
		c.Refuse(pointer, "invalid_character", "A name has no control characters and no line breaks.")
	}
	return name
}

// Name returns a name as it is kept, or what is wrong with it, at a pointer.
func Name(pointer, name string) (string, error) {
	c := &check{}
	name = c.name(pointer, name)
	return name, c.err()
}

// Deceptive reports whether a character has no place in one line of text:
// controls, line separators, and those that turn the direction of what follows.
func Deceptive(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

// email returns an e-mail address as it is stored and compared.
func (c *check) email(email string) string {
	const pointer = "/email"
	email, ok := normalEmail(email)
	switch {
	case email == "" && ok:
		c.Refuse(pointer, "required", "Enter an e-mail address.")
	case len(email) > MaxEmail:
		c.Refuse(pointer, "too_long", "An e-mail address has at most "+strconv.Itoa(MaxEmail)+" bytes.")
	case !ok:
		c.Refuse(pointer, "invalid_email", "This is not an e-mail address.")
	}
	return email
}

// normalEmail returns an e-mail address as it is compared: without space
// around it, in lower case, in Unicode's normal form C. It reports whether the
// shape is right: local@domain, nothing that needs quoting. Whether the
// address exists only a message can tell.
func normalEmail(email string) (string, bool) {
	if !utf8.ValidString(email) || len(email) > 4*MaxEmail {
		return email, false
	}
	email = norm.NFC.String(strings.ToLower(strings.TrimSpace(email)))
	if email == "" {
		return "", true
	}
	local, domain, found := strings.Cut(email, "@")
	ok := found && local != "" && len(local) <= 64 && len(email) <= MaxEmail &&
		!strings.ContainsFunc(email, unmailable) &&
		validDomain(domain) && dotted(local)
	return email, ok
}

func unmailable(r rune) bool {
	return unicode.IsSpace(r) || Deceptive(r) || !unicode.IsGraphic(r) || strings.ContainsRune(`()<>[],;:\"`, r)
}

// dotted reports whether no part between dots is empty.
func dotted(s string) bool { return !slices.Contains(strings.Split(s, "."), "") }

func validDomain(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.N) {
				return false
			}
		}
	}
	return true
}

// password checks a new password of the account with the given e-mail address.
func (c *check) password(pointer, password, email string) {
	switch {
	case len(password) > MaxPassword:
		c.Refuse(pointer, "too_long", "A password has at most "+strconv.Itoa(MaxPassword)+" bytes.")
	case !utf8.ValidString(password):
		c.Refuse(pointer, "invalid_text", "This is not valid text (UTF-8).")
	case utf8.RuneCountInString(password) < MinPassword:
		c.Refuse(pointer, "too_short", "A password has at least "+strconv.Itoa(MinPassword)+" characters.")
	case guessable(password, email):
		c.Refuse(pointer, "too_common", "This password is among the first that others would try.")
	}
}

func (c *check) locale(pointer, locale string) {
	if !slices.Contains(Locales(), locale) {
		c.Refuse(pointer, "invalid_locale", "The languages are "+strings.Join(Locales(), " and ")+".")
	}
}

func (c *check) role(pointer string, role Role) {
	if !role.BuiltIn() && !id.Valid("rol", string(role)) {
		c.Refuse(pointer, "invalid_role", "There is no such role.")
	}
}

func (c *check) capacity(pointer string, capacity int) {
	if capacity < 1 || capacity > MaxCapacity {
		c.Refuse(pointer, "out_of_range", "The capacity is between 1 and "+strconv.Itoa(MaxCapacity)+".")
	}
}

func (c *check) limit(pointer string, limit int) {
	if limit < -1 || limit > MaxCapacity {
		c.Refuse(pointer, "out_of_range", "A limit is between -1 (none) and "+strconv.Itoa(MaxCapacity)+"; 0 is as many as the capacity allows.")
	}
}

// seconds refuses what is not a whole number of them, or more than most.
func (c *check) seconds(pointer, what string, d, most time.Duration) {
	if d < 0 || d > most || d%time.Second != 0 {
		c.Refuse(pointer, "out_of_range", what+" 0 to "+strconv.Itoa(int(most/time.Second))+" whole seconds.")
	}
}
