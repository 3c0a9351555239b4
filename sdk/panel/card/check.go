package card

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// maxProblems bounds what Check returns: who wrote a card by hand mends a few
// at a time.
const maxProblems = 20

// Check returns what the core would refuse of a card, at most 20 problems; none
// when it would take it. It never panics, whatever raw is.
func Check(raw []byte) []Problem {
	if len(raw) > MaxBytes {
		return []Problem{{Message: fmt.Sprintf("has %d bytes, more than %d", len(raw), MaxBytes)}}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return []Problem{{Message: "is not JSON: " + err.Error()}}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return []Problem{{Message: "is more than one JSON value"}}
	}
	c := &checker{specs: specs(), ids: make(map[string]bool)}
	c.object("", v, "AdaptiveCard")
	return c.problems
}

// checker walks a card.
type checker struct {
	specs    map[string]spec
	problems []Problem
	count    int
	depth    int
	ids      map[string]bool
}

// spec is what an object of a type may have.
type spec struct {
	keys     map[string]func(c *checker, at string, v any)
	required []string
}

func (c *checker) fault(at, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{Pointer: at, Message: fmt.Sprintf(format, args...)})
	}
}

// object checks an object whose type is one of allowed.
func (c *checker) object(at string, v any, allowed ...string) {
	o, ok := v.(map[string]any)
	if !ok {
		c.fault(at, "must be an object")
		return
	}
	kind, ok := o["type"].(string)
	if !ok || !slices.Contains(allowed, kind) {
		c.fault(at+"/type", "%s has no place here; there may be: %s", quoted(o["type"]), strings.Join(allowed, ", "))
		return
	}
	if c.count++; c.count == MaxElements+2 { // the card itself is none
		c.fault(at, "is one element too many: a card has at most %d", MaxElements)
	}
	if c.depth > MaxDepth {
		c.fault(at, "is nested too deeply: at most %d elements within one another", MaxDepth)
		return
	}
	c.depth++
	defer func() { c.depth-- }()
	c.keys(at, o, c.specs[kind])
	if kind == "Action.Submit" && o["data"] == nil && o["patchbay"] == nil {
		c.fault(at, `needs "data" with an "action", or "patchbay" with an "insertText"`)
	}
	if kind == "Table" {
		c.rows(at, o)
	}
}

// keys checks the keys of an object, in their order.
func (c *checker) keys(at string, o map[string]any, s spec) {
	for _, key := range s.required {
		if _, ok := o[key]; !ok {
			c.fault(at+"/"+key, "is missing")
		}
	}
	names := make([]string, 0, len(o))
	for key := range o {
		names = append(names, key)
	}
	slices.Sort(names)
	for _, key := range names {
		here := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		if check := s.keys[key]; check != nil {
			check(c, here, o[key])
		} else if key != "type" {
			c.fault(here, "is not known here")
		}
	}
}

// rows checks that every row of a table has a cell for each column.
func (c *checker) rows(at string, table map[string]any) {
	columns, _ := table["columns"].([]any)
	rows, _ := table["rows"].([]any)
	for i, row := range rows {
		o, _ := row.(map[string]any)
		if cells, ok := o["cells"].([]any); ok && len(cells) != len(columns) {
			c.fault(at+"/rows/"+strconv.Itoa(i)+"/cells", "has %d cells for %d columns", len(cells), len(columns))
		}
	}
}

// each checks a list of min to max values.
func (c *checker) each(at string, v any, bounds [2]int, check func(at string, v any)) {
	list, ok := v.([]any)
	if !ok || len(list) < bounds[0] || len(list) > bounds[1] {
		c.fault(at, "must be a list of %d to %d entries", bounds[0], bounds[1])
		return
	}
	for i, item := range list {
		check(at+"/"+strconv.Itoa(i), item)
	}
}

func quoted(v any) string {
	s, ok := v.(string)
	if !ok {
		return "a missing type"
	}
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "") + "..."
	}
	return strconv.Quote(s)
}
