// Package help is the documentation that the server itself serves: a page for
// each error code, in Chinese and English, the reference of the API from its
// OpenAPI document, and the guides to it. The pages load nothing from elsewhere and work without a
// script; one script of ours filters the lists.
//
// errors.txt holds the texts of the errors. docs/adr/0033-open-api.md says why
// the reference is drawn here and not by a library.
package help

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
)

//go:embed help.css help.js
var files embed.FS

//go:embed errors.txt
var errorTexts string

//go:embed pages.html
var pages string

// Files are what the pages load: help.css and help.js.
func Files() embed.FS { return files }

// Language is one of the two that there are texts in.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh-CN"
)

// Choose returns the language that an address asks for, or else a browser's
// Accept-Language; English when it names none of ours.
func Choose(asked, accepted string) Language {
	for tongue := range strings.SplitSeq(asked+","+accepted, ",") {
		switch tongue = strings.ToLower(strings.TrimSpace(tongue)); {
		case strings.HasPrefix(tongue, "zh"):
			return Chinese
		case strings.HasPrefix(tongue, "en"):
			return English
		}
	}
	return English
}

// Pages draws the pages.
type Pages struct {
	html   *template.Template
	groups []Group
	byCode map[string]place
	guides []Guide
}

// place is where an entry stands.
type place struct{ group, entry int }

// New returns Pages, with the guides in files; nil = none. It fails when the
// texts are not as they should be.
func New(files fs.FS) (*Pages, error) {
	groups, err := parse(errorTexts)
	if err != nil {
		return nil, err
	}
	var guides []Guide
	if files != nil {
		if guides, err = readGuides(files); err != nil {
			return nil, fmt.Errorf("read the guides: %w", err)
		}
	}
	html, err := template.New("").Funcs(template.FuncMap{
		"dict": func(t words, fields []Field) fieldsView { return fieldsView{t, fields} },
	}).Parse(pages)
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	p := &Pages{html: html, groups: groups, byCode: map[string]place{}, guides: guides}
	for g := range groups {
		for e, entry := range groups[g].Entries {
			p.byCode[entry.Code] = place{g, e}
		}
	}
	return p, nil
}

// view is what every page has.
type view struct {
	Language Language
	Here     string // the path
	Section  string // errors or api
	Title    string
	T        words
}

// Other is the language that a page can be read in as well.
func (v view) Other() Language {
	if v.Language == Chinese {
		return English
	}
	return Chinese
}

// Suffix keeps a chosen language in links.
func (v view) Suffix() string { return "?lang=" + string(v.Language) }

func (p *Pages) draw(name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := p.html.ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("draw the page %s: %w", name, err)
	}
	return out.Bytes(), nil
}
