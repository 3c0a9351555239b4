package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of what becomes a term.
const (
	maxWord   = 40 // characters of a word that count
	maxNeeds  = 32 // terms that a question is looked up by; the rest is compared with the text
	minPrefix = 2  // characters of a last word before it stands for all that begin so
)

// class says what a character is to a search.
type class uint8

const (
	gap   class = iota // ends a run
	word               // letters and digits of scripts that separate words
	ideal              // a character of a script that does not: Han, kana, Hangul
)

// unit is one folded character and where it came from.
type unit struct {
	r          rune
	class      class
	start, end int // bytes of the text
}

// units folds a text: lower case, without accents, full-width forms as plain
// ones. A character that folds into several keeps its place for each.
func units(text string) []unit {
	out := make([]unit, 0, len(text))
	for i, r := range text {
		end := i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			end = i + 1
		}
		switch {
		case r < utf8.RuneSelf:
			out = append(out, unit{unicode.ToLower(r), classOf(r), i, end})
		case r >= 0x4e00 && r <= 0x9fff:
			out = append(out, unit{r, ideal, i, end})
		case unicode.Is(unicode.Mn, r):
		default:
			for _, f := range fold(r) {
				out = append(out, unit{f, classOf(f), i, end})
			}
		}
	}
	return out
}

func fold(r rune) string {
	s := norm.NFKC.String(string(r))
	if first, _ := utf8.DecodeRuneInString(s); classOf(first) == ideal {
		return s // taking marks off kana, or Hangul apart, would make other words
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}

func classOf(r rune) class {
	switch {
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 'ー':
		return ideal
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return word
	default:
		return gap
	}
}

// run is a stretch of units of one class.
type run struct {
	units []unit
	class class
}

func (r run) text() string {
	var b strings.Builder
	for _, u := range r.units {
		b.WriteRune(u.r)
	}
	return b.String()
}

func runs(all []unit) []run {
	var out []run
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && all[j].class == all[i].class {
			j++
		}
		if all[i].class != gap {
			out = append(out, run{all[i:j], all[i].class})
		}
		i = j
	}
	return out
}

// Terms returns what texts are found by, each once: words as they are, and
// every two neighbours of a run that does not separate words, so that two
// characters are found wherever they stand. The last character of such a run
// stands alone as well: a single one is then found by how a term begins.
func Terms(texts ...string) []string {
	seen := make(map[string]bool)
	var out []string
	add := func(term string) {
		if !seen[term] {
			seen[term] = true
			out = append(out, term)
		}
	}
	for _, text := range texts {
		for _, r := range runs(units(text)) {
			if r.class == word {
				add(cut(r.text()))
				continue
			}
			for i := range r.units[:len(r.units)-1] {
				add(string(r.units[i].r) + string(r.units[i+1].r))
			}
			add(string(r.units[len(r.units)-1].r))
		}
	}
	return out
}

// PhoneTerms returns what a phone number is found by: any four digits or more
// of it, from where they begin.
func PhoneTerms(phone string) []string {
	const least = 4
	d := digits(phone)
	var out []string
	for i := 0; i+least <= len(d); i++ {
		out = append(out, d[i:])
	}
	return out
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func cut(s string) string {
	if utf8.RuneCountInString(s) <= maxWord {
		return s
	}
	return string([]rune(s)[:maxWord])
}

// Need is a term that a document must have.
type Need struct {
	Term   string
	Prefix bool // or one that begins so
}

// Query is a question in words.
type Query struct {
	runs   []run
	prefix bool // the last run may go on
	Needs  []Need
}

// ParseQuery reads a question. Its last word stands for all words that begin
// so, unless something follows it. A question without a letter or digit has no
// Needs and finds nothing.
func ParseQuery(text string) Query {
	all := units(text)
	q := Query{runs: runs(all)}
	if n := len(all); n > 0 && all[n-1].class == word {
		q.prefix = len(q.runs[len(q.runs)-1].units) >= minPrefix
	}
	for i, r := range q.runs {
		switch last := i == len(q.runs)-1; {
		case r.class == word:
			q.Needs = append(q.Needs, Need{cut(r.text()), last && q.prefix})
		case len(r.units) == 1:
			q.Needs = append(q.Needs, Need{r.text(), true})
		default:
			for k := range r.units[:len(r.units)-1] {
				q.Needs = append(q.Needs, Need{Term: string(r.units[k].r) + string(r.units[k+1].r)})
			}
		}
	}
	q.Needs = q.Needs[:min(len(q.Needs), maxNeeds)]
	return q
}

// phone returns the question as a part of a phone number; false when it is none.
func (q Query) phone(text string) (Query, bool) {
	const least = 4
	d := digits(text)
	if len(d) < least || strings.Trim(text, "0123456789 +-()./") != "" {
		return Query{}, false
	}
	return ParseQuery(d), true
}

// span is a hit in a text, in bytes.
type span struct{ start, end int }

// match finds the question in texts: for each text where it was found. It is
// false unless every part of the question is in one of them.
func (q Query) match(texts ...string) ([][]span, bool) {
	out := make([][]span, len(texts))
	var folded [][]run
	for _, t := range texts {
		folded = append(folded, runs(units(t)))
	}
	for i, want := range q.runs {
		found := false
		for k, have := range folded {
			for _, r := range have {
				hits := want.in(r, i == len(q.runs)-1 && q.prefix)
				found = found || hits != nil
				out[k] = append(out[k], hits...)
			}
		}
		if !found {
			return nil, false
		}
	}
	return out, len(q.runs) > 0
}

// in finds a run of a question in one of a text.
func (r run) in(have run, prefix bool) []span {
	if r.class != have.class || len(r.units) > len(have.units) {
		return nil
	}
	if r.class == word {
		if len(r.units) != len(have.units) && !prefix || !same(r.units, have.units[:len(r.units)]) {
			return nil
		}
		return []span{{have.units[0].start, have.units[len(r.units)-1].end}}
	}
	var out []span
	for i := 0; i+len(r.units) <= len(have.units); i++ {
		if same(r.units, have.units[i:i+len(r.units)]) {
			out = append(out, span{have.units[i].start, have.units[i+len(r.units)-1].end})
		}
	}
	return out
}

func same(a, b []unit) bool {
	for i := range a {
		if a[i].r != b[i].r {
			return false
		}
	}
	return true
}
