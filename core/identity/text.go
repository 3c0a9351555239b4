package identity

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Wrong collects what is wrong with a request whose texts other people read.
type Wrong struct {
	errs.Refusals
}

// Text refuses what cannot be stored or shown, and returns it for the use of
// who goes on. lines allows line breaks, and what turns the direction of the
// text in them.
func (w *Wrong) Text(pointer, text string, limit int, lines bool) string {
	switch {
	case !utf8.ValidString(text):
		w.Refuse(pointer, "invalid_text", "is not valid text (UTF-8)")
		return ""
	case utf8.RuneCountInString(text) > limit:
		w.Refuse(pointer, "too_long", fmt.Sprintf("has more than %d characters", limit))
	case strings.ContainsFunc(text, func(r rune) bool { return Unreadable(r, lines) }):
		w.Refuse(pointer, "invalid_character", "holds control characters")
	}
	return text
}

// Line returns one line of text without the space around it.
func (w *Wrong) Line(pointer, text string, limit int) string {
	return w.Text(pointer, strings.TrimSpace(text), limit, false)
}

// Name is a line that says something.
func (w *Wrong) Name(pointer, text string, limit int) string {
	text = w.Line(pointer, text, limit)
	if !strings.ContainsFunc(text, unicode.IsGraphic) {
		w.Refuse(pointer, "required", "is missing")
	}
	return text
}

// Unreadable is Deceptive for texts of several lines, too: those may break, and
// turn their direction.
func Unreadable(r rune, lines bool) bool {
	if !lines {
		return Deceptive(r)
	}
	return r != '\n' && r != '\r' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp))
}
