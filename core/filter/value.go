package filter

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Given is what a row has that was given a value of its own: none, unless that is
// of the field's kind. v is as encoding/json reads it.
func (f Field) Given(v any) []Value {
	switch x := v.(type) {
	case string:
		if x != "" && f.Kind != Number && f.Kind != Bool {
			return []Value{{Text: x}}
		}
	case float64:
		if f.Kind == Number {
			return []Value{{Number: x}}
		}
	case bool:
		if f.Kind == Bool {
			return []Value{{Bool: x}}
		}
	}
	return nil
}

// read returns the condition with its value.
func (c Condition) read(raw json.RawMessage, at string) (Condition, error) {
	null := len(raw) == 0 || string(raw) == "null"
	switch c.Op {
	case IsSet, IsNotSet:
		if !null {
			return c, wrong(CodeValue, at, fmt.Sprintf("%s takes no value.", c.Op))
		}
		return c, nil
	case In, NotIn, HasAny, Between:
		return c.list(raw, at)
	default:
	}
	if null && len(raw) > 0 && (c.Field.Kind == Enum || c.Field.Kind == ID) {
		c.Op = map[Op]Op{Is: IsNotSet, IsNot: IsSet}[c.Op]
		return c, nil
	}
	v, complaint := c.Field.value(raw)
	if complaint != "" {
		return c, wrong(CodeValue, at, complaint)
	}
	c.Values = []Value{v}
	return c, nil
}

func (c Condition) list(raw json.RawMessage, at string) (Condition, error) {
	var parts []json.RawMessage
	if json.Unmarshal(raw, &parts) != nil || len(parts) == 0 || len(parts) > MaxValues {
		return c, wrong(CodeValue, at, fmt.Sprintf("%s takes a list of 1 to %d values.", c.Op, MaxValues))
	}
	if c.Op == Between && len(parts) != 2 {
		return c, wrong(CodeValue, at, "between takes a list of two values, the lower first.")
	}
	for i, part := range parts {
		v, complaint := c.Field.value(part)
		if complaint != "" {
			return c, wrong(CodeValue, at+"/"+strconv.Itoa(i), complaint)
		}
		if c.Op == Between || !slices.Contains(c.Values, v) {
			c.Values = append(c.Values, v)
		}
	}
	return c, nil
}

// value reads one value of the field's kind, or says what is wrong with it.
func (f Field) value(raw json.RawMessage) (v Value, complaint string) {
	switch f.Kind {
	case Number:
		return numberOf(raw)
	case Bool:
		if json.Unmarshal(raw, &v.Bool) != nil || string(raw) == "null" {
			return v, "This takes true or false."
		}
		return v, ""
	case Time, Date:
		return f.timeOf(raw)
	default:
	}
	if json.Unmarshal(raw, &v.Text) != nil || v.Text == "" {
		return Value{}, "This takes a text that is not empty."
	}
	switch {
	case utf8.RuneCountInString(v.Text) > MaxText:
		return Value{}, fmt.Sprintf("A text has at most %d characters.", MaxText)
	case strings.ContainsFunc(v.Text, unicode.IsControl) || strings.ContainsRune(v.Text, utf8.RuneError):
		return Value{}, "The text holds characters that cannot be stored."
	case f.Kind == Enum && !slices.Contains(f.Options, v.Text):
		return Value{}, "This takes one of " + words(f.Options) + "."
	case (f.Kind == ID || f.Kind == Set) && v.Text != f.Word && !f.names(v.Text):
		return Value{}, "This takes an id" + f.inWords() + "."
	}
	return v, ""
}

// names reports whether a text has the shape of the field's ids.
func (f Field) names(s string) bool {
	const longest = 40
	rest, ok := strings.CutPrefix(s, f.Prefix+"_")
	return ok && rest != "" && len(s) <= longest && !strings.ContainsFunc(rest, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

func (f Field) inWords() string {
	s := " (" + f.Prefix + "_…)"
	if f.Word != "" {
		s += " or " + strconv.Quote(f.Word)
	}
	return s
}

const maxNumber = 1 << 53

func numberOf(raw json.RawMessage) (v Value, complaint string) {
	if json.Unmarshal(raw, &v.Number) != nil || string(raw) == "null" || math.Abs(v.Number) > maxNumber {
		return Value{}, "This takes a number."
	}
	v.Number += 0 // no negative zero
	return v, ""
}

// timeOf reads an RFC 3339 time, a day, {"ago":"2h"} or {"in":"2h"}.
func (f Field) timeOf(raw json.RawMessage) (v Value, complaint string) {
	complaint = `This takes a time such as "2026-03-01T12:00:00Z", {"ago":"2h"} or {"in":"2h"} with s, m, h, d or w.`
	if f.Kind == Date {
		complaint = `This takes a day such as "2026-03-01", {"ago":"7d"} or {"in":"7d"}.`
	}
	if members, err := object(raw); err == nil {
		d, ok := relative(members)
		if !ok {
			return Value{}, complaint
		}
		return Value{Ago: d, IsAgo: true}, ""
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return Value{}, complaint
	}
	if f.Kind == Date {
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return Value{}, complaint
		}
		return Value{Text: text}, ""
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1971 || t.Year() > 9000 {
		return Value{}, complaint
	}
	return Value{Time: t.UTC().Truncate(time.Millisecond)}, ""
}

// relative reads {"ago":"2h"}, or {"in":"2h"}, which is a span of less than nothing.
func relative(members map[string]json.RawMessage) (time.Duration, bool) {
	var ago, in *string
	if len(members) != 1 || json.Unmarshal(members["ago"], &ago) != nil && json.Unmarshal(members["in"], &in) != nil {
		return 0, false
	}
	switch {
	case ago != nil:
		return span(*ago)
	case in != nil:
		d, ok := span(*in)
		return -d, ok
	default:
		return 0, false
	}
}

const (
	day     = 24 * time.Hour
	longest = 3650 * day
)

// span reads a whole number with one unit: 90s, 30m, 2h, 7d, 4w; up to ten years.
func span(s string) (time.Duration, bool) {
	if len(s) < 2 || len(s) > 10 {
		return 0, false
	}
	unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day}[s[len(s)-1]]
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 32)
	if !ok || err != nil || s[0] == '+' || n < 0 || n > int64(longest/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// spanText writes a span as span reads it.
func spanText(d time.Duration) string {
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"w", 7 * day}, {"d", day}, {"h", time.Hour}, {"m", time.Minute}} {
		if d > 0 && d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}
