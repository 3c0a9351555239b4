package quote

import (
	"bytes"
	"index/suffixarray"
	"slices"
	"sort"
	"strings"
)

// Bounds of what is remembered, in bytes, and of the places that are looked at
// where a line stands in many.
const (
	maxSaid   = 256 << 10
	maxPlaces = 64
)

// enough is how many bytes of letters a run of lines must have to be known again
// out of its place. A few words of an answer often stand somewhere in the
// conversation, too; a sentence seldom does.
const enough = 24

// memory is what was said in a conversation: letters alone, with a break before,
// between and after messages, and a seam between what was new in one and its rest.
type memory struct {
	text   []byte
	breaks []int
	index  *suffixarray.Index
}

const seam = '\v'

// remember returns nil if nothing was said.
func remember(said []Folded) *memory {
	m := &memory{text: []byte{'\n'}, breaks: []int{0}}
	for _, s := range said {
		letters := squeeze(s.New) + string(seam) + squeeze(s.Rest)
		if len(m.text)+len(letters) > maxSaid {
			break
		}
		if len(letters) > 1 {
			m.text = append(append(m.text, letters...), '\n')
			m.breaks = append(m.breaks, len(m.text)-1)
		}
	}
	if len(m.breaks) == 1 {
		return nil
	}
	m.index = suffixarray.New(m.text)
	return m
}

// message is the number of the message that a place is in.
func (m *memory) message(place int) int { return sort.SearchInts(m.breaks, place) }

func (m *memory) has(letters string) bool { return len(m.index.Lookup([]byte(letters), 1)) > 0 }

// follower follows the lines of a message that is repeated.
type follower struct {
	*memory
	at []int // where the next line is, in each message that it may be; none: it is not known yet
}

// follow says of each line of one message whether it repeats what was said: it
// goes on where the line before it ended, or, after a gap, further down in the
// same message.
func (m *memory) follow(lines []string) []bool {
	out := make([]bool, len(lines))
	f := follower{memory: m}
	for i := 0; i < len(lines); {
		n := f.take(lines[i:])
		for j := range n {
			out[i+j] = true
		}
		i += max(n, 1)
	}
	return out
}

// take returns how many of the first lines are known.
func (f *follower) take(lines []string) int {
	readings := f.readings(lines[0])
	for _, letters := range readings {
		if letters == "" || f.goesOn(letters) {
			return 1
		}
	}
	for _, letters := range readings {
		if n := f.run(letters, lines[1:]); n > 0 {
			return n
		}
	}
	return 0
}

// run returns how many lines a run takes that begins with letters and goes on
// with other lines; 0 if it is not known.
func (f *follower) run(letters string, more []string) int {
	run := letters
	for n := 0; f.has(run); n++ {
		whole := len(f.at) == 0 && f.has("\n"+run+string(seam))
		switch {
		case (whole || len(run) >= enough) && f.stands(run):
			return n + 1
		case len(run) >= enough || n == len(more):
			return 0
		}
		run += f.after(run, more[n])
	}
	return 0
}

// after is the reading of a line that follows a run somewhere.
func (f *follower) after(run, line string) string {
	readings := f.readings(line)
	for _, letters := range readings {
		if f.has(run + letters) {
			return letters
		}
	}
	return readings[0]
}

// goesOn reports whether letters follow where the last line ended.
func (f *follower) goesOn(letters string) bool {
	var next []int
	for _, at := range f.at {
		if f.text[at] == seam {
			at++
		}
		if bytes.HasPrefix(f.text[at:], []byte(letters)) {
			next = append(next, at+len(letters))
		}
	}
	if len(next) > 0 {
		f.at = next
	}
	return len(next) > 0
}

// stands reports whether letters stand anywhere, or, in a message that is known,
// further down.
func (f *follower) stands(letters string) bool {
	var next []int
	for _, place := range f.index.Lookup([]byte(letters), maxPlaces) {
		further := func(at int) bool { return at <= place && f.message(at) == f.message(place) }
		if len(f.at) == 0 || slices.ContainsFunc(f.at, further) {
			next = append(next, place+len(letters))
		}
	}
	if len(next) > 0 {
		f.at = next
	}
	return len(next) > 0
}

// squeeze leaves letters alone: no blanks, no marks of quotes.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r <= ' ', r == 0xa0, r == 0x3000, r == '>', r == '＞', r == '|', r == '*', r >= 0x200b && r <= 0x200f, r == 0xfeff:
			return -1
		case r == '“', r == '”':
			return '"'
		case r == '‘', r == '’':
			return '\''
		}
		return r
	}, strings.ToLower(strings.ReplaceAll(s, "&nbsp;", " ")))
}
