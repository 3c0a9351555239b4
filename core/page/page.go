// Package page cuts long lists into pages by an opaque cursor that names the
// last row seen, so that rows which arrive meanwhile neither repeat nor hide
// others.
package page

import (
	"encoding/base64"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Limits of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Request asks for one page.
type Request struct {
	Limit  int    // 0 = DefaultLimit; at most MaxLimit
	Cursor string // from the page before; "" = the first page
}

// Size returns the number of rows to return.
func (r Request) Size() int {
	switch {
	case r.Limit <= 0:
		return DefaultLimit
	case r.Limit > MaxLimit:
		return MaxLimit
	default:
		return r.Limit
	}
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	Next  string // cursor of the next page; "" at the end
}

// Each calls fn with everything of a list, from its first page to its last.
func Each[T any](list func(Request) (Page[T], error), fn func(T)) error {
	request := Request{Limit: MaxLimit}
	for {
		p, err := list(request)
		if err != nil {
			return err
		}
		for _, one := range p.Items {
			fn(one)
		}
		if request.Cursor = p.Next; p.Next == "" {
			return nil
		}
	}
}

// Encode makes a cursor of the sort key of the last row.
func Encode(key ...string) string {
	b, err := json.Marshal(key)
	if err != nil { // strings always marshal
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Decode returns the sort key in a cursor, which must have n parts. An empty
// cursor returns nil.
func Decode(cursor string, n int) ([]string, error) {
	if cursor == "" {
		return nil, nil
	}
	invalid := errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, invalid
	}
	var key []string
	if err := json.Unmarshal(b, &key); err != nil || len(key) != n {
		return nil, invalid
	}
	return key, nil
}
