package channel

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
)

// object reads a JSON object strictly: nothing after it, and no object in it
// names a member twice. (Readers differ in which of two they believe.)
func object(raw []byte) (members, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := unique(d, 0); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("goes on after its end")
	}
	var m members
	if err := json.Unmarshal(raw, &m); err != nil || m == nil {
		return nil, malformed("holds no JSON object")
	}
	return m, nil
}

// maxDepth bounds how deep a claim is nested.
const maxDepth = 5

// unique reads one value and refuses a member's second coming.
func unique(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return malformed("holds no JSON object")
	}
	if depth > maxDepth {
		return malformed("is nested too deep")
	}
	opening, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := make(map[string]bool)
	for d.More() {
		if opening == '{' {
			name, err := d.Token()
			if err != nil {
				return malformed("holds no JSON object")
			}
			key, _ := name.(string)
			if seen[key] {
				return malformed("says " + shown(key) + " twice")
			}
			seen[key] = true
		}
		if err := unique(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil { // the end of it
		return malformed("holds no JSON object")
	}
	return nil
}

// text reads a member that is a string.
func (m members) text(name string, into *string) bool {
	raw, ok := m[name]
	return ok && len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, into) == nil && utf8.ValidString(*into)
}

// time reads a NumericDate (RFC 7519, section 2): seconds since 1970, which
// may have a fraction.
func (m members) time(name string) (time.Time, bool) {
	var seconds float64
	raw, ok := m[name]
	if !ok || len(raw) == 0 || raw[0] == 'n' || json.Unmarshal(raw, &seconds) != nil || seconds < 0 || seconds > 1e11 {
		return time.Time{}, false
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)).UTC(), true
}

// person reads what the claims tell beside who it is. What does not fit is
// refused, not cut: the site shall notice.
func (m members) person(a *Assertion) error {
	var wrong []errs.Field
	bad := func(claim, detail string) {
		wrong = append(wrong, errs.Field{Pointer: "/identity/" + claim, Code: "claim", Detail: detail})
	}
	read := func(claim string, into *string, limit int) {
		if raw, ok := m[claim]; !ok || string(raw) == "null" || string(raw) == `""` {
			return
		}
		if !m.text(claim, into) || !nameable(*into, limit) {
			bad(claim, "must be a text on one line that is not too long")
		}
	}
	read("name", &a.Name, contact.MaxName)
	read("email", &a.Email, contact.MaxEmail)
	read("phone", &a.Phone, contact.MaxPhone)
	if a.Email != "" {
		if at, err := mail.ParseAddress(a.Email); err != nil || at.Address != a.Email {
			bad("email", "is not an e-mail address")
		}
	}
	if raw, ok := m["attributes"]; ok && string(raw) != "null" {
		if a.Attributes, ok = scalars(raw); !ok {
			bad("attributes", "must be an object of texts, numbers and booleans: at most 50, with names of 1 to 64 and values of at most 1,000 characters")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return refused("claims", "Some claims of the identity token are not right: "+claimNames(wrong)+".").WithFields(wrong...)
}

func claimNames(wrong []errs.Field) string {
	var names []string
	for _, f := range wrong {
		names = append(names, strings.TrimPrefix(f.Pointer, "/identity/"))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// scalars reads attributes as texts.
func scalars(raw json.RawMessage) (map[string]string, bool) {
	var all map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&all) != nil || len(all) > contact.MaxAttributes {
		return nil, false
	}
	out := make(map[string]string, len(all))
	for key, value := range all {
		var text string
		switch v := value.(type) {
		case string:
			text = v
		case json.Number:
			text = v.String()
		case bool:
			text = "false"
			if v {
				text = "true"
			}
		case nil:
			continue
		default:
			return nil, false
		}
		if !nameable(key, 64) || utf8.RuneCountInString(text) > contact.MaxAttribute || strings.ContainsFunc(text, unshowable) {
			return nil, false
		}
		out[key] = text
	}
	return out, true
}
