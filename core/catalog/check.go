package catalog

import (
	"fmt"
	"regexp"
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
	return w.Refused("catalog.invalid", "Some values are not accepted.")
}

// line returns one line of text without the space around it.
func (w *wrong) line(pointer, text string, limit int) string {
	return w.text(pointer, strings.TrimSpace(text), limit, false)
}

// text refuses what cannot be stored or shown. lines allows line breaks.
func (w *wrong) text(pointer, text string, limit int, lines bool) string {
	switch {
	case !utf8.ValidString(text):
		w.Refuse(pointer, "invalid_text", "is not valid text (UTF-8)")
		return ""
	case utf8.RuneCountInString(text) > limit:
		w.Refuse(pointer, "too_long", fmt.Sprintf("has more than %d characters", limit))
	case strings.ContainsFunc(text, func(r rune) bool { return deceptive(r, lines) }):
		w.Refuse(pointer, "invalid_character", "holds control characters")
	}
	return text
}

// name is a line that says something.
func (w *wrong) name(pointer, text string, limit int) string {
	text = w.line(pointer, text, limit)
	if !strings.ContainsFunc(text, unicode.IsGraphic) {
		w.Refuse(pointer, "required", "is missing")
	}
	return text
}

func deceptive(r rune, lines bool) bool {
	if !lines {
		return identity.Deceptive(r)
	}
	return r != '\n' && r != '\r' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp))
}

func (w *wrong) color(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if ok, _ := regexp.MatchString(`^#[0-9a-f]{6}$`, text); !ok { // the pattern compiles
		w.Refuse("/color", "format", "must be a colour such as #2f80ed")
	}
	return text
}

func (w *wrong) key(text string) {
	if !ValidKey(text) {
		w.Refuse("/key", "format", fmt.Sprintf("must be a lower-case letter, then letters, digits and _; at most %d characters", MaxKey))
	}
}

// ValidKey reports whether a text may be the key of a custom attribute or field.
func ValidKey(text string) bool {
	ok, _ := regexp.MatchString(`^[a-z][a-z0-9_]*$`, text) // the pattern compiles
	return ok && len(text) <= MaxKey
}

// shortcut is what an agent types after a slash: one word in lower case.
func (w *wrong) shortcut(text string) string {
	text = strings.ToLower(w.line("/shortcut", strings.TrimPrefix(strings.TrimSpace(text), "/"), MaxShortcut))
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '/' || !unicode.IsGraphic(r) }) {
		w.Refuse("/shortcut", "format", "must be one word without spaces and slashes")
	}
	return text
}

// options are what a List may be: each once, in the order given.
func (w *wrong) options(of Type, options []string) []string {
	if of != List {
		if len(options) > 0 {
			w.Refuse("/options", "not_allowed", "only a list has options")
		}
		return nil
	}
	if len(options) == 0 || len(options) > MaxOptions {
		w.Refuse("/options", "count", fmt.Sprintf("a list has 1 to %d options", MaxOptions))
		return nil
	}
	out := make([]string, len(options))
	for i, o := range options {
		pointer := fmt.Sprintf("/options/%d", i)
		out[i] = w.name(pointer, o, MaxName)
		if slices.Contains(out[:i], out[i]) {
			w.Refuse(pointer, "duplicate", "is there twice")
		}
	}
	return out
}

func oneOf[T ~string](w *wrong, pointer string, v T, all ...T) {
	if slices.Contains(all, v) {
		return
	}
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = string(a)
	}
	w.Refuse(pointer, "enum", "must be one of "+strings.Join(names, ", "))
}
