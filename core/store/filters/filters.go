// Package filters turns a checked filter into a condition of a query. Columns,
// operators and every other word of the condition are written here; whatever
// came with the filter, the keys of custom attributes included, is bound.
package filters

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Clause is a condition and what is bound in it. It has no value of NULL at
// its top: a row is selected or not.
type Clause struct {
	SQL  string
	Args []any
}

// Conversations returns the condition of a plan over a conversation named c,
// as a member sees it.
func Conversations(d db.Driver, p filter.Plan, me string) (Clause, error) {
	c := compiler{driver: d, me: me, columns: conversationColumns(d)}
	if err := c.plan(p); err != nil {
		return Clause{}, err
	}
	return Clause{SQL: c.sql.String(), Args: c.args}, nil
}

// Contacts returns what a plan demands of the contact of every conversation it
// selects, as a condition over a contact named p; false when it is nothing
// that chooses.
func Contacts(d db.Driver, p filter.Plan) (Clause, bool, error) {
	c := compiler{driver: d, columns: conversationColumns(d)}
	tests := []filter.Plan{p}
	if p.Test == nil && !p.Any {
		tests = p.Parts
	}
	for _, part := range tests {
		t := part.Test
		if t == nil || t.Not || t.Compare == filter.Exists || c.columns[t.Field.Name].wrap != ofContact || t.Field.Key != "" {
			continue
		}
		col := c.columns[t.Field.Name]
		if len(c.args) > 0 {
			c.sql.WriteString(` AND `)
		}
		c.sql.WriteString(col.set + ` AND `)
		if err := c.comparison(*t, col); err != nil {
			return Clause{}, false, err
		}
	}
	return Clause{SQL: c.sql.String(), Args: c.args}, len(c.args) > 0, nil
}

// column is how a field is read.
type column struct {
	value string // an expression; a parameter in it is bound by bind
	set   string // what holds when there is a value; "" = value IS NOT NULL
	wrap  string // an EXISTS around the test; "" = none
	truth string // of a Bool: what holds when it is true

	bind   func(f filter.Field) []any // parameters of value, set or truth, for each time they stand
	whole  bool                       // numbers are whole
	ranks  map[string]int64           // an enum that is kept as a number
	always bool                       // there is always a value
	object string                     // custom attributes: the JSON object that holds them
}

type compiler struct {
	driver  db.Driver
	me      string
	columns map[string]column

	sql  strings.Builder
	args []any
}

func (c *compiler) plan(p filter.Plan) error {
	if p.Test != nil {
		return c.test(*p.Test)
	}
	if len(p.Parts) == 0 {
		if p.Any {
			c.sql.WriteString(`1 = 0`)
		} else {
			c.sql.WriteString(`1 = 1`)
		}
		return nil
	}
	join := ` AND `
	if p.Any {
		join = ` OR `
	}
	for i, part := range p.Parts {
		if i > 0 {
			c.sql.WriteString(join)
		}
		c.sql.WriteByte('(')
		if err := c.plan(part); err != nil {
			return err
		}
		c.sql.WriteByte(')')
	}
	return nil
}

// test writes one test. What a row has no value for makes the comparison NULL,
// which selects nothing; its negation selects it.
func (c *compiler) test(t filter.Test) error {
	col, ok := c.columns[t.Field.Name]
	if !ok {
		return errs.New(errs.Internal, "filter.column", "A field of the registry has no column.")
	}
	if col.object != "" {
		col = attribute(c.driver, col, t.Field.Kind)
	}
	if t.Not {
		c.sql.WriteByte('(')
	}
	before, after, wrapped := strings.Cut(col.wrap, `%`)
	if wrapped {
		c.sql.WriteString(before)
	}
	if err := c.comparison(t, col); err != nil {
		return err
	}
	if wrapped {
		c.sql.WriteString(after)
	}
	if t.Not {
		c.sql.WriteString(`) IS NOT TRUE`)
	}
	return nil
}

func (c *compiler) comparison(t filter.Test, col column) error {
	switch t.Compare {
	case filter.Exists:
		c.exists(t.Field, col)
	case filter.True:
		c.write(col.truth, col.bound(c, t.Field)...)
	case filter.OneOf:
		return c.oneOf(t, col)
	case filter.Within:
		c.like(t, col, `%`+escaped(t.Values[0].Text)+`%`)
	case filter.Prefixes:
		c.like(t, col, escaped(t.Values[0].Text)+`%`)
	case filter.Less, filter.AtMost, filter.More, filter.AtLeast, filter.Ranges:
		return c.order(t, col)
	default:
		return errs.New(errs.Internal, "filter.compare", fmt.Sprintf("No query for the comparison %q.", t.Compare))
	}
	return nil
}

func (c *compiler) write(sql string, args ...any) {
	c.sql.WriteString(sql)
	c.args = append(c.args, args...)
}

// bound returns the parameters of one use of the column.
func (col column) bound(c *compiler, f filter.Field) []any {
	switch {
	case col.bind != nil:
		return col.bind(f)
	case f.Kind == filter.Bool:
		return []any{c.me}
	default:
		return nil
	}
}

