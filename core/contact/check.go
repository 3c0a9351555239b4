package contact

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
)

// check collects what is wrong with a request.
type check struct {
	errs.Refusals
}

// err returns an Invalid error that names all wrong fields, or nil.
func (c *check) err(code string) error { return c.Refused(code, "Some fields are not right.") }

// text checks a text of one line, or of several.
func (c *check) text(pointer string, v *string, limit int, lines bool) {
	if v == nil {
		return
	}
	switch {
	case utf8.RuneCountInString(*v) > limit:
		c.Refuse(pointer, "too_long", fmt.Sprintf("is longer than %d characters", limit))
	case !storable(*v, lines):
		c.Refuse(pointer, "characters", "holds characters that cannot be stored")
	}
}

// storable reports whether a text holds no control characters, beside those
// that make lines.
func storable(s string, lines bool) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && (!lines || r != '\n' && r != '\r' && r != '\t')
	})
}

// email returns an address in its normal form.
func (c *check) email(v *string) *string {
	if v == nil {
		return nil
	}
	normal, ok := Email(*v)
	if !ok {
		c.Refuse("/email", "format", "is not an e-mail address")
	}
	return &normal
}

// phone returns a number in its normal form.
func (c *check) phone(v *string) *string {
	if v == nil {
		return nil
	}
	normal, ok := Phone(*v)
	if !ok {
		c.Refuse("/phone", "format", "is not a telephone number")
	}
	return &normal
}

// domains returns the domains in lower case, sorted, each once.
func (c *check) domains(in []string) []string {
	out := make([]string, 0, len(in))
	for i, d := range in {
		d = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(d)), "@")
		if !Domain(d) {
			c.Refuse(fmt.Sprintf("/domains/%d", i), "format", "is not a domain name")
			continue
		}
		out = append(out, d)
	}
	if len(in) > MaxDomains {
		c.Refuse("/domains", "too_long", fmt.Sprintf("has more than %d domains", MaxDomains))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// plain checks attributes that nothing defines: text.
func (c *check) plain(values map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		pointer := "/attributes/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		text, isText := values[key].(string)
		switch {
		case key == "" || len(key) > MaxKey || !storable(key, false):
			c.Refuse(pointer, "key", "is not a name for an attribute")
		case values[key] != nil && !isText:
			c.Refuse(pointer, "type", "must be text")
		case utf8.RuneCountInString(text) > MaxAttribute:
			c.Refuse(pointer, "too_long", fmt.Sprintf("is longer than %d characters", MaxAttribute))
		case !storable(text, true):
			c.Refuse(pointer, "characters", "holds characters that cannot be stored")
		}
	}
}

// merged returns the values with a change laid over them: nil removes.
func merged(values, change map[string]any) map[string]any {
	out := maps.Clone(values)
	if out == nil {
		out = make(map[string]any, len(change))
	}
	for k, v := range change {
		if v == nil {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}

func checkCount(values map[string]any) error {
	if len(values) <= MaxAttributes {
		return nil
	}
	return errs.New(errs.Invalid, "contact.invalid", "Some fields are not right.").
		WithFields(errs.Field{Pointer: "/attributes", Code: "too_many", Detail: fmt.Sprintf("would be more than %d", MaxAttributes)})
}

func set(to, from *string) {
	if from != nil {
		*to = strings.TrimSpace(*from)
	}
}

// idData is the data of an event about one thing.
func idData(id string) []byte {
	b, err := json.Marshal(map[string]string{"id": id})
	if err != nil { // a string always marshals
		return nil
	}
	return b
}
