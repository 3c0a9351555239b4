package team

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// wrong collects what is wrong with a request.
type wrong struct {
	errs.Refusals
}

func (w *wrong) err() error {
	return w.Refused("team.invalid", "Some values are not accepted.")
}

// text returns a text without the space around it, and refuses what cannot be
// stored or shown. lines allows line breaks.
func (w *wrong) text(pointer, text string, limit int, lines bool) string {
	if !utf8.ValidString(text) {
		w.Refuse(pointer, "invalid_text", "is not valid text (UTF-8)")
		return ""
	}
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n > limit {
		w.Refuse(pointer, "too_long", fmt.Sprintf("has %d characters; at most %d", n, limit))
	}
	if strings.ContainsFunc(text, func(r rune) bool { return identity.Deceptive(r) && (!lines || r != '\n' && r != '\t') }) {
		w.Refuse(pointer, "invalid_character", "holds control characters")
	}
	return text
}

func (w *wrong) name(text string) string {
	text = w.text("/name", text, MaxName, false)
	if !strings.ContainsFunc(text, unicode.IsGraphic) {
		w.Refuse("/name", "required", "is missing")
	}
	return text
}

// list returns ids sorted, each once.
func list[T ~string](w *wrong, pointer string, ids []T, limit int) []T {
	out := slices.Clone(ids)
	slices.Sort(out)
	if out = slices.Compact(out); len(out) > limit {
		w.Refuse(pointer, "too_many", fmt.Sprintf("has %d entries; at most %d", len(out), limit))
	}
	return out
}
