package tnef

import (
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/charset"
)

// Bounds of what is read.
const (
	maxGroups = 500
	maxFonts  = 1000
)

// richText reads what rich text says: as the page that Outlook has wrapped in it
// (MS-OXRTFEX), or as plain text.
func richText(rtf []byte) (text, page string) {
	if !strings.HasPrefix(string(rtf[:min(len(rtf), 5)]), `{\rtf`) {
		return "", ""
	}
	r := &reader{rest: rtf, fonts: map[int]string{}, codepage: "windows-1252", group: group{fallback: 1}}
	for len(r.rest) > 0 && r.out.Len() < maxRTF {
		r.next()
	}
	r.flush()
	out := strings.TrimRight(strings.ReplaceAll(r.out.String(), "\r\n", "\n"), "\x00\n")
	if r.html {
		return "", out
	}
	return out, ""
}

// group is what holds within a pair of braces.
type group struct {
	into     destination
	codepage string // of the font; "" = the document's
	fallback int    // letters that stand for \u where nobody knows it
	hidden   bool   // \htmlrtf: for readers of rich text alone
	started  bool   // something was read in it
	starred  bool   // \* : to be left out unless it is known
}

// destination is where text goes.
type destination int

const (
	body destination = iota
	nowhere
	fontTable
	tag // a piece of the page
)

type reader struct {
	rest     []byte
	out      strings.Builder
	letters  []byte // that wait for their codepage
	high     rune   // the first half of a character of two; 0 = none
	skip     int    // letters that stand for the last \u
	html     bool
	codepage string
	fonts    map[int]string
	font     int // that is being described
	group
	groups []group
	deeper int // groups beyond what is remembered
}

func (r *reader) next() {
	c := r.rest[0]
	r.rest = r.rest[1:]
	switch c {
	case '{':
		r.open()
	case '}':
		r.close()
	case '\\':
		r.control()
	case '\r', '\n', 0:
	default:
		r.letter(c)
	}
}

func (r *reader) open() {
	r.flush()
	r.skip = 0
	if len(r.groups) == maxGroups {
		r.deeper++
		return
	}
	r.groups = append(r.groups, r.group)
	r.started, r.starred = false, false
}

func (r *reader) close() {
	r.flush()
	r.skip = 0
	switch n := len(r.groups); {
	case r.deeper > 0:
		r.deeper--
	case n == 0:
	default:
		r.group, r.groups = r.groups[n-1], r.groups[:n-1]
	}
}

// letter takes one byte of text.
func (r *reader) letter(c byte) {
	r.started = true
	if r.skip > 0 {
		r.skip--
		return
	}
	if r.shown() {
		r.letters = append(r.letters, c)
	}
}

// shown reports whether text goes anywhere.
func (r *reader) shown() bool {
	return r.into == tag || r.into == body && (!r.html || !r.hidden)
}

// put writes a character that needs no codepage.
func (r *reader) put(s string) {
	r.flush()
	if r.shown() {
		r.out.WriteString(s)
	}
}

func (r *reader) flush() {
	if r.high != 0 && len(r.letters) > 0 {
		r.high = 0
	}
	if len(r.letters) == 0 {
		return
	}
	label := r.group.codepage
	if label == "" {
		label = r.codepage
	}
	text, _ := charset.Decode(label, r.letters)
	r.out.WriteString(text)
	r.letters = r.letters[:0]
}

// control reads what follows a backslash.
func (r *reader) control() {
	if len(r.rest) == 0 {
		return
	}
	c := r.rest[0]
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		word, number, given := r.word()
		r.do(word, number, given)
		r.started = true
		return
	}
	r.rest = r.rest[1:]
	switch c {
	case '\'':
		if len(r.rest) >= 2 {
			hi, lo := nibble(r.rest[0]), nibble(r.rest[1])
			r.rest = r.rest[2:]
			if hi >= 0 && lo >= 0 {
				r.letter(byte(hi<<4 | lo)) //nolint:gosec // two digits
			}
		}
	case '\\', '{', '}':
		r.letter(c)
	case '~':
		r.put("\u00a0")
	case '_':
		r.put("\u2011")
	case '*':
		r.starred = true
		return
	case '\r', '\n':
		r.put("\n")
	}
	r.started = true
}

func nibble(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }

// word reads the name of a control and its number.
func (r *reader) word() (word string, number int, given bool) {
	n := 0
	for n < len(r.rest) && n < 32 && (r.rest[n] >= 'a' && r.rest[n] <= 'z' || r.rest[n] >= 'A' && r.rest[n] <= 'Z') {
		n++
	}
	word, r.rest = string(r.rest[:n]), r.rest[n:]
	negative := len(r.rest) > 1 && r.rest[0] == '-' && r.rest[1] >= '0' && r.rest[1] <= '9'
	if negative {
		r.rest = r.rest[1:]
	}
	for n = 0; n < len(r.rest) && n < 10 && r.rest[n] >= '0' && r.rest[n] <= '9'; n++ {
		number = number*10 + int(r.rest[n]-'0')
	}
	if r.rest = r.rest[n:]; len(r.rest) > 0 && r.rest[0] == ' ' {
		r.rest = r.rest[1:]
	}
	if negative {
		number = -number
	}
	return word, number, n > 0
}
