package db

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
)

// checkArgs refuses text that one of the databases cannot keep, so that both
// refuse it alike: PostgreSQL has no NUL in text, and SQLite would keep broken
// UTF-8 that no client could read back. The domain cleans or refuses such text
// first; this is the last door.
func checkArgs(args []any) error {
	for _, a := range args {
		if s, ok := text(a); ok && !storable(s) {
			return textError()
		}
	}
	return nil
}

// text returns what is bound as text.
func text(arg any) (string, bool) {
	switch v := arg.(type) {
	case string:
		return v, true
	case nil, int64, int, bool, []byte:
		return "", false
	default:
		r := reflect.ValueOf(v)
		return r.String(), r.Kind() == reflect.String
	}
}

// CheckText refuses texts that cannot be stored, for those that go into a row
// in a coat (JSON) that would hide it.
func CheckText(texts ...string) error {
	for _, s := range texts {
		if !storable(s) {
			return textError()
		}
	}
	return nil
}

// storable reports whether both databases can keep s and give it back.
func storable(s string) bool {
	return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s)
}

func textError() error {
	return errs.New(errs.Invalid, "storage.text", "The text holds a NUL character or is not valid UTF-8. Remove what is broken.")
}
