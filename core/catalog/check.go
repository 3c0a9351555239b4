package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/patchbay-im/patchbay/core/identity"
)

// wrong collects what is wrong with a request.
type wrong struct {
	identity.Wrong
}

func (w *wrong) err() error {
	return w.Refused("catalog.invalid", "Some values are not accepted.")
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
	text = strings.ToLower(w.Line("/shortcut", strings.TrimPrefix(strings.TrimSpace(text), "/"), MaxShortcut))
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
		out[i] = w.Name(pointer, o, MaxName)
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
