// Package hypertext reads the text out of HTML mail. It is for lists, search
// and plain-text readers: what may be shown as HTML is decided by the host,
// which cleans it.
package hypertext

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxText bounds the result, in bytes.
const maxText = 4 << 20

// blanks are what HTML runs together; a no-break space is not among them.
const blanks = " \t\n\r\f"

// maxQuotes bounds how many marks of quotes a line gets.
const maxQuotes = 20

// Text returns what a reader of the page sees, with "\n" between lines, "> "
// before quoted lines, and the addresses of links that the text does not say.
// What is hidden by its style is left out, as senders hide preview texts so.
func Text(page string) string {
	w := &writer{}
	z := html.NewTokenizer(strings.NewReader(page))
	for w.out.Len() < maxText {
		switch z.Next() {
		case html.ErrorToken:
			return w.text()
		case html.TextToken:
			w.words(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			w.open(z.Token())
		case html.EndTagToken:
			w.close(z.Token())
		default:
		}
	}
	return w.text()
}

type writer struct {
	out    strings.Builder
	quotes int
	pre    int
	link   string
	linkAt int
	breaks int  // line breaks owed before the next word
	space  bool // a space owed before the next word
	fresh  bool // the line has no word yet
	hidden atom.Atom
	depth  int // of the hidden element among its like
}

func (w *writer) text() string {
	lines := strings.Split(w.out.String(), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

func (w *writer) words(s string) {
	if w.hidden != 0 {
		return
	}
	if w.pre > 0 {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				w.flush()
				w.line()
			}
			if line != "" {
				w.put(line)
			}
		}
		return
	}
	w.space = w.space || strings.TrimLeft(s, blanks) != s
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(blanks, r) }) {
		if w.out.Len() > maxText {
			return
		}
		w.put(word)
		w.space = true
	}
	w.space = w.space && strings.TrimRight(s, blanks) != s
}

// put writes a word after the breaks and the space that it is owed.
func (w *writer) put(word string) {
	w.flush()
	if w.space && !w.fresh {
		w.out.WriteByte(' ')
	}
	w.space, w.fresh = false, false
	w.out.WriteString(strings.Map(func(r rune) rune {
		switch r {
		case 0xa0:
			return ' '
		case 0x200b, 0x200c, 0x200d, 0xfeff, 0xad, 0x34f, 0:
			return -1
		}
		return r
	}, word))
}

func (w *writer) flush() {
	if w.out.Len() == 0 && w.breaks > 0 {
		w.breaks = 0
	}
	for ; w.breaks > 0; w.breaks-- {
		w.line()
	}
	if w.out.Len() == 0 {
		w.begin()
	}
}

func (w *writer) line() {
	w.out.WriteByte('\n')
	w.begin()
}

func (w *writer) begin() {
	w.out.WriteString(strings.Repeat("> ", min(w.quotes, maxQuotes)))
	w.fresh, w.space = true, false
}

func (w *writer) block(n int) { w.breaks = max(w.breaks, n) }

func (w *writer) open(t html.Token) {
	if w.hidden != 0 {
		if t.DataAtom == w.hidden && t.Type == html.StartTagToken {
			w.depth++
		}
		return
	}
	if t.Type == html.StartTagToken && hides(t) {
		w.hidden, w.depth = t.DataAtom, 1
		return
	}
	switch t.DataAtom {
	case atom.Br:
		w.breaks++
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Table:
		w.block(paragraph(t.DataAtom))
	case atom.Hr:
		w.block(1)
		w.put("---")
		w.block(1)
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Dt, atom.Dd, atom.Form:
		w.block(1)
	case atom.Li:
		w.block(1)
		w.put("-")
		w.space = true
	case atom.Td, atom.Th:
		w.space = true
	case atom.Blockquote:
		w.block(1)
		w.quotes++
	case atom.Pre:
		w.block(1)
		w.pre++
	case atom.A:
		w.link, w.linkAt = attribute(t, "href"), w.out.Len()
	case atom.Img:
		if alt := strings.TrimSpace(attribute(t, "alt")); alt != "" {
			w.put("[" + alt + "]")
		}
	default:
	}
}

func (w *writer) close(t html.Token) {
	if w.hidden != 0 {
		if t.DataAtom == w.hidden {
			if w.depth--; w.depth == 0 {
				w.hidden = 0
			}
		}
		return
	}
	switch t.DataAtom {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Table:
		w.block(paragraph(t.DataAtom))
	case atom.Div, atom.Tr, atom.Li, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Dt, atom.Dd, atom.Form:
		w.block(1)
	case atom.Blockquote:
		w.block(1)
		w.quotes = max(w.quotes-1, 0)
	case atom.Pre:
		w.block(1)
		w.pre = max(w.pre-1, 0)
	case atom.A:
		w.endLink()
	default:
	}
}

// endLink says where a link leads, if its text does not.
func (w *writer) endLink() {
	link := strings.TrimSpace(w.link)
	w.link = ""
	if !strings.HasPrefix(link, "http://") && !strings.HasPrefix(link, "https://") || w.linkAt > w.out.Len() {
		return
	}
	shown := strings.TrimSpace(w.out.String()[w.linkAt:])
	if shown == "" || strings.Contains(link, strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(shown, "https://"), "http://"), "/")) {
		return
	}
	w.space = true
	w.put("<" + link + ">")
}

func paragraph(a atom.Atom) int {
	if a == atom.P || a == atom.H1 || a == atom.H2 || a == atom.H3 {
		return 2
	}
	return 1
}

func hides(t html.Token) bool {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Title, atom.Noscript, atom.Template, atom.Object, atom.Svg:
		return true
	case atom.Br, atom.Img, atom.Hr, atom.Input, atom.Meta, atom.Link, 0:
		return false
	default:
	}
	style := strings.ToLower(strings.ReplaceAll(attribute(t, "style"), " ", ""))
	return strings.Contains(style, "display:none") || strings.Contains(style, "mso-hide:all")
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
