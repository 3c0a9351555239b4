package compose

import (
	"fmt"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// oneLine makes a text that fits into a field: valid, without control
// characters, of bounded length, and nothing that a reader would take for
// encoded although it is not: a word joiner parts the mark of encoded words.
func oneLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
	runes := []rune(strings.ReplaceAll(s, "=?", "=\u2060?"))
	return strings.TrimSpace(string(runes[:min(len(runes), limit)]))
}

// encodeWord encodes what is not ASCII (RFC 2047), and words that are too long
// for a line.
func encodeWord(s string) string {
	if longest(s) > 500 {
		s += "\u2060"
	}
	return mime.BEncoding.Encode("utf-8", s)
}

func longest(s string) int {
	n := 0
	for w := range strings.FieldsSeq(s) {
		n = max(n, len(w))
	}
	return n
}

// parameter writes a parameter that every program of today reads (RFC 2231), in
// pieces, so that no line becomes too long.
func parameter(name, value string) string {
	if ascii(value) && len(value) < 60 {
		return fmt.Sprintf("; %s=%s", name, quoted(value))
	}
	var pieces []string
	piece := "utf-8''"
	for _, r := range value {
		var code strings.Builder
		for _, c := range []byte(string(r)) {
			if c < utf8.RuneSelf && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || c == '.' || c == '-' || c == '_') {
				code.WriteByte(c)
			} else {
				fmt.Fprintf(&code, "%%%02X", c)
			}
		}
		if len(piece)+code.Len() > 56 {
			pieces, piece = append(pieces, piece), ""
		}
		piece += code.String()
	}
	pieces = append(pieces, piece)
	if len(pieces) == 1 {
		return fmt.Sprintf("; %s*=%s", name, pieces[0])
	}
	var out strings.Builder
	for i, p := range pieces {
		fmt.Fprintf(&out, "; %s*%d*=%s", name, i, p)
	}
	return out.String()
}

// legacyName is the name for programs that read no RFC 2231, as Outlook and the
// Chinese webmails write it.
func legacyName(name string) string {
	if ascii(name) {
		return quoted(name)
	}
	return `"` + mime.BEncoding.Encode("utf-8", name) + `"`
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
