package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/words"
)

// category is one of the lexicon's, as its file has it.
type category struct {
	Code       string            `json:"code"`
	Level      string            `json:"level"`
	Title      map[string]string `json:"title"`
	Advice     map[string]string `json:"advice"`
	Words      []string          `json:"words"`
	Exceptions []string          `json:"exceptions"`
}

// readLexicon reads the file that the program carries.
func readLexicon(data []byte) ([]category, error) {
	var file struct{ Categories []category }
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("the lexicon: %w", err)
	}
	return file.Categories, nil
}

// config is the settings, as plugin.yaml describes them.
type config struct {
	Least      string
	Off        []string
	Words      []ownWords
	Exceptions []string
}

type ownWords struct {
	Words  []string
	Level  string
	Title  string
	Advice string
}

// codeOwn is the code of findings by the administrator's own words.
const codeOwn = "own_word"

// problems finds what the schema cannot.
func (c config) problems() []instance.Problem {
	var out []instance.Problem
	blank := func(list []string, at string) {
		for i, w := range list {
			if words.New(w).IsZero() {
				out = append(out, instance.Problem{Pointer: fmt.Sprintf("%s/%d", at, i), Message: "has no words: it would never be found"})
			}
		}
	}
	for i, own := range c.Words {
		blank(own.Words, fmt.Sprintf("/words/%d/words", i))
	}
	blank(c.Exceptions, "/exceptions")
	return out
}

// riskAnalyzer has the lexicon, and by instance what its settings make of it.
type riskAnalyzer struct {
	known []category

	mu    sync.Mutex
	cache map[string]prepared
}

// prepared is a lexicon for one revision of the settings.
type prepared struct {
	revision uint64
	lexicon  lexicon
}

// lexicon is what is looked for.
type lexicon struct {
	entries    []entry
	exceptions []words.Word // of all entries
}

// entry is one category, ready to be looked for.
type entry struct {
	words      []words.Word
	exceptions []words.Word
	finding    analyzer.Finding // without its place
}

// of returns the lexicon of an instance.
func (r *riskAnalyzer) of(in instance.Instance) (lexicon, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.cache[in.ID]; ok && p.revision == in.Revision {
		return p.lexicon, nil
	}
	var c config
	if err := in.Decode(&c); err != nil {
		return lexicon{}, err
	}
	l := prepare(r.known, c)
	r.cache[in.ID] = prepared{revision: in.Revision, lexicon: l}
	return l, nil
}

func prepare(known []category, c config) lexicon {
	l := lexicon{exceptions: ready(c.Exceptions)}
	least := levelOf(c.Least, analyzer.LevelNotice)
	for _, k := range known {
		level := levelOf(k.Level, analyzer.LevelNotice)
		if level < least || slices.Contains(c.Off, k.Code) {
			continue
		}
		l.entries = append(l.entries, entry{
			words: ready(k.Words), exceptions: ready(k.Exceptions),
			finding: analyzer.Finding{Code: k.Code, Level: level, Title: k.Title, Advice: k.Advice},
		})
	}
	for _, own := range c.Words {
		level := levelOf(own.Level, analyzer.LevelWarning)
		if level < least {
			continue
		}
		f := analyzer.Finding{Code: codeOwn, Level: level, Title: map[string]string{"en": "One of your words", "zh-CN": "自定义风险词"}}
		if title := strings.TrimSpace(own.Title); title != "" {
			f.Title = map[string]string{"en": title}
		}
		if advice := strings.TrimSpace(own.Advice); advice != "" {
			f.Advice = map[string]string{"en": advice}
		}
		l.entries = append(l.entries, entry{words: ready(own.Words), finding: f})
	}
	return l
}

func ready(list []string) []words.Word {
	out := make([]words.Word, 0, len(list))
	for _, w := range list {
		out = append(out, words.New(w).Gapped())
	}
	return out
}

func levelOf(name string, otherwise analyzer.Level) analyzer.Level {
	switch name {
	case "notice":
		return analyzer.LevelNotice
	case "warning":
		return analyzer.LevelWarning
	case "critical":
		return analyzer.LevelCritical
	default:
		return otherwise
	}
}

// findings returns what a text holds, in its order: of one category at one
// place the longest word alone.
func (l lexicon) findings(said string) []analyzer.Finding {
	text := words.Of(said)
	harmless := places(l.exceptions, text)
	var out []analyzer.Finding
	for _, e := range l.entries {
		found := places(e.words, text)
		if len(found) == 0 {
			continue
		}
		spared := append(slices.Clone(harmless), places(e.exceptions, text)...)
		for i, s := range found {
			covered := func(others []words.Span) bool { return slices.ContainsFunc(others, s.Within) }
			if covered(spared) || covered(found[:i]) {
				continue
			}
			f := e.finding
			f.Start, f.End = s.Start, s.End
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b analyzer.Finding) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Level, a.Level), cmp.Compare(b.End, a.End))
	})
	return out
}

// places returns where words stand, the longest first.
func places(list []words.Word, text words.Text) []words.Span {
	var out []words.Span
	for _, w := range list {
		out = append(out, w.All(text)...)
	}
	slices.SortStableFunc(out, func(a, b words.Span) int {
		return cmp.Or(cmp.Compare(b.End-b.Start, a.End-a.Start), cmp.Compare(a.Start, b.Start))
	})
	return out
}
