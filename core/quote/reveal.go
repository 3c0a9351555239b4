package quote

import "slices"

// revealed are the pieces with what the conversation does not know made plain:
// all that stands without marks, and of a quote what was written into it.
func revealed(pieces []piece, said []Folded) []piece {
	out := slices.Clone(pieces)
	var m *memory
	if slices.ContainsFunc(pieces, func(p piece) bool { return p.kind == quoted || p.kind == original }) {
		m = remember(said)
	}
	for from := 0; from < len(out); {
		to := from + 1
		for inside(out[from]) && to < len(out) && inside(out[to]) {
			to++
		}
		reveal(out[from:to], m)
		from = to
	}
	return out
}

// inside reports whether a piece is of the text of a message that is repeated.
func inside(p piece) bool {
	switch p.kind {
	case original, blank, signature:
		return true
	case quoted:
		return !repeatsHeader(p.text)
	default:
		return false
	}
}

// reveal decides about the lines of one message.
func reveal(block []piece, m *memory) {
	known := make([]bool, len(block))
	if m != nil {
		lines := make([]string, len(block))
		for i, p := range block {
			lines[i] = p.text
		}
		known = m.follow(lines)
	}
	first, last := len(block), -1
	for i, p := range block {
		if known[i] && squeeze(p.text) != "" {
			first, last = min(first, i), i
		}
	}
	for i, p := range block {
		if !known[i] && (p.kind == original || p.kind == quoted && first < i && i < last) {
			block[i].kind = plain
		}
	}
}
