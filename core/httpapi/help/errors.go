package help

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Group is the errors of one noun.
type Group struct {
	Noun, English, Chinese string
	Entries                []Entry
}

// Name is the group's title in a language.
func (g Group) Name(l Language) string {
	if l == Chinese {
		return g.Chinese
	}
	return g.English
}

// Entry is one code.
type Entry struct {
	Code    string
	Status  int // 0 = never an answer
	English Text
	Chinese Text
}

// Text is what a page says.
type Text struct {
	Means string // what it means and why it happens
	Do    string // what to do
}

// In returns the text in a language.
func (e Entry) In(l Language) Text {
	if l == Chinese {
		return e.Chinese
	}
	return e.English
}

// StatusLine is "404 Not Found"; empty when the code is never an answer.
func (e Entry) StatusLine() string {
	if e.Status == 0 {
		return ""
	}
	return strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
}

// Codes lists the codes that have a page.
func Codes() []string {
	groups, err := parse(errorTexts)
	if err != nil {
		return nil
	}
	var out []string
	for _, g := range groups {
		for _, e := range g.Entries {
			out = append(out, e.Code)
		}
	}
	return out
}

// parse reads errors.txt; its first lines say how it is written.
func parse(text string) ([]Group, error) {
	var groups []Group
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "= "):
			names := strings.Split(strings.TrimPrefix(line, "= "), " | ")
			if len(names) != 3 {
				return nil, fmt.Errorf("errors.txt: a group has three names: %q", line)
			}
			groups = append(groups, Group{Noun: names[0], English: names[1], Chinese: names[2]})
		default:
			if lines = append(lines, line); len(lines) < 3 {
				continue
			}
			e, err := entry(lines)
			if err != nil {
				return nil, err
			}
			g := &groups[len(groups)-1]
			g.Entries, lines = append(g.Entries, e), lines[:0]
		}
	}
	if len(lines) > 0 {
		return nil, fmt.Errorf("errors.txt: %q is not complete", lines[0])
	}
	return groups, nil
}

// entry reads the three lines of a code.
func entry(lines []string) (Entry, error) {
	code, number, _ := strings.Cut(lines[0], " ")
	status, err := strconv.Atoi(number)
	if err != nil {
		return Entry{}, fmt.Errorf("errors.txt: %q is not a code and a status", lines[0])
	}
	e := Entry{Code: code, Status: status}
	for i, into := range []*Text{&e.English, &e.Chinese} {
		means, do, ok := strings.Cut(lines[i+1], " » ")
		if !ok || means == "" || do == "" {
			return Entry{}, fmt.Errorf("errors.txt: %s does not say what it means and what to do", code)
		}
		*into = Text{Means: means, Do: do}
	}
	return e, nil
}

// errorView is the page of one error, or the list of all.
type errorView struct {
	view
	Entry  Entry
	Group  Group
	Groups []Group
}

// Says is the entry's text in the page's language.
func (v errorView) Says(e Entry) Text { return e.In(v.Language) }

// Error draws the page of a code; nil when there is no such code.
func (p *Pages) Error(code string, l Language) ([]byte, error) {
	at, ok := p.byCode[code]
	if !ok {
		return nil, nil
	}
	g := p.groups[at.group]
	return p.draw("error", errorView{
		view:  view{Language: l, Here: ErrorsPath + "/" + code, Section: "errors", Title: code, T: wordsIn(l)},
		Entry: g.Entries[at.entry], Group: g,
	})
}

// Errors draws the list of all codes.
func (p *Pages) Errors(l Language) ([]byte, error) {
	t := wordsIn(l)
	return p.draw("errors", errorView{
		view: view{Language: l, Here: ErrorsPath, Section: "errors", Title: t.Errors, T: t}, Groups: p.groups,
	})
}
