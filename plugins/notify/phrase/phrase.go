// Package phrase words what targets are told and what administrators read, in
// English and Chinese.
package phrase

import (
	"fmt"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/notify/news"
	"github.com/patchbay-im/patchbay/plugins/notify/target"
)

// Language is one of the two.
type Language struct {
	Chinese bool
	words
}

// For returns the language of a locale (BCP 47); English for what is not known.
func For(locale string) Language {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return Language{Chinese: true, words: chinese()}
	}
	return Language{words: english()}
}

// Options are what the administrator chose.
type Options struct {
	Texts   bool                       // what was written is told, too
	Handles func(news.Member) []string // of a member at the far side
}

const (
	maxName = 60
	maxSaid = 200
)

// Compose words items as one message; more of them are only counted.
func (l Language) Compose(items []news.Item, more int, o Options) target.Message {
	m := target.Message{Rest: more, More: func(n int) string { return fmt.Sprintf(l.more, n) }}
	for _, group := range together(items) {
		m.Lines = append(m.Lines, l.line(group, o))
	}
	if len(m.Lines) == 1 && more == 0 {
		m.Title = fmt.Sprintf(l.one, l.sentence(items[0]))
		return m
	}
	m.Title = fmt.Sprintf(l.many, len(m.Lines)+more)
	return m
}

// Test is a message that tells nothing but that it arrived, of a connection that
// may have no name yet.
func (l Language) Test(name string) target.Message {
	if name == "" {
		return target.Message{Title: l.testTitle, Lines: []target.Line{{Text: l.testUnnamed}}, More: func(int) string { return "" }}
	}
	return target.Message{Title: l.testTitle, Lines: []target.Line{{Text: fmt.Sprintf(l.testLine, cut(name, maxName))}}, More: func(int) string { return "" }}
}

// together puts items that several members are told of the same thing side by
// side, in the order of the first.
func together(items []news.Item) [][]news.Item {
	var out [][]news.Item
	for _, i := range items {
		at := slices.IndexFunc(out, func(g []news.Item) bool {
			return i.Subject != "" && g[0].Kind == i.Kind && g[0].Subject == i.Subject && g[0].Seq == i.Seq
		})
		if at < 0 {
			out = append(out, []news.Item{i})
			continue
		}
		out[at] = append(out[at], i)
	}
	return out
}

func (l Language) line(group []news.Item, o Options) target.Line {
	i := group[0]
	var names, note []string
	line := target.Line{Link: i.Link}
	for _, one := range group {
		if one.Member.Name != "" {
			names = append(names, cut(one.Member.Name, maxName))
		}
		line.Mention = append(line.Mention, o.Handles(one.Member)...)
		if one.Member.Email != "" {
			line.Email = append(line.Email, one.Member.Email)
		}
	}
	line.Text = l.sentence(i)
	if len(names) > 0 {
		line.Text = strings.Join(first(names), l.and) + l.colon + line.Text
	}
	for _, part := range []struct{ word, name string }{{l.inbox, i.Inbox}, {l.team, i.Team}} {
		if part.name != "" {
			note = append(note, fmt.Sprintf(part.word, cut(part.name, maxName)))
		}
	}
	line.Note = strings.Join(note, " · ")
	if o.Texts {
		line.Said = said(i)
	}
	return line
}

// first are some names, and a sign that there are more.
func first(names []string) []string {
	const most = 5
	if len(names) > most {
		return append(slices.Clone(names[:most]), "…")
	}
	return names
}

// said is what was written, and who wrote it.
func said(i news.Item) string {
	out := cut(i.Text, maxSaid)
	if i.Title != "" && !strings.HasPrefix(i.Title, out) {
		out = strings.TrimSuffix(cut(i.Title, maxName)+": "+out, ": ")
	}
	if i.Who != "" && out != "" {
		out = cut(i.Who, maxName) + ": " + out
	}
	return out
}

// sentence says what happened.
func (l Language) sentence(i news.Item) string {
	out, known := l.kinds[i.Kind]
	if !known {
		out = l.other
	}
	if i.Number > 0 {
		out += fmt.Sprintf(" (T-%d)", i.Number)
	}
	switch {
	case i.Import != nil && i.Import.State == "failed":
		return l.importFailed
	case i.Import != nil:
		return fmt.Sprintf(l.imported, i.Import.Created, i.Import.Updated, i.Import.Refused)
	case i.Plugin != nil:
		return l.pluginNews(*i.Plugin)
	}
	return out
}

func (l Language) pluginNews(p news.Plugin) string {
	name := p.Name["en"]
	if zh := p.Name["zh-CN"]; l.Chinese && zh != "" {
		name = zh
	}
	form, known := l.plugin[p.State]
	if !known {
		form = l.plugin[""]
	}
	return fmt.Sprintf(form, cut(name, maxName), cut(p.Version, maxName))
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// Problem says why something was not sent, and what to do.
func (l Language) Problem(code string) string {
	if s, known := l.problems[code]; known {
		return s
	}
	return l.problems[target.CodeUnknown]
}
