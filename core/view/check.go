package view

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
)

// check collects what is wrong with a draft.
type check struct {
	fields []errs.Field
}

func (c *check) refuse(pointer, code, detail string) {
	c.fields = append(c.fields, errs.Field{Pointer: pointer, Code: code, Detail: detail})
}

func (c *check) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return errs.New(errs.Invalid, "view.invalid", "Some fields are not right.").WithFields(c.fields...)
}

// text checks one line of text and takes the space around it away.
func (c *check) text(pointer string, v *string, limit int, required bool) {
	if v == nil {
		return
	}
	*v = strings.TrimSpace(*v)
	switch {
	case !plain(*v):
		c.refuse(pointer, "characters", "holds characters that cannot be shown in a line")
	case utf8.RuneCountInString(*v) > limit:
		c.refuse(pointer, "too_long", fmt.Sprintf("has more than %d characters", limit))
	case required && *v == "":
		c.refuse(pointer, "required", "is empty")
	}
}

func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
	})
}

func (c *check) columns(names []string) {
	if len(names) > MaxColumns {
		c.refuse("/columns", "too_long", fmt.Sprintf("has more than %d names", MaxColumns))
	}
	for i, name := range names {
		if name == "" || utf8.RuneCountInString(name) > MaxColumn || !plain(name) {
			c.refuse(fmt.Sprintf("/columns/%d", i), "format", "is no name of a column")
		}
	}
}
