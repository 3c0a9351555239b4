package ical

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// property is a content line: NAME;PARAM=VALUE:value (RFC 5545, 3.1).
type property struct {
	line   int // of the file, from 1
	name   string
	params map[string]string
	value  string
}

// lines unfolds a file: a line that begins with white space goes on with the one
// before.
func lines(file string) ([]property, error) {
	var out []property
	var text strings.Builder
	begin := 0
	flush := func() error {
		if strings.TrimSpace(text.String()) == "" {
			return nil
		}
		p, err := parse(begin, text.String())
		out = append(out, p)
		return err
	}
	n := 0
	for raw := range strings.SplitSeq(strings.TrimPrefix(file, "\ufeff"), "\n") {
		n++
		raw = strings.TrimSuffix(raw, "\r")
		if folded := strings.HasPrefix(raw, " ") || strings.HasPrefix(raw, "\t"); folded && begin > 0 {
			text.WriteString(raw[1:])
		} else {
			if err := flush(); err != nil {
				return nil, err
			}
			text.Reset()
			text.WriteString(raw)
			begin = n
		}
		if text.Len() > maxLine {
			return nil, refuse(begin, "long_line", fmt.Sprintf("has more than %d bytes", maxLine))
		}
	}
	return out, flush()
}

// parse reads one content line. Quoted values of parameters may hold colons.
func parse(line int, text string) (property, error) {
	if !utf8.ValidString(text) {
		return property{}, refuse(line, "invalid_text", "is not valid text (UTF-8)")
	}
	colon, quoted := -1, false
	for i, r := range text {
		if r == '"' {
			quoted = !quoted
		}
		if r == ':' && !quoted {
			colon = i
			break
		}
	}
	if colon < 1 {
		return property{}, refuse(line, "no_value", "is no line of a calendar: it has no name and value")
	}
	parts := strings.Split(text[:colon], ";")
	p := property{line: line, name: strings.ToUpper(parts[0]), value: text[colon+1:], params: make(map[string]string, len(parts)-1)}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		p.params[strings.ToUpper(key)] = strings.Trim(value, `"`)
	}
	return p, nil
}

// component is one BEGIN to END.
type component struct {
	line  int
	props []property
}

// first returns a property by name; nil = it has none.
func (c component) first(name string) *property {
	i := slices.IndexFunc(c.props, func(p property) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return &c.props[i]
}

func (c component) text(name string) string {
	p := c.first(name)
	if p == nil {
		return ""
	}
	return strings.TrimSpace(strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(p.value))
}

// components returns the events of a file; what else is in it is passed over.
func components(props []property) ([]component, error) {
	var n nest
	for _, p := range props {
		var err error
		switch {
		case p.name == "BEGIN":
			err = n.begin(p)
		case p.name == "END":
			err = n.end(p)
		case len(n.open) == 0:
			err = refuse(p.line, "no_calendar", "is outside of a VCALENDAR")
		case n.inEvent():
			err = n.add(p)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case !n.any:
		return nil, refuse(1, "no_calendar", "begins no VCALENDAR: this is no calendar file")
	case len(n.open) > 0:
		return nil, refuse(props[len(props)-1].line, "cut_off", "is the last, and the calendar does not end: the file is cut off")
	}
	return n.events, nil
}

// nest is the components that are open, and the events so far.
type nest struct {
	open   []string
	any    bool // there was a calendar
	events []component
}

func kindOfComponent(p property) string { return strings.ToUpper(strings.TrimSpace(p.value)) }

// inEvent reports whether lines are of an event itself, not of what is in it.
func (n *nest) inEvent() bool { return len(n.open) == 2 && n.open[1] == "VEVENT" }

func (n *nest) begin(p property) error {
	if len(n.open) == 0 && kindOfComponent(p) != "VCALENDAR" {
		return refuse(p.line, "no_calendar", "is outside of a VCALENDAR")
	}
	if len(n.open) >= maxDepth {
		return refuse(p.line, "too_deep", fmt.Sprintf("is nested more than %d deep", maxDepth))
	}
	n.open, n.any = append(n.open, kindOfComponent(p)), true
	if !n.inEvent() {
		return nil
	}
	if n.events = append(n.events, component{line: p.line}); len(n.events) > maxEvents {
		return refuse(p.line, "too_many", fmt.Sprintf("is the event after the first %d", maxEvents))
	}
	return nil
}

func (n *nest) end(p property) error {
	if len(n.open) == 0 || n.open[len(n.open)-1] != kindOfComponent(p) {
		return refuse(p.line, "not_open", "ends what was not begun")
	}
	n.open = n.open[:len(n.open)-1]
	return nil
}

func (n *nest) add(p property) error {
	last := &n.events[len(n.events)-1]
	if len(last.props) >= maxProps {
		return refuse(p.line, "too_many", fmt.Sprintf("is of an event with more than %d lines", maxProps))
	}
	last.props = append(last.props, p)
	return nil
}
