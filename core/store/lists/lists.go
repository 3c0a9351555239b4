// Package lists reads lists in stretches: each is a part of an index that is in
// the order asked for already, so that a page costs the rows it passes.
package lists

import (
	"context"
	"strconv"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Stretch is a part of a list: the rows of one index in its order.
type Stretch[Row any] struct {
	Where   string // constant
	Key     string // column of the order; the id breaks ties
	Asc     bool
	ByState bool // the index begins with the state
	Of      func(*Row) int64
}

// Direction returns how the stretch is ordered, and how what comes after a row
// compares with it.
func (s Stretch[Row]) Direction() (order, sign string) {
	if s.Asc {
		return ` ASC`, `>`
	}
	return ` DESC`, `<`
}

// After is the row that a part of a stretch follows; its zero value is the
// stretch's start.
type After struct {
	Key int64
	ID  string
}

// List is one list in one order.
type List[Row, Item any] struct {
	// Order names the order in cursors: a cursor of another one is refused.
	Order string
	Parts []Stretch[Row]
	// Query selects at most limit rows of a stretch, in its order.
	Query func(s Stretch[Row], after After, limit int) (query string, args []any)
	Dest  func(*Row) []any
	ID    func(*Row) string
	Item  func(*Row) Item
}

// Page reads a page of it.
func (l List[Row, Item]) Page(ctx context.Context, d *db.DB, p page.Request) (page.Page[Item], error) {
	var out page.Page[Item]
	from, err := l.read(p.Cursor)
	if err != nil {
		return out, err
	}
	size, last := p.Size(), cursor{}
	for n := from.stretch; n < len(l.Parts) && out.Next == ""; n++ {
		query, args := l.Query(l.Parts[n], from.After, size+1-len(out.Items))
		from = cursor{}
		err := d.RowsOnce(ctx, query, args, func(sc db.Scanner) error {
			var row Row
			if err := sc.Scan(l.Dest(&row)...); err != nil {
				return err
			}
			if len(out.Items) == size {
				out.Next = l.write(last)
				return nil
			}
			last = cursor{n, After{Key: l.Parts[n].Of(&row), ID: l.ID(&row)}}
			out.Items = append(out.Items, l.Item(&row))
			return nil
		})
		if err != nil {
			return page.Page[Item]{}, err
		}
	}
	return out, nil
}

// cursor is where a page begins: after a row of a stretch, or at its start.
type cursor struct {
	stretch int
	After
}

func (l List[Row, Item]) write(c cursor) string {
	return page.Encode(l.Order, strconv.Itoa(c.stretch), strconv.FormatInt(c.Key, 10), c.ID)
}

func (l List[Row, Item]) read(text string) (cursor, error) {
	key, err := page.Decode(text, 4)
	if err != nil || key == nil {
		return cursor{}, err
	}
	c := cursor{After: After{ID: key[3]}}
	n, err := strconv.ParseUint(key[1], 10, 8)
	c.stretch = int(n)
	if err == nil {
		c.Key, err = strconv.ParseInt(key[2], 10, 64)
	}
	if err != nil || key[0] != l.Order || c.stretch >= len(l.Parts) || db.CheckText(c.ID) != nil {
		return cursor{}, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out for this order. Start again without it.")
	}
	return c, nil
}