func (c *compiler) exists(f filter.Field, col column) {
	switch {
	case col.always || col.wrap != "" && col.value != "" && f.Kind == filter.Set:
		c.write(`1 = 1`) // of a Set: the row that is looked for is there
	case col.set != "":
		c.write(col.set, col.bound(c, f)...)
	default:
		c.write(col.value+` IS NOT NULL`, col.bound(c, f)...)
	}
}

func (c *compiler) oneOf(t filter.Test, col column) error {
	if len(t.Values) == 0 {
		c.write(`1 = 0`)
		return nil
	}
	switch t.Field.Kind {
	case filter.Time:
		return c.instant(t, col)
	case filter.Number:
		c.number(t, col)
		return nil
	case filter.Text:
		c.write(`lower(`+col.value+`)`+` IN (`, col.bound(c, t.Field)...)
	default:
		c.write(col.value+` IN (`, col.bound(c, t.Field)...)
	}
	for i, v := range t.Values {
		if i > 0 {
			c.sql.WriteString(`, `)
		}
		switch {
		case col.ranks != nil:
			c.write(`?`, col.ranks[v.Text])
		case t.Field.Kind == filter.Text:
			c.write(`?`, filter.Lower(v.Text))
		default:
			c.write(`?`, v.Text)
		}
	}
	c.sql.WriteByte(')')
	return nil
}

// like compares with a pattern. Both databases ignore the case of ASCII
// letters alone: PostgreSQL in the collation "C".
func (c *compiler) like(t filter.Test, col column, pattern string) {
	word := ` LIKE `
	if c.driver == db.Postgres {
		word = ` ILIKE `
	}
	c.write(col.value+word+`? ESCAPE '\'`, append(col.bound(c, t.Field), pattern)...)
}

func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

func (c *compiler) order(t filter.Test, col column) error {
	switch t.Field.Kind {
	case filter.Time:
		return c.instant(t, col)
	case filter.Number:
		c.number(t, col)
	default: // Date: days in their order as text
		sign := map[filter.Compare]string{filter.Less: `<`, filter.AtMost: `<=`, filter.More: `>`, filter.AtLeast: `>=`}[t.Compare]
		if t.Compare == filter.Ranges {
			c.write(col.value+` BETWEEN ? AND ?`, append(col.bound(c, t.Field), t.Values[0].Text, t.Values[1].Text)...)
			return nil
		}
		c.write(col.value+` `+sign+` ?`, append(col.bound(c, t.Field), t.Values[0].Text)...)
	}
	return nil
}

// instant compares microseconds with the whole milliseconds that people see.
func (c *compiler) instant(t filter.Test, col column) error {
	const milli = int64(time.Millisecond / time.Microsecond)
	from := db.Micros(t.Values[0].Time)
	c.sql.WriteByte('(')
	switch t.Compare {
	case filter.OneOf:
		for i, v := range t.Values {
			if i > 0 {
				c.sql.WriteString(` OR `)
			}
			from = db.Micros(v.Time)
			c.write(col.value+` >= ? AND `+col.value+` < ?`, from, from+milli)
		}
	case filter.Less:
		c.write(col.value+` < ?`, from)
	case filter.AtMost:
		c.write(col.value+` < ?`, from+milli)
	case filter.More:
		c.write(col.value+` >= ?`, from+milli)
	case filter.AtLeast:
		c.write(col.value+` >= ?`, from)
	case filter.Ranges:
		c.write(col.value+` >= ? AND `+col.value+` < ?`, from, db.Micros(t.Values[1].Time)+milli)
	default:
		return errs.New(errs.Internal, "filter.compare", "No query for the comparison of times.")
	}
	if col.set != "" {
		c.write(` AND ` + col.set) // 0 is no time
	}
	c.sql.WriteByte(')')
	return nil
}

// number compares numbers. A column of whole ones is compared with whole ones,
// so that its index serves.
func (c *compiler) number(t filter.Test, col column) {
	sign := map[filter.Compare]string{filter.OneOf: `=`, filter.Less: `<`, filter.AtMost: `<=`, filter.More: `>`, filter.AtLeast: `>=`, filter.Ranges: `>=`}[t.Compare]
	low, whole := t.Values[0].Number, col.whole
	param := `?`
	if !whole && c.driver == db.Postgres {
		param = `CAST(? AS double precision)`
	}
	if whole && t.Compare == filter.OneOf && low != math.Trunc(low) {
		c.write(`1 = 0`)
		return
	}
	c.sql.WriteByte('(')
	c.write(col.value+` `+sign+` `+param, append(col.bound(c, t.Field), bounded(low, whole, sign))...)
	if t.Compare == filter.Ranges {
		c.write(` AND `+col.value+` <= `+param, append(col.bound(c, t.Field), bounded(t.Values[1].Number, whole, `<=`))...)
	}
	if col.set != "" {
		c.write(` AND `+col.set, col.bound(c, t.Field)...)
	}
	c.sql.WriteByte(')')
}

// bounded is a bound as it is compared with whole numbers by a sign.
func bounded(n float64, whole bool, sign string) any {
	switch {
	case !whole:
		return n
	case sign == `<` || sign == `>=`:
		return int64(math.Ceil(n))
	default:
		return int64(math.Floor(n))
	}
}
