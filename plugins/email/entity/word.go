package entity

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/charset"
)

// Decode turns the value of an unstructured field into text: encoded words
// (RFC 2047), with the liberties that mail takes, and bytes of any charset.
// Words that follow one another are joined before they are decoded, since some
// programs cut characters in two. Control characters become spaces.
func Decode(value string) string {
	var out strings.Builder
	var run words
	rest := value
	for {
		i := strings.Index(rest, "=?")
		if i < 0 {
			break
		}
		w, n, ok := parseWord(rest[i:])
		before := rest[:i]
		if !ok {
			run.flush(&out)
			out.WriteString(plain(before + "=?"))
			rest = rest[i+2:]
			continue
		}
		if strings.TrimSpace(before) != "" || run.empty() {
			run.flush(&out)
			out.WriteString(plain(before))
		}
		run.add(w, &out)
		rest = rest[i+n:]
	}
	run.flush(&out)
	out.WriteString(plain(rest))
	return strings.TrimSpace(printable(out.String()))
}

type word struct {
	charset string
	bytes   []byte
}

// words is a run of encoded words in one charset.
type words struct {
	charset string
	bytes   []byte
}

func (r *words) empty() bool { return r.charset == "" }

func (r *words) add(w word, out *strings.Builder) {
	if !strings.EqualFold(w.charset, r.charset) {
		r.flush(out)
	}
	r.charset = w.charset
	r.bytes = append(r.bytes, w.bytes...)
}

func (r *words) flush(out *strings.Builder) {
	if !r.empty() {
		text, _ := charset.Decode(r.charset, r.bytes)
		out.WriteString(text)
	}
	*r = words{}
}

// parseWord reads the encoded word that s begins with: =?charset?B?text?=.
func parseWord(s string) (w word, length int, ok bool) {
	label, rest, found := strings.Cut(s[2:], "?")
	if !found || label == "" || len(label) > 60 || strings.ContainsAny(label, " \t") || len(rest) < 2 || rest[1] != '?' {
		return w, 0, false
	}
	kind, rest := rest[0], rest[2:]
	end := strings.Index(rest, "?=")
	if end < 0 {
		return w, 0, false
	}
	text := rest[:end]
	length = len(s) - len(rest) + end + 2
	w.charset = label
	switch kind {
	case 'B', 'b':
		w.bytes = decodeBase64([]byte(text))
	case 'Q', 'q':
		w.bytes = unquoteWord(text)
	default:
		return w, 0, false
	}
	return w, length, true
}

// unquoteWord decodes the Q encoding.
func unquoteWord(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c, ok := byte(0), false
		if s[i] == '=' {
			c, ok = octet([]byte(s[i+1 : min(len(s), i+3)]))
		}
		switch {
		case ok:
			out = append(out, c)
			i += 2
		case s[i] == '_':
			out = append(out, ' ')
		default:
			out = append(out, s[i])
		}
	}
	return out
}

// decodeBase64 decodes what can be decoded: foreign characters are skipped, and
// what follows padding is decoded too if it is base64.
func decodeBase64(b []byte) []byte {
	out := make([]byte, 0, len(b)*3/4)
	clean := make([]byte, 0, len(b))
	flush := func() {
		if len(clean)%4 == 1 {
			clean = clean[:len(clean)-1]
		}
		out, _ = base64.RawStdEncoding.AppendDecode(out, clean)
		clean = clean[:0]
	}
	for _, c := range b {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case c == '=':
			flush()
		}
	}
	flush()
	return out
}

// plain is text outside of encoded words.
func plain(s string) string {
	text, _ := charset.Detect([]byte(s))
	return text
}

// printable makes one line of a text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}

// octet reads the two hexadecimal digits that s begins with.
func octet(s []byte) (byte, bool) {
	var c [1]byte
	if len(s) < 2 {
		return 0, false
	}
	_, err := hex.Decode(c[:], s[:2])
	return c[0], err == nil
}
