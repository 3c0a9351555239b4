// Package expr is the small language of placeholders in what people map by a
// form: "{{field.name | lower}}", "{{items.0.price}}". A text that is exactly one placeholder becomes the
// value itself, whatever its type; inside longer text it is interpolated. There
// are names and filters, nothing else: no conditions but $if, no loops, no
// regular expressions, so that evaluating costs at most as much as its text is
// long.
package expr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bounds of one text.
const (
	maxText         = 4096
	maxPlaceholders = 32
)

// ErrUnusable says that a value is there but cannot stand where it should: a
// word where a number belongs. Nothing is asked of the far side then.
var ErrUnusable = errors.New("a value does not fit where the mapping puts it")

// Scope is what the names of a text mean: nested maps, by parts of the name.
type Scope map[string]any

// Text is a compiled text. It is safe for concurrent use.
type Text struct {
	parts []part
}

// part is a piece of text, or a placeholder when name is not empty.
type part struct {
	text    string
	name    string
	filters []string
}

// Compile reads a text.
func Compile(text string) (*Text, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("is longer than %d bytes", maxText)
	}
	out := &Text{}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "{{")
		if before != "" {
			out.parts = append(out.parts, part{text: before})
		}
		if !found {
			break
		}
		inside, behind, closed := strings.Cut(after, "}}")
		if !closed {
			return nil, errors.New("has a placeholder that is not closed by }}")
		}
		p, err := placeholder(inside)
		if err != nil {
			return nil, err
		}
		out.parts = append(out.parts, p)
		rest = behind
	}
	if n := len(out.Names()); n > maxPlaceholders {
		return nil, fmt.Errorf("has %d placeholders; at most %d", n, maxPlaceholders)
	}
	return out, nil
}

// placeholder reads what stands between the braces.
func placeholder(inside string) (part, error) {
	words := strings.Split(inside, "|")
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	p := part{name: words[0], filters: words[1:]}
	if !isName(p.name) {
		return part{}, fmt.Errorf("has a placeholder without a proper name: {{%s}}", inside)
	}
	for _, f := range p.filters {
		if !known(f) {
			return part{}, fmt.Errorf("uses the filter %q, which there is not; there are %s", f, strings.Join(Filters(), ", "))
		}
	}
	return p, nil
}

// isName reports whether s is names of letters, digits and underscores, joined
// by dots.
func isName(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			return false
		}
	}
	return true
}

// Names returns the names the text uses, in its order.
func (t *Text) Names() []string {
	var out []string
	for _, p := range t.parts {
		if p.name != "" {
			out = append(out, p.name)
		}
	}
	return out
}

// Value evaluates the text. A text that is one placeholder gives its value, and
// false when there is none; any other gives a string, always.
func (t *Text) Value(scope Scope) (any, bool, error) {
	if len(t.parts) == 1 && t.parts[0].name != "" {
		return t.parts[0].value(scope)
	}
	s, err := t.String(scope, nil)
	return s, true, err
}

// String evaluates the text to a string. Values that are not there are empty;
// escape, if given, is applied to values and not to the text around them.
func (t *Text) String(scope Scope, escape func(string) (string, error)) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		v, _, err := p.value(scope)
		if err != nil {
			return "", err
		}
		s := Plain(v)
		if escape != nil {
			if s, err = escape(s); err != nil {
				return "", err
			}
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// Lacks reports whether a name of the text has no value, or an empty one.
func (t *Text) Lacks(scope Scope) bool {
	for _, p := range t.parts {
		if p.name == "" {
			continue
		}
		if v, there := Find(scope, p.name); !there || empty(v) {
			return true
		}
	}
	return false
}

func (p part) value(scope Scope) (any, bool, error) {
	v, there := Find(scope, p.name)
	if !there {
		return nil, false, nil
	}
	for _, name := range p.filters {
		var err error
		if v, err = apply(name, v); err != nil {
			return nil, false, fmt.Errorf("{{%s | %s}}: %w", p.name, name, err)
		}
	}
	return v, true, nil
}

// Find looks a name up; a number is a place in a list. Times have parts of their own: year, month, day, hour,
// minute, second, microsecond, in UTC.
func Find(scope Scope, name string) (any, bool) {
	var at any = map[string]any(scope)
	for word := range strings.SplitSeq(name, ".") {
		switch here := at.(type) {
		case map[string]any:
			next, there := here[word]
			if !there {
				return nil, false
			}
			at = next
		case []any:
			i, err := strconv.Atoi(word)
			if err != nil || i < 0 || i >= len(here) {
				return nil, false
			}
			at = here[i]
		case time.Time:
			n, there := timePart(here, word)
			if !there {
				return nil, false
			}
			at = n
		default:
			return nil, false
		}
	}
	return at, true
}

// TimeParts lists what a time can be asked for.
func TimeParts() []string {
	return []string{"year", "month", "day", "hour", "minute", "second", "microsecond"}
}

func timePart(t time.Time, word string) (int, bool) {
	t = t.UTC()
	switch word {
	case "year":
		return t.Year(), true
	case "month":
		return int(t.Month()), true
	case "day":
		return t.Day(), true
	case "hour":
		return t.Hour(), true
	case "minute":
		return t.Minute(), true
	case "second":
		return t.Second(), true
	case "microsecond":
		return t.Nanosecond() / 1000, true
	default:
		return 0, false
	}
}

// empty reports whether a value says nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	case time.Time:
		return v.IsZero()
	default:
		return false
	}
}
