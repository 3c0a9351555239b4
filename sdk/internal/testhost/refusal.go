package testhost

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// refuse is a refusal as the core words it: its own code first, then the
// sentence, then each wrong field.
func refuse(code codes.Code, own, sentence string, fields ...[2]string) error {
	var text strings.Builder
	text.WriteString(own + ": " + sentence)
	for _, f := range fields {
		text.WriteString(" " + f[0] + " " + f[1] + ".")
	}
	return status.Error(code, text.String())
}

func invalid(own, sentence string, fields ...[2]string) error {
	return refuse(codes.InvalidArgument, own, sentence, fields...)
}

func conflict(own, sentence string, fields ...[2]string) error {
	return refuse(codes.FailedPrecondition, own, sentence, fields...)
}

func absent() error {
	return refuse(codes.NotFound, "not_found", "There is no such thing here, or you may not see it.")
}

// wrong refuses a field of a request.
func wrong(field, detail string) error {
	return invalid("plugin.request", field+" "+detail+".", [2]string{"/" + field, detail})
}

// unknown refuses a field that names what is not there.
func unknown(field, detail string) error {
	return invalid("plugin.request", field+": "+detail+".", [2]string{"/" + field, detail})
}

func full(what string, most int) error {
	return conflict("plugin.full", fmt.Sprintf("The instance has %d %s already, which is the most that is kept for one.", most, what))
}

// Limits of what is kept for one instance.
const (
	maxName       = 200 // bytes of a key
	maxValue      = 64 << 10
	maxKeys       = 10_000
	maxClaims     = 100_000
	maxLeases     = 1000
	maxSchedules  = 1000
	maxPage       = 3 << 20 // bytes of the values of a page
	day           = 24 * time.Hour
	forever       = 10 * 365 * day
	maxInterval   = 366 * day
	maxFuture     = 5 * 366 * day
	leastInterval = 10 * time.Second
)

func checkName(field, name string) error {
	switch {
	case name == "":
		return wrong(field, "is missing")
	case len(name) > maxName:
		return wrong(field, fmt.Sprintf("has %d bytes; at most %d are kept", len(name), maxName))
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return wrong(field, "must be text in UTF-8 without NUL")
	}
	return nil
}

func checkSize(field string, value []byte) error {
	if len(value) > maxValue {
		return wrong(field, fmt.Sprintf("has %d bytes; at most %d are kept", len(value), maxValue))
	}
	return nil
}

func checkSpan(field string, d, least, most time.Duration) error {
	if d < least || d > most {
		return wrong(field, fmt.Sprintf("must be %v to %v", least, most))
	}
	return nil
}

// firstOf returns the first error.
func firstOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// control reports what no text may hold; lines may break where that is allowed.
func control(text string, lines bool) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && (!lines || r != '\n' && r != '\r' && r != '\t')
	})
}

// deceptive reports what people cannot see in a line they read: control
// characters, and what turns the direction of text.
func deceptive(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
	})
}

// cut shortens s to at most n bytes, at a character.
func cut(s string, n int) string {
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
