package conversation

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
)

// maxClientID bounds a client's message id. Clients make UUIDs.
const maxClientID = 64

// checkWritten is checkText for a message, which may be its files alone.
func checkWritten(text string, files []media.ID, limit int) error {
	if text == "" && len(files) > 0 {
		return nil
	}
	return checkText(text, limit)
}

// checkText refuses what cannot be stored or shown: nothing, too much, broken
// UTF-8, NUL and other control characters. limit is in characters.
func checkText(text string, limit int) error {
	if err := checkStorable(text, limit); err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return badText("empty", "The text is empty.")
	}
	return nil
}

func badText(code, message string) error {
	return errs.New(errs.Invalid, "message.text_"+code, message).
		WithFields(errs.Field{Pointer: "/text", Code: code, Detail: message})
}

// checkStorable is checkText for what may be nothing yet.
func checkStorable(text string, limit int) error {
	switch {
	case !utf8.ValidString(text):
		return badText("encoding", "The text is not valid UTF-8.")
	case utf8.RuneCountInString(text) > limit:
		return badText("too_long", "The text is too long. Send it in parts.")
	case strings.ContainsFunc(text, forbidden):
		return badText("control", "The text holds control characters, such as NUL. Remove them.")
	}
	return nil
}

func forbidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r'
}

// oneLine puts a text on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func checkClientID(id string) error {
	ok := id != "" && len(id) <= maxClientID && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
	if ok {
		return nil
	}
	return errs.New(errs.Invalid, "message.client_id", "client_msg_id must be 1 to 64 printable ASCII characters; make a UUID for each message.").
		WithFields(errs.Field{Pointer: "/client_msg_id", Code: "format", Detail: "must be 1 to 64 printable ASCII characters"})
}

// clean makes text from a far side storable without losing it: broken UTF-8
// becomes U+FFFD and control characters go.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if forbidden(r) {
			return -1
		}
		return r
	}, text)
}

func hashOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

func errReused() error {
	return errs.New(errs.Invalid, "message.client_id_reused",
		"This client_msg_id was used for another message. Make a new one for each message.").
		WithFields(errs.Field{Pointer: "/client_msg_id", Code: "reused", Detail: "was used for another message"})
}
