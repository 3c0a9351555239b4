package testhost

import (
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// checked returns values as they are kept; nil takes one away. at is where they
// stand in the request.
func checked(defined []Field, at string, values map[string]any) (map[string]any, error) {
	var wrong [][2]string
	out := make(map[string]any, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		pointer := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		i := slices.IndexFunc(defined, func(f Field) bool { return f.Key == key })
		switch {
		case values[key] == nil:
			out[key] = nil
		case i < 0:
			wrong = append(wrong, [2]string{pointer, "no attribute with this key is defined"})
		default:
			value, complaint := defined[i].value(values[key])
			if complaint != "" {
				wrong = append(wrong, [2]string{pointer, complaint})
			}
			out[key] = value
		}
	}
	if len(wrong) > 0 {
		return nil, invalid("attribute.invalid", "Some attributes are not accepted.", wrong...)
	}
	return out, nil
}

// value is a JSON value as it is kept, or what is wrong with it.
func (f Field) value(v any) (kept any, complaint string) {
	switch f.Type {
	case FieldNumber:
		if n, ok := v.(float64); ok && !math.IsInf(n, 0) {
			return n, ""
		}
		return nil, "must be a number"
	case FieldBoolean:
		if b, ok := v.(bool); ok {
			return b, ""
		}
		return nil, "must be true or false"
	case FieldText, FieldDate, FieldList, FieldLink:
	}
	s, ok := v.(string)
	if !ok {
		return nil, "must be text"
	}
	return f.text(strings.TrimSpace(s))
}

func (f Field) text(s string) (kept any, complaint string) {
	const maxValue, maxLink = 1000, 2000
	switch {
	case f.Type == FieldText && control(s, true), f.Type != FieldText && deceptive(s):
		return nil, "holds control characters"
	case s == "":
		return nil, "is empty; null takes it away"
	}
	switch f.Type {
	case FieldDate:
		if t, err := time.Parse(time.DateOnly, s); err != nil || t.Year() < 1 {
			return nil, "must be a date such as 2026-11-21"
		}
	case FieldList:
		if !slices.Contains(f.Options, s) {
			return nil, "must be one of the options"
		}
	case FieldLink:
		u, err := url.Parse(s)
		switch {
		case len(s) > maxLink:
			return nil, "has more than 2000 bytes"
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
			return nil, "must be an address that begins with https:// or http://"
		}
	default:
		if long(s, maxValue) {
			return nil, tooLong(maxValue)
		}
	}
	return s, ""
}
