// Package quote parts what is new in a reply from what it repeats: quotes,
// the headers that programs put above them, signatures.
//
// It folds only the end of a message, and only what is marked as a quote or
// known from the conversation. What somebody writes below a quote, between
// quotes or into one is new, and so is a mail that is forwarded: what nobody
// here has read yet is never folded.
package quote

import (
	"slices"
	"strings"
)

// Folded is a message in two pieces. Rest is empty if there is nothing to fold;
// New never is, unless the message is.
type Folded struct{ New, Rest string }

// kind is what a piece of a message is.
type kind int

const (
	plain       kind = iota
	blank            // nothing to be seen
	quoted           // marked as a quote
	original         // below the headers of another message, without marks
	attribution      // "On Monday Ann wrote:"
	heading          // From, Sent, To, Subject
	signature
)

type piece struct {
	kind kind
	text string
}

// A message of more lines is not folded; of a longer conversation the last texts
// are remembered, in bytes.
const (
	maxPieces = 5000
	maxKnown  = 256 << 10
)

// fold returns where the end begins that can be folded; the number of pieces
// if there is none.
func fold(pieces []piece, known []string) int {
	if len(pieces) > maxPieces {
		return len(pieces)
	}
	reveal(pieces, newMemory(known))
	start, repeats := len(pieces), false
	for start > 0 {
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
		start--
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

// reveal makes new again what the conversation does not know: all that stands
// without marks, and within quotes what was written into a quote of ours.
func reveal(pieces []piece, m *memory) {
	all, hits := 0, 0
	for i, p := range pieces {
		switch p.kind {
		case original:
			if !m.knows(p.text) {
				pieces[i].kind = plain
			}
		case quoted:
			all++
			if m.knows(p.text) {
				hits++
			}
		default:
		}
	}
	if m.empty() || hits*2 < all {
		return
	}
	for i, p := range pieces {
		if p.kind == quoted && !m.knows(p.text) && !repeatsHeader(p.text) {
			pieces[i].kind = plain
		}
	}
}

// repeatsHeader says whether a quoted line is what programs put above a message.
func repeatsHeader(text string) bool {
	text = strings.TrimLeft(text, "> ")
	return wrote.MatchString(text) || author.MatchString(text) || label.MatchString(text) || divider.MatchString(text) || device.MatchString(text)
}

// memory is what has been said in the conversation.
type memory struct {
	texts []string
	words map[string]bool
}

func newMemory(known []string) *memory {
	m := &memory{words: map[string]bool{}}
	size := 0
	for _, k := range slices.Backward(known) {
		if size += len(k); size > maxKnown {
			break
		}
		if t := squeeze(k); t != "" {
			m.texts = append(m.texts, t)
		}
		for w := range strings.FieldsSeq(k) {
			m.words[strings.ToLower(strings.Trim(w, ".,;:!?()<>\"'"))] = true
		}
	}
	return m
}

func (m *memory) empty() bool { return len(m.texts) == 0 }

// knows says whether the text has been said, however its lines are broken. Of
// a long line a few words may differ: servers rewrite links.
func (m *memory) knows(text string) bool {
	s := squeeze(text)
	if s == "" {
		return true
	}
	for _, t := range m.texts {
		if strings.Contains(t, s) {
			return true
		}
	}
	words := strings.Fields(text)
	if len(words) < 8 {
		return false
	}
	hits := 0
	for _, w := range words {
		if m.words[strings.ToLower(strings.Trim(w, ".,;:!?()<>\"'"))] {
			hits++
		}
	}
	return hits*10 >= len(words)*9
}

// squeeze leaves letters alone: no blanks, no marks of quotes.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r <= ' ', r == 0xa0, r == 0x3000, r == '>', r == '|', r == '*', r >= 0x200b && r <= 0x200f, r == 0xfeff:
			return -1
		case r == '“', r == '”':
			return '"'
		case r == '‘', r == '’':
			return '\''
		}
		return r
	}, strings.ToLower(s))
}
