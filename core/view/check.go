package view

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// check collects what is wrong with a draft.
type check struct {
	errs.Refusals
}

func (c *check) err() error { return c.Refused("view.invalid", "Some fields are not right.") }

// text checks one line of text and takes the space around it away.
func (c *check) text(pointer string, v *string, limit int, required bool) {
	if v == nil {
		return
	}
	*v = strings.TrimSpace(*v)
	switch {
	case !plain(*v):
		c.Refuse(pointer, "characters", "holds characters that cannot be shown in a line")
	case utf8.RuneCountInString(*v) > limit:
		c.Refuse(pointer, "too_long", fmt.Sprintf("has more than %d characters", limit))
	case required && *v == "":
		c.Refuse(pointer, "required", "is empty")
	}
}

func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, identity.Deceptive)
}

func (c *check) columns(names []string) {
	if len(names) > MaxColumns {
		c.Refuse("/columns", "too_long", fmt.Sprintf("has more than %d names", MaxColumns))
	}
	for i, name := range names {
		if name == "" || utf8.RuneCountInString(name) > MaxColumn || !plain(name) {
			c.Refuse(fmt.Sprintf("/columns/%d", i), "format", "is no name of a column")
		}
	}
}
