package importing

import (
	"errors"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
)

// reader turns rows into what they say of a contact.
type reader struct {
	columns []Column
	mapping map[int]Field
	order   []int // the mapped columns
	defined contact.Definitions
}

func newReader(i *Import, defined contact.Definitions) *reader {
	return &reader{columns: i.Columns, mapping: i.Mapping, order: sorted(i.Mapping), defined: defined}
}

// draft is what a row says.
type draft struct {
	row          int
	edit         contact.Edit
	organisation string
	keys         map[Match]string // in their normal form
}

// read returns what a row says, or what is wrong with it.
func (r *reader) read(cells []string, row int) (draft, []RowError) {
	d := draft{row: row, keys: make(map[Match]string)}
	at := make(map[string]int) // pointer of a field → its column
	attributes := make(map[string]any)
	for _, index := range r.order {
		if index >= len(cells) || cells[index] == "" {
			continue
		}
		r.take(&d, attributes, at, index, cells[index])
	}
	if len(at) == 0 || d.edit.Name == nil && d.edit.Email == nil && d.edit.Phone == nil && d.edit.External == nil {
		return d, []RowError{{Row: row, Place: -1, Code: "required", Detail: "gives no name, e-mail address, telephone number or external id"}}
	}
	var wrong []RowError
	checked, err := r.defined.Check(attributes)
	wrong = append(wrong, r.complaints(err, row, cells, at)...)
	if len(checked) > 0 {
		d.edit.Attributes = checked
	}
	wrong = append(wrong, r.complaints(d.edit.Normal(), row, cells, at)...)
	if n := len([]rune(d.organisation)); n > contact.MaxName {
		wrong = append(wrong, r.refuse(row, at["/organisation"], cells, "too_long", "is longer than 200 characters"))
	}
	for m, v := range map[Match]*string{ByEmail: d.edit.Email, ByPhone: d.edit.Phone, ByExternal: d.edit.External} {
		if v != nil {
			d.keys[m] = *v
		}
	}
	return d, wrong
}

// take puts a cell where it belongs.
func (r *reader) take(d *draft, attributes map[string]any, at map[string]int, index int, cell string) {
	f := r.mapping[index]
	at["/"+strings.Replace(string(f), ".", "/", 1)] = index
	switch f {
	case Name:
		d.edit.Name = &cell
	case Email:
		d.edit.Email = &cell
	case Phone:
		d.edit.Phone = &cell
	case External:
		d.edit.External = &cell
	case Note:
		d.edit.Note = &cell
	case Organisation:
		d.organisation = cell
	default:
		key := strings.TrimPrefix(string(f), ofAttributes)
		attributes[key] = typed(r.defined.Type(key), cell)
	}
}

// typed is a cell as the value of an attribute. What is not a number or a
// truth value stays text, and is refused where it is checked.
func typed(kind, cell string) any {
	switch kind {
	case "number":
		if n, err := strconv.ParseFloat(cell, 64); err == nil {
			return n
		}
	case "boolean":
		switch strings.ToLower(cell) {
		case "true", "yes", "y", "1", "是", "真", "√":
			return true
		case "false", "no", "n", "0", "否", "假", "×":
			return false
		}
	}
	return cell
}

// complaints are the wrong fields of an error, by their cells.
func (r *reader) complaints(err error, row int, cells []string, at map[string]int) []RowError {
	var e *errs.Error
	if !errors.As(err, &e) {
		return nil
	}
	var out []RowError
	for _, f := range e.Fields {
		index, ok := at[f.Pointer]
		if !ok {
			index = -1
		}
		out = append(out, r.refuse(row, index, cells, f.Code, f.Detail))
	}
	return out
}

func (r *reader) refuse(row, index int, cells []string, code, detail string) RowError {
	e := RowError{Row: row, Place: index, Code: code, Detail: detail}
	if index >= 0 && index < len(cells) {
		e.Column, e.Value = r.columns[index].Header, cut(storable(cells[index]), maxValue)
	}
	return e
}
