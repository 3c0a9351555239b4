// Package quote parts what is new in a reply from what it repeats: quotes,
// the headers that programs put above them, signatures.
//
// It folds only the end of a text, and only what is marked as a quote or stands
// in the conversation already. Many programs repeat the original without marks;
// there the conversation decides, line by line and in order. What somebody
// writes below a quote, between quotes or into an original is new, and so is
// what is forwarded: what nobody here has read yet is never folded.
//
// Its time grows with the length of the text and of the conversation, not with
// their product.
package quote

import "strings"

// Folded is a text in two pieces. Rest is empty if there is nothing to fold;
// New never is, unless the text is.
type Folded struct{ New, Rest string }

// Bounds of a text that is folded: a longer one is new.
const (
	maxText  = 256 << 10 // bytes
	maxLines = 5000
)

// Text is a text that was read. It may be folded any number of times, by several
// at once.
type Text struct {
	whole  string
	lines  []string // with their breaks
	pieces []piece  // of each line
	asks   bool
}

// Read reads a text.
func Read(text string) *Text {
	t := &Text{whole: text}
	if len(text) > maxText || strings.Count(text, "\n") >= maxLines {
		return t
	}
	t.lines = strings.SplitAfter(text, "\n")
	t.pieces = classify(t.lines)
	for _, p := range t.pieces {
		t.asks = t.asks || p.kind == quoted || p.kind == original
	}
	return t
}

// Asks reports whether what was said before may change what is folded.
func (t *Text) Asks() bool { return t.asks }

// Fold folds the text. Said are the messages of the conversation so far, as they
// were folded, the newest first: of more than 256 KiB the first are remembered.
// Without any, marks alone count.
func (t *Text) Fold(said ...Folded) Folded {
	start := foldable(revealed(t.pieces, said))
	if start >= len(t.pieces) {
		return Folded{New: t.whole}
	}
	return Folded{
		New:  strings.TrimRight(strings.Join(t.lines[:start], ""), " \t\r\n"),
		Rest: strings.Trim(strings.Join(t.lines[start:], ""), "\r\n"),
	}
}

// kind is what a line is.
type kind int

const (
	plain       kind = iota
	blank            // nothing to be seen
	quoted           // marked as a quote
	original         // of another message, as it seems, without marks
	attribution      // "On Monday Ann wrote:"
	heading          // From, Sent, To, Subject
	signature
)

type piece struct {
	kind kind
	text string
}

// foldable returns where the end begins that can be folded; the number of pieces
// if there is none.
func foldable(pieces []piece) int {
	repeats := false
	for start := len(pieces); start > 0; start-- {
		switch pieces[start-1].kind {
		case plain:
			return settle(pieces, start)
		case quoted, original:
			repeats = true
		case attribution, heading:
			if !repeats {
				return settle(pieces, start)
			}
		case blank, signature:
		}
	}
	return len(pieces)
}

// settle leaves what would be folded for blanks alone.
func settle(pieces []piece, start int) int {
	for _, p := range pieces[start:] {
		if p.kind != blank {
			return start
		}
	}
	return len(pieces)
}
