// Package files reads a template that is files: a folder of YAML, in every
// language at once. The core and the tests of authors read it with the same
// code.
//
//	templates/retail/
//	  questions.yaml   JSON Schema of the answers, with defaults; optional
//	  labels.yaml      a list of objects; so is every other .yaml file
//	  knowledge/       other folders are the template's own and not read
//
// An object has a kind, a key and the fields of its kind:
//
//   - kind: canned_reply
//     key: refund
//     shortcut: refund
//     title: {en: Refund, zh-CN: 退款}
//     text: {en: "Within {{answer.days}} days.", zh-CN: "{{answer.days}} 天内。"}
//     team: ref:team/aftersales
//
// A mapping of languages, "en" among them, is a text; {{answer.<key>}} is an
// answer, and "ref:<kind>/<key>" the id of another object of the template.
package files

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
	"github.com/patchbay-im/patchbay/sdk/template"
)

// Limits of a template.
const (
	MaxFiles   = 100
	MaxSize    = 1 << 20 // bytes of one file
	MaxObjects = 1000
)

const questionsFile = "questions.yaml"

// Template is a template as it was read. It is safe for concurrent use.
type Template struct {
	questions []byte // JSON Schema; nil = there are none
	schema    *schema.Schema
	defaults  map[string]any
	objects   []object
	locales   []string
	patterns  patterns
}

// patterns are what texts are looked at with, compiled once for a template.
type patterns struct {
	answer, locale, key *regexp.Regexp
}

func newPatterns() patterns {
	return patterns{
		answer: regexp.MustCompile(`\{\{\s*answer\.([a-z][a-z0-9_]*)\s*\}\}`),
		locale: regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`),
		key:    regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`),
	}
}

type object struct {
	kind, key string
	value     map[string]any
	file      string
	line      int
}

// Error is a template that is not accepted: the faults, one on each line, as
// compilers write them.
type Error struct {
	Faults []string
}

// Error lists the faults.
func (e *Error) Error() string { return strings.Join(e.Faults, "\n") }

// Read reads a template's folder. A template that is not accepted comes back
// as *Error.
func Read(folder fs.FS) (*Template, error) {
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, &Error{Faults: []string{"the folder has no .yaml files"}}
	}
	if len(names) > MaxFiles {
		return nil, &Error{Faults: []string{fmt.Sprintf("the folder has more than %d files", MaxFiles)}}
	}
	t := &Template{defaults: make(map[string]any), patterns: newPatterns()}
	r := &reader{template: t, seen: make(map[string]bool)}
	for _, name := range names {
		data, err := read(folder, name)
		switch {
		case err != nil:
			r.fault(name, 0, "%v", err)
		case name == questionsFile:
			r.questions(data)
		default:
			r.objects(name, data)
		}
	}
	r.check()
	if len(r.faults) > 0 {
		return nil, &Error{Faults: r.faults}
	}
	return t, nil
}

func read(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err == nil && len(data) > MaxSize {
		err = errors.New("is larger than 1 MiB")
	}
	return data, err
}

// Questions returns the JSON Schema of the answers; nil when there are none.
func (t *Template) Questions() []byte { return t.questions }

// Locales returns the languages in which every text of the template is there,
// "en" first.
func (t *Template) Locales() []string { return slices.Clone(t.locales) }

// Plan returns the objects in a language. Answers that the questions do not
// accept come back as problems.
func (t *Template) Plan(locale string, answers []byte) ([]template.Object, []schema.Problem, error) {
	if !slices.Contains(t.locales, locale) {
		return nil, nil, fmt.Errorf("the template is not written in %q", locale)
	}
	given, problems := t.answers(answers)
	if len(problems) > 0 {
		return nil, problems, nil
	}
	f := filler{patterns: t.patterns, locale: locale, answers: given}
	out := make([]template.Object, len(t.objects))
	for i, o := range t.objects {
		raw, err := json.Marshal(f.fill(o.value))
		if err != nil {
			return nil, nil, fmt.Errorf("%s:%d: %w", o.file, o.line, err)
		}
		out[i] = template.Object{Kind: o.kind, Key: o.key, Object: json.RawMessage(raw)}
	}
	return out, nil, nil
}

// answers checks what was given and completes it with the defaults.
func (t *Template) answers(raw []byte) (map[string]any, []schema.Problem) {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte(`{}`)
	}
	var given map[string]any
	if err := json.Unmarshal(raw, &given); err != nil || given == nil {
		return nil, []schema.Problem{{Message: "is not a JSON object"}}
	}
	if t.schema == nil {
		for key := range given {
			return nil, []schema.Problem{{Pointer: "/" + key, Message: "is not asked for"}}
		}
		return given, nil
	}
	for key, value := range t.defaults {
		if _, ok := given[key]; !ok {
			given[key] = value
		}
	}
	full, err := json.Marshal(given)
	if err != nil {
		return nil, []schema.Problem{{Message: err.Error()}}
	}
	return given, t.schema.Validate(full)
}

// filler makes a value out of a template's.
type filler struct {
	patterns

	locale  string
	answers map[string]any
}

func (f filler) fill(v any) any {
	switch x := v.(type) {
	case map[string]any:
		if text, ok := f.textOf(x); ok {
			return f.fill(text[f.locale])
		}
		out := make(map[string]any, len(x))
		for key, item := range x {
			out[key] = f.fill(item)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = f.fill(item)
		}
		return out
	case string:
		return f.text(x)
	default:
		return v
	}
}

// text puts answers in; one that is all of a text keeps its type.
func (f filler) text(s string) any {
	if m := f.answer.FindStringSubmatch(s); m != nil && m[0] == s {
		return f.answers[m[1]]
	}
	return f.answer.ReplaceAllStringFunc(s, func(found string) string {
		switch v := f.answers[f.answer.FindStringSubmatch(found)[1]].(type) {
		case nil:
			return ""
		case string:
			return v
		default:
			raw, err := json.Marshal(v)
			if err != nil {
				return ""
			}
			return string(raw)
		}
	})
}

// textOf reports whether a mapping is a text in several languages.
func (p patterns) textOf(v any) (map[string]string, bool) {
	texts, _ := v.(map[string]any)
	if _, ok := texts["en"].(string); !ok {
		return nil, false
	}
	out := make(map[string]string, len(texts))
	for locale, text := range texts {
		s, ok := text.(string)
		if !ok || !p.locale.MatchString(locale) {
			return nil, false
		}
		out[locale] = s
	}
	return out, true
}
