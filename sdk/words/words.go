// Package words finds words in what people write: whatever the case and the
// width of the characters, on word boundaries where a script has them, and, if
// asked for, where somebody put symbols between Chinese characters to hide
// them. Keyword bots and analyzers are made of it.
//
// Positions are characters (Unicode code points) of the text as it was written.
package words

import (
	"strings"
	"unicode"
)

// Text is a text, made ready to be looked through.
type Text struct{ runes []rune }

// Of makes a text ready. Each character stays at its place: upper case becomes
// lower case, full-width forms become the usual ones ("ＶＩＰ１" is "vip1"), curly
// quotes become straight ones.
func Of(s string) Text {
	runes := []rune(s)
	for i, r := range runes {
		runes[i] = fold(r)
	}
	return Text{runes}
}

// String returns the text as it is compared.
func (t Text) String() string { return string(t.runes) }

// Len returns how many characters the text has.
func (t Text) Len() int { return len(t.runes) }

// Offset between the full-width forms and the ASCII characters they stand for.
const (
	fullFirst, fullLast = '！', '～'
	fullOffset          = '！' - '!'
)

func fold(r rune) rune {
	switch {
	case r >= fullFirst && r <= fullLast:
		r -= fullOffset
	case r == '’' || r == '‘':
		r = '\''
	case r == '“' || r == '”':
		r = '"'
	case r == 0x0130: // its lower case is two characters in Turkish, and none of ours
		return 'i'
	case unicode.IsSpace(r):
		return ' '
	}
	return unicode.ToLower(r)
}

// Span is a part of a text: characters from Start up to End.
type Span struct{ Start, End int }

// Within reports whether s lies in another span.
func (s Span) Within(other Span) bool { return s.Start >= other.Start && s.End <= other.End }

// Word is a word or a phrase to look for. The zero value is found nowhere.
type Word struct {
	runes  []rune
	gapped bool
}

// New returns a word. Blanks around it do not count, and a blank within it
// stands for any number of them.
func New(s string) Word {
	return Word{runes: []rune(strings.Join(strings.Fields(Of(s).String()), " "))}
}

// Gapped returns the word, found also where up to 3 blanks, invisible
// characters or symbols stand between two of its Chinese characters: "投 诉",
// "投*诉". What ends a part of a sentence is no such symbol.
func (w Word) Gapped() Word {
	w.gapped = true
	return w
}

// String returns the word as it is compared.
func (w Word) String() string { return string(w.runes) }

// IsZero reports whether there is nothing to look for.
func (w Word) IsZero() bool { return len(w.runes) == 0 }

// maxGap bounds what may stand between two characters of a gapped word.
const maxGap = 3

// All returns where the word stands in a text, from left to right, none of them
// overlapping.
func (w Word) All(t Text) []Span {
	var out []Span
	for at := 0; at < len(t.runes); at++ {
		if end := w.at(t.runes, at); end > at {
			out = append(out, Span{at, end})
			at = end - 1
		}
	}
	return out
}

// In reports whether the word stands in a text.
func (w Word) In(t Text) bool {
	for at := range t.runes {
		if w.at(t.runes, at) > at {
			return true
		}
	}
	return false
}

// at returns where the word ends that begins at a place; 0 = it does not.
func (w Word) at(text []rune, start int) int {
	if len(w.runes) == 0 || text[start] != w.runes[0] || start > 0 && joined(text[start-1], text[start]) {
		return 0
	}
	at := start + 1
	for i, want := range w.runes[1:] {
		at += w.skip(text[at:], w.runes[i], want)
		if at >= len(text) || text[at] != want {
			return 0
		}
		at++
	}
	if at < len(text) && joined(text[at-1], text[at]) {
		return 0
	}
	return at
}

// skip returns how many characters to pass over between two of the word.
func (w Word) skip(rest []rune, before, next rune) int {
	n := 0
	switch {
	case before == ' ': // the first blank was compared
		for n < len(rest) && rest[n] == ' ' {
			n++
		}
	case w.gapped && ideographic(before) && ideographic(next):
		for n < len(rest) && n < maxGap && gap(rest[n]) {
			n++
		}
	default:
		for n < len(rest) && n < maxGap && unicode.Is(unicode.Cf, rest[n]) {
			n++
		}
	}
	return n
}

// gap reports whether a character may hide between two of a word.
func gap(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(",;:!?。、\n", r)
}

// joined reports whether there is no word boundary between two characters:
// both belong to a script that writes words apart, or are digits of one number.
func joined(a, b rune) bool { return spaced(a) && spaced(b) }

func spaced(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) && !ideographic(r)
}

// ideographic reports whether a script writes words without blanks.
func ideographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
