package entity

import (
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/charset"
)

// Parameters reads a value with parameters, as Content-Type and
// Content-Disposition have: the value in lower case, the parameters decoded
// (RFC 2231 with continuations, RFC 2047 although it is not allowed there, raw
// bytes), names in lower case. The first of two equal names counts.
func Parameters(value string) (main string, params map[string]string) {
	params = map[string]string{}
	main, rest := cutOutside(value, ';')
	main = strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(main, "?")))
	if i := strings.IndexAny(main, " \t\"="); i >= 0 && strings.Contains(main, "/") {
		main = main[:i]
	}
	extended := map[string][]section{}
	for count := 0; rest != "" && count < 200; count++ {
		var one string
		one, rest = cutOutside(rest, ';')
		name, v, found := strings.Cut(one, "=")
		if name = strings.ToLower(strings.TrimSpace(name)); !found || name == "" {
			continue
		}
		if base, s, ok := parseSection(name, v); ok {
			extended[base] = append(extended[base], s)
			continue
		}
		if _, twice := params[name]; !twice {
			params[name] = Decode(unquote(v))
		}
	}
	for name, sections := range extended {
		if text := join(sections); text != "" {
			params[name] = text
		}
	}
	return main, params
}

// section is one piece of a parameter: name*1*=value.
type section struct {
	number  int
	encoded bool
	value   string
}

func parseSection(name, value string) (base string, s section, ok bool) {
	base, rest, found := strings.Cut(name, "*")
	if !found {
		return "", s, false
	}
	s.value = unquote(value)
	if rest == "" {
		s.encoded = true
		return base, s, true
	}
	number, encoded := strings.CutSuffix(rest, "*")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return "", s, false
	}
	s.number, s.encoded = n, encoded
	return base, s, true
}

// join puts the pieces together: the first says the charset of all.
func join(sections []section) string {
	slices.SortStableFunc(sections, func(a, b section) int { return a.number - b.number })
	label := ""
	var raw []byte
	for i, s := range sections {
		v := s.value
		if i == 0 && s.encoded {
			if parts := strings.SplitN(v, "'", 3); len(parts) == 3 {
				label, v = parts[0], parts[2]
			}
		}
		if s.encoded {
			raw = append(raw, percent(v)...)
		} else {
			raw = append(raw, v...)
		}
	}
	text, _ := charset.Decode(label, raw)
	return Decode(text)
}

func percent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c, ok := byte(0), false
		if s[i] == '%' {
			c, ok = octet([]byte(s[i+1 : min(len(s), i+3)]))
		}
		if !ok {
			out = append(out, s[i])
			continue
		}
		out = append(out, c)
		i += 2
	}
	return out
}

// cutOutside cuts at the first separator outside of quotes.
func cutOutside(s string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], s[i+1:]
		}
	}
	if quoted {
		if i := strings.IndexByte(s, separator); i >= 0 && strings.Count(s, `"`)%2 == 1 && strings.IndexByte(s[i:], '"') > 0 && strings.IndexByte(s[:i], '"') < 0 {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// unquote takes the quotes away, and the backslashes before what they protect.
// Those of a path in an old program's file name stay.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	s = strings.TrimSuffix(s[1:], `"`)
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
