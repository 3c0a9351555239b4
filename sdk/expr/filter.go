package expr

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Filters lists the filters.
func Filters() []string {
	return []string{
		"amount", "base64", "currency", "date", "datetime", "digits", "json", "like", "lower", "number",
		"rfc3339", "rfc3339_ms", "text", "trim", "unix", "unix_ms", "upper",
	}
}

func known(name string) bool { return slices.Contains(Filters(), name) }

// apply applies a filter. Those of times take times, all others text; a list
// is taken entry by entry, but by json.
func apply(name string, v any) (any, error) {
	if name == "json" {
		out, err := json.Marshal(v)
		return string(out), err
	}
	if list, ok := v.([]any); ok {
		out := make([]any, len(list))
		for i := range list {
			var err error
			if out[i], err = apply(name, list[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	if v == nil {
		return nil, nil
	}
	switch name {
	case "date", "datetime", "rfc3339", "rfc3339_ms", "unix", "unix_ms":
		t, ok := v.(time.Time)
		if !ok {
			var err error
			if t, err = time.Parse(time.RFC3339, Plain(v)); err != nil {
				return nil, fmt.Errorf("%w: no time", ErrUnusable)
			}
		}
		return formatted(name, t.UTC()), nil
	case "number":
		n := json.Number(strings.TrimSpace(Plain(v)))
		if _, err := strconv.ParseFloat(n.String(), 64); err != nil || !json.Valid([]byte(n)) {
			return nil, fmt.Errorf("%w: no number", ErrUnusable)
		}
		return n, nil
	default:
		return worded(name, Plain(v)), nil
	}
}

func formatted(name string, t time.Time) any {
	switch name {
	case "date":
		return t.Format(time.DateOnly)
	case "datetime":
		return t.Format(time.DateTime)
	case "rfc3339_ms":
		return t.Format("2006-01-02T15:04:05.000Z")
	case "unix":
		return t.Unix()
	case "unix_ms":
		return t.UnixMilli()
	default:
		return t.Format(time.RFC3339Nano)
	}
}

func worded(name, s string) string {
	switch name {
	case "lower":
		return strings.ToLower(s)
	case "upper":
		return strings.ToUpper(s)
	case "trim":
		return strings.TrimSpace(s)
	case "digits":
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s)
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(s))
	case "like": // what LIKE takes for itself
		return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
	case "amount":
		s, _, _ = strings.Cut(s, " ")
		return s
	case "currency":
		_, s, _ = strings.Cut(s, " ")
		return s
	default: // text
		return s
	}
}

// Plain writes a value as text: what is nothing as "", times in RFC 3339,
// lists joined by commas.
func Plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		words := make([]string, len(v))
		for i := range v {
			words[i] = Plain(v[i])
		}
		return strings.Join(words, ",")
	default:
		out, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(out)
	}
}
