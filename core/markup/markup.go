// Package markup reads HTML that strangers wrote: what it says (Text), and what
// of it may be shown, and how (Clean, Document). Nothing that comes out of it
// runs, loads something from elsewhere, or sends a form.
package markup

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// silent reports whether what an element holds is not for readers.
func silent(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript, atom.Iframe, atom.Object, atom.Svg, atom.Math,
		atom.Textarea, atom.Select, atom.Noembed, atom.Noframes:
		return true
	default:
		return false
	}
}

// block reports whether an element begins and ends a line.
func block(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Li, atom.Table, atom.Tr,
		atom.Blockquote, atom.Pre, atom.Hr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Address, atom.Dl,
		atom.Dt, atom.Dd, atom.Figure, atom.Form, atom.Fieldset, atom.Body:
		return true
	default:
		return false
	}
}

// void reports whether an element has no end tag.
func void(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Base, atom.Area, atom.Col, atom.Embed, atom.Source, atom.Track, atom.Wbr:
		return true
	default:
		return false
	}
}

// Text returns what HTML says, as text without markup: lines where it has
// lines, at most one empty line between them. It takes anything.
func Text(source string) string {
	r := reader{tokens: html.NewTokenizer(strings.NewReader(source))}
	for r.tokens.Next() != html.ErrorToken {
		r.token(r.tokens.Token())
	}
	return r.finish()
}

// reader gathers text.
type reader struct {
	tokens *html.Tokenizer
	lines  []string
	line   strings.Builder
	pre    int
	hidden string // the element that is passed over; "" = none
	depth  int    // elements of that name that are open
}

func (r *reader) token(t html.Token) {
	if r.hidden != "" {
		r.pass(t)
		return
	}
	switch t.Type {
	case html.TextToken:
		r.text(t.Data)
	case html.StartTagToken, html.SelfClosingTagToken:
		r.start(t)
	case html.EndTagToken:
		if block(t.DataAtom) {
			r.end()
		}
		if t.DataAtom == atom.Pre && r.pre > 0 {
			r.pre--
		}
		if t.DataAtom == atom.P {
			r.gap()
		}
	default:
	}
}

// pass looks for the end of what is passed over.
func (r *reader) pass(t html.Token) {
	if t.Data != r.hidden {
		return
	}
	switch t.Type {
	case html.StartTagToken:
		r.depth++
	case html.EndTagToken:
		if r.depth--; r.depth == 0 {
			r.hidden = ""
		}
	default:
	}
}

func (r *reader) start(t html.Token) {
	if !void(t.DataAtom) && (silent(t.DataAtom) || invisible(t)) {
		if t.Type == html.StartTagToken {
			r.hidden, r.depth = t.Data, 1
		}
		return
	}
	if block(t.DataAtom) {
		r.end()
	}
	switch t.DataAtom {
	case atom.Br:
		r.lines = append(r.lines, r.take())
	case atom.P:
		r.gap()
	case atom.Pre:
		r.pre++
	case atom.Li:
		r.line.WriteString("- ")
	case atom.Td, atom.Th:
		if r.line.Len() > 0 {
			r.line.WriteByte(' ')
		}
	case atom.Img:
		if alt := strings.TrimSpace(attribute(t, "alt")); alt != "" {
			r.text(" " + alt + " ")
		}
	default:
	}
}

// invisible reports whether an element is there for machines, as the lines are
// that mailers show beside the subject.
func invisible(t html.Token) bool {
	style := strings.ReplaceAll(strings.ToLower(attribute(t, "style")), " ", "")
	return strings.Contains(style, "display:none") || strings.Contains(style, "mso-hide:all")
}

func attribute(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func (r *reader) text(s string) {
	if r.pre > 0 {
		first, rest, more := strings.Cut(s, "\n")
		r.line.WriteString(first)
		for more {
			r.lines = append(r.lines, strings.TrimRight(r.line.String(), " \t\r"))
			r.line.Reset()
			first, rest, more = strings.Cut(rest, "\n")
			r.line.WriteString(first)
		}
		return
	}
	r.line.WriteString(s)
}

// take returns the line so far, with single spaces, and begins another.
func (r *reader) take() string {
	s := r.line.String()
	r.line.Reset()
	if r.pre > 0 {
		return strings.TrimRight(s, " \t\r")
	}
	return strings.Join(strings.Fields(s), " ")
}

func (r *reader) end() {
	if s := r.take(); s != "" {
		r.lines = append(r.lines, s)
	}
}

// gap makes an empty line.
func (r *reader) gap() {
	if n := len(r.lines); n > 0 && r.lines[n-1] != "" {
		r.lines = append(r.lines, "")
	}
}

func (r *reader) finish() string {
	r.end()
	out := make([]string, 0, len(r.lines))
	for _, l := range r.lines {
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// Plain is HTML that shows a text as it is.
func Plain(text string) string {
	return `<div style="white-space: pre-wrap">` + html.EscapeString(text) + `</div>`
}
