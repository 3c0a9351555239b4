package search

import (
	"slices"
	"unicode/utf8"
)

// Part is a piece of a text.
type Part struct {
	Text string
	Hit  bool // it is what was asked for
}

// Highlight is where a question was found in a field. Its parts, one after the
// other, are the text, or the piece of a long one around the first hit with …
// where it was cut. They are text, never markup.
type Highlight struct {
	Field string
	Parts []Part
}

// around is how much of a long text is shown, in bytes before and after the
// first hit; it is cut between characters.
const (
	before = 60
	after  = 180
)

// parts cuts a text at its hits.
func parts(text string, hits []span) []Part {
	slices.SortFunc(hits, func(a, b span) int { return a.start - b.start })
	from, to := 0, len(text)
	if len(hits) > 0 && len(text) > before+after {
		from, to = max(0, hits[0].start-before), min(len(text), hits[0].start+after)
		to = max(to, hits[0].end)
		for from > 0 && !utf8.RuneStart(text[from]) {
			from--
		}
		for to < len(text) && !utf8.RuneStart(text[to]) {
			to++
		}
	}
	var out []Part
	add := func(s string, hit bool) {
		if s == "" {
			return
		}
		if n := len(out); n > 0 && out[n-1].Hit == hit {
			out[n-1].Text += s
			return
		}
		out = append(out, Part{s, hit})
	}
	if from > 0 {
		add("…", false)
	}
	at := from
	for _, h := range hits {
		h.start, h.end = max(h.start, at), min(h.end, to)
		if h.start >= h.end {
			continue
		}
		add(text[at:h.start], false)
		add(text[h.start:h.end], true)
		at = h.end
	}
	add(text[at:to], false)
	if to < len(text) {
		add("…", false)
	}
	return out
}
