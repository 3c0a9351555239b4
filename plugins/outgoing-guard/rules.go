package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/words"
)

// What is done with what is found.
const (
	doRefuse = "refuse"
	doMask   = "mask"
)

// config is the settings, as plugin.yaml describes them.
type config struct {
	Words  []wordRule
	Phones string
	Cards  string
	Bots   bool
}

type wordRule struct {
	Words  []string
	Do     string
	Reason string
}

func defaults() config { return config{Phones: "allow", Cards: doRefuse, Bots: true} }

// problems finds what the schema cannot.
func (c config) problems() []instance.Problem {
	var out []instance.Problem
	for i, r := range c.Words {
		for j, w := range r.Words {
			if words.New(w).IsZero() {
				out = append(out, instance.Problem{Pointer: fmt.Sprintf("/words/%d/words/%d", i, j), Message: "has no words: it would never be found"})
			}
		}
	}
	return out
}

// guard has, by instance, what its settings make of the rules.
type guard struct {
	mu    sync.Mutex
	cache map[string]prepared
}

// prepared is the rules of one revision of the settings.
type prepared struct {
	revision uint64
	rules    rules
}

// rules are what is looked for.
type rules struct {
	finders []finder
	bots    bool
}

// finder finds one kind of thing.
type finder struct {
	kind   kind
	refuse bool
	reason string // of the administrator; "" = ours
	find   func(text string) []words.Span
}

// kind is what sort of thing was found.
type kind uint8

const (
	kindWord kind = iota
	kindPhone
	kindCard
)

// hit is what was found.
type hit struct {
	kind   kind
	text   string
	reason string
}

// of returns the rules of an instance.
func (g *guard) of(in instance.Instance) (rules, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p, ok := g.cache[in.ID]; ok && p.revision == in.Revision {
		return p.rules, nil
	}
	c := defaults()
	if err := in.Decode(&c); err != nil {
		return rules{}, err
	}
	r := prepare(c)
	g.cache[in.ID] = prepared{revision: in.Revision, rules: r}
	return r, nil
}

func prepare(c config) rules {
	out := rules{bots: c.Bots}
	for _, w := range c.Words {
		list := make([]words.Word, 0, len(w.Words))
		for _, one := range w.Words {
			list = append(list, words.New(one).Gapped())
		}
		out.finders = append(out.finders, finder{kind: kindWord, refuse: w.Do != doMask, reason: strings.TrimSpace(w.Reason), find: inWords(list)})
	}
	for _, n := range []struct {
		kind kind
		do   string
		find func(string) []words.Span
	}{{kindCard, c.Cards, cards(regexp.MustCompile(`[0-9](?:[ -]?[0-9]){12,18}`))}, {kindPhone, c.Phones, phones()}} {
		if n.do == doRefuse || n.do == doMask {
			out.finders = append(out.finders, finder{kind: n.kind, refuse: n.do == doRefuse, find: n.find})
		}
	}
	return out
}

func inWords(list []words.Word) func(string) []words.Span {
	return func(text string) []words.Span {
		ready := words.Of(text)
		var out []words.Span
		for _, w := range list {
			out = append(out, w.All(ready)...)
		}
		return out
	}
}

// phones finds mobile numbers of China (11 digits from 13 to 19) and numbers
// with a country code (+ and 8 to 15 digits, ITU-T E.164), also with blanks,
// dots and hyphens in between.
func phones() func(string) []words.Span {
	number := regexp.MustCompile(`\+[0-9](?:[ .-]?[0-9]){7,14}|1[3-9][0-9](?:[ -]?[0-9]){8}`)
	return func(text string) []words.Span { return alone(number, text, func(string) bool { return true }) }
}

// cards finds 13 to 19 digits with the check digit of ISO/IEC 7812-1 (Luhn).
func cards(number *regexp.Regexp) func(string) []words.Span {
	return func(text string) []words.Span { return alone(number, text, luhn) }
}

// alone returns what stands in a text and is no part of a longer number. Digits
// of full width count as the usual ones.
func alone(number *regexp.Regexp, text string, fits func(string) bool) []words.Span {
	folded := words.Of(text).String() // as many characters as text
	var out []words.Span
	for _, at := range number.FindAllStringIndex(folded, -1) {
		before, _ := utf8.DecodeLastRuneInString(folded[:at[0]])
		after, _ := utf8.DecodeRuneInString(folded[at[1]:])
		if unicode.IsDigit(before) || unicode.IsDigit(after) || !fits(folded[at[0]:at[1]]) {
			continue
		}
		start := utf8.RuneCountInString(folded[:at[0]])
		out = append(out, words.Span{Start: start, End: start + utf8.RuneCountInString(folded[at[0]:at[1]])})
	}
	return out
}

func luhn(s string) bool {
	sum, double := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		d := int(s[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0 && sum > 0
}

// verdict is what becomes of a text.
type verdict struct {
	refused *hit
	text    string // with stars for what is not to be seen
	masked  []hit
}

// judge looks a text through.
func (r rules) judge(text string) verdict {
	runes := []rune(text)
	out := verdict{}
	type place struct {
		words.Span
		hit
	}
	var covered []place
	for _, f := range r.finders {
		for _, s := range f.find(text) {
			h := hit{kind: f.kind, text: string(runes[s.Start:s.End]), reason: f.reason}
			if f.refuse {
				out.refused = &h
				return out
			}
			covered = append(covered, place{s, h})
		}
	}
	slices.SortStableFunc(covered, func(a, b place) int { return cmp.Compare(a.Start, b.Start) })
	for _, p := range covered {
		for i := p.Start; i < p.End; i++ {
			if !unicode.IsSpace(runes[i]) {
				runes[i] = '*'
			}
		}
		out.masked = append(out.masked, p.hit)
	}
	out.text = string(runes)
	return out
}
