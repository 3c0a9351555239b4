package catalog

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Definitions are the attributes of one target.
type Definitions []Attribute

// Check returns values as they are stored, by key: what JSON gave for each key,
// nil to take it away. A key that nobody defined, or a value that does not fit
// its type, is refused with a pointer below at, for example /set/plan; taking
// away what nobody defines (any more) is allowed.
func (d Definitions) Check(at string, set map[string]any) (map[string]any, error) {
	var fields []errs.Field
	out := make(map[string]any, len(set))
	for _, key := range slices.Sorted(maps.Keys(set)) {
		pointer := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(strings.ToValidUTF8(key, "\uFFFD"))
		if set[key] == nil {
			out[key] = nil
			continue
		}
		i := slices.IndexFunc(d, func(a Attribute) bool { return a.Key == key })
		if i < 0 {
			fields = append(fields, errs.Field{Pointer: pointer, Code: "attribute.unknown", Detail: "no attribute with this key is defined"})
			continue
		}
		value, complaint := d[i].Value(set[key])
		if complaint != "" {
			fields = append(fields, errs.Field{Pointer: pointer, Code: "attribute.value", Detail: complaint})
			continue
		}
		out[key] = value
	}
	if len(fields) > 0 {
		return nil, errs.New(errs.Invalid, "attribute.invalid", "Some attributes are not accepted.").WithFields(fields...)
	}
	return out, nil
}

// Value returns a JSON value as it is stored, or what is wrong with it.
func (a Attribute) Value(v any) (stored any, complaint string) {
	switch a.Type {
	case Number:
		return number(v)
	case Boolean:
		if b, ok := v.(bool); ok {
			return b, ""
		}
		return nil, "must be true or false"
	case Text, Date, List, Link:
		s, ok := v.(string)
		if !ok {
			return nil, "must be text"
		}
		return a.text(s)
	default:
		return nil, "has a type that is not known"
	}
}

func number(v any) (any, string) {
	f, ok := v.(float64)
	if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, "must be a number"
	}
	if f == 0 {
		f = 0 // no negative zero
	}
	return f, ""
}

func (a Attribute) text(s string) (any, string) {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s):
		return nil, "is not valid text (UTF-8)"
	case strings.ContainsFunc(s, func(r rune) bool { return identity.Unreadable(r, a.Type == Text) }):
		return nil, "holds control characters"
	case s == "":
		return nil, "is empty; null takes it away"
	}
	switch a.Type {
	case Date:
		if t, err := time.Parse(time.DateOnly, s); err != nil || t.Year() < 1 {
			return nil, "must be a date such as 2026-11-21"
		}
	case List:
		if !slices.Contains(a.Options, s) {
			return nil, "must be one of the options"
		}
	case Link:
		return link(s)
	case Text, Number, Boolean:
		if utf8.RuneCountInString(s) > MaxValue {
			return nil, fmt.Sprintf("has more than %d characters", MaxValue)
		}
	}
	return s, ""
}

// link takes addresses that are safe to click: a script's is none.
func link(s string) (any, string) {
	u, err := url.Parse(s)
	switch {
	case len(s) > MaxLink:
		return nil, fmt.Sprintf("has more than %d bytes", MaxLink)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
		return nil, "must be an address that begins with https:// or http://"
	}
	return s, ""
}
