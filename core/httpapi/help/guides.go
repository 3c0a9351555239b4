package help

import (
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Guide is a text about the API.
type Guide struct {
	Name  string // getting-started
	Title map[Language]string
	text  map[Language]string // under the title
}

// guideOrder is the order in which one reads them; what is not named follows.
func guideOrder() []string {
	return []string{"getting-started", "errors", "pagination", "idempotency", "limits", "sandbox", "webhooks", "webhook-events", "filters"}
}

// readGuides reads all .md files: each begins with its title, and a line that
// leads to its other language. One that is not there in a language is shown in
// the other.
func readGuides(files fs.FS) ([]Guide, error) {
	by := map[string]*Guide{}
	err := fs.WalkDir(files, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".md" {
			return err
		}
		raw, err := fs.ReadFile(files, file)
		if err != nil {
			return err //nolint:wrapcheck // it names the file
		}
		name, l := guideOf(file)
		g := by[name]
		if g == nil {
			g = &Guide{Name: name, Title: map[Language]string{}, text: map[Language]string{}}
			by[name] = g
		}
		lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
		g.Title[l] = strings.TrimPrefix(lines[0], "# ")
		lines = lines[1:]
		for len(lines) > 0 && (lines[0] == "" || strings.HasPrefix(lines[0], "[") && strings.HasSuffix(lines[0], ".md)")) {
			lines = lines[1:]
		}
		g.text[l] = strings.Join(lines, "\n")
		return nil
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	out := make([]Guide, 0, len(by))
	for _, name := range slices.Concat(guideOrder(), sorted(by)) {
		if g := by[name]; g != nil && !slices.ContainsFunc(out, func(o Guide) bool { return o.Name == name }) {
			out = append(out, *g)
		}
	}
	return out, nil
}

// guideOf returns which guide a file is of, and in which language.
func guideOf(file string) (string, Language) {
	name := strings.TrimSuffix(path.Base(file), ".md")
	if short, ok := strings.CutSuffix(name, "."+string(Chinese)); ok {
		return short, Chinese
	}
	return name, English
}

// In is the language in which the guide is there for a reader of l.
func (g Guide) In(l Language) Language {
	if _, ok := g.text[l]; ok {
		return l
	}
	return English
}

// TitleIn returns the title for a reader of l.
func (g Guide) TitleIn(l Language) string { return g.Title[g.In(l)] }

// guideView is the page of a guide.
type guideView struct {
	view
	Name   string
	Tongue Language // of the text
	Guides []Guide
	Text   template.HTML
}

// Guides lists the guides in the order in which one reads them.
func (p *Pages) Guides() []Guide { return slices.Clone(p.guides) }

// Guide draws a guide; nothing when there is none of that name.
func (p *Pages) Guide(name string, l Language) ([]byte, error) {
	i := slices.IndexFunc(p.guides, func(g Guide) bool { return g.Name == name })
	if i < 0 {
		return nil, nil
	}
	g := p.guides[i]
	t := wordsIn(l)
	text, err := markdown(g.text[g.In(l)], func(to string) string { return p.leads(to, l) })
	if err != nil {
		return nil, err
	}
	return p.draw("guide", guideView{
		view: view{Language: l, Here: APIPath + "/" + name, Section: "api", Title: g.TitleIn(l), T: t},
		Name: name, Tongue: g.In(l), Guides: p.guides, Text: text,
	})
}

// leads returns where a link of a guide leads on this server; "" when what it
// names is not here.
func (p *Pages) leads(to string, l Language) string {
	file, part, _ := strings.Cut(to, "#")
	if part != "" {
		part = "#" + part
	}
	switch {
	case strings.HasPrefix(to, "https://"), strings.HasPrefix(to, "/"), file == "":
		return to
	case path.Ext(file) == ".md":
		name, _ := guideOf(file)
		if slices.ContainsFunc(p.guides, func(g Guide) bool { return g.Name == name }) {
			return APIPath + "/" + name + "?lang=" + string(l) + part
		}
	}
	return ""
}
