package quote

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxPage bounds the HTML that is looked at: a larger page is not folded.
const maxPage = 4 << 20

// HTML folds a page. Both pieces are HTML that is not clean yet. Known are the
// plain texts of the conversation so far.
func HTML(page string, known ...string) Folded {
	if len(page) > maxPage {
		return Folded{New: page}
	}
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return Folded{New: page}
	}
	body := find(doc, atom.Body)
	if body == nil {
		return Folded{New: page}
	}
	c := &collector{}
	c.visit(body, plain)
	pieces := c.pieces()
	markOriginals(pieces)
	markAttributions(pieces)
	start := fold(pieces, known)
	if start == len(pieces) {
		return Folded{New: page}
	}
	rest := cutFrom(body, ruled(highest(c.lines[start][0], body)))
	return Folded{New: inner(body), Rest: rest}
}

// collector gathers the lines of a page: the nodes that are seen, with what the
// markup says of them.
type collector struct {
	lines [][]*html.Node
	kinds []kind
	open  bool // the last line goes on
}

func (c *collector) add(n *html.Node, k kind) {
	if c.open && len(c.lines) > 0 && c.kinds[len(c.kinds)-1] == k {
		c.lines[len(c.lines)-1] = append(c.lines[len(c.lines)-1], n)
		return
	}
	c.lines, c.kinds, c.open = append(c.lines, []*html.Node{n}), append(c.kinds, k), true
}

func (c *collector) visit(n *html.Node, k kind) {
	switch {
	case n.Type == html.TextNode:
		if strings.TrimSpace(visible(n.Data)) != "" {
			c.add(n, k)
		}
		return
	case n.Type != html.ElementNode:
		return
	case n.DataAtom == atom.Img || n.DataAtom == atom.Video || n.DataAtom == atom.Audio:
		if attribute(n, "width") != "1" && attribute(n, "height") != "1" {
			c.add(n, k)
		}
		return
	case n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.DataAtom == atom.Title:
		return
	}
	if k == plain {
		k = marked(n)
	}
	if breaks(n) {
		c.open = false
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.visit(child, k)
	}
	if breaks(n) {
		c.open = false
	}
}

func (c *collector) pieces() []piece {
	out := make([]piece, len(c.lines))
	for i, nodes := range c.lines {
		var text strings.Builder
		for _, n := range nodes {
			if n.Type == html.TextNode {
				text.WriteString(n.Data)
			} else {
				text.WriteString("[" + attribute(n, "src") + "]")
			}
		}
		out[i] = piece{c.kinds[i], strings.Join(strings.Fields(visible(text.String())), " ")}
		if out[i].kind == plain && (device.MatchString(out[i].text) || out[i].text == "--" && i+1 < len(c.kinds) && c.kinds[i+1] == signature) {
			out[i].kind = signature
		}
	}
	return out
}

// marked is what programs say of an element by its name, class or id.
func marked(n *html.Node) kind {
	class, id := " "+attribute(n, "class")+" ", attribute(n, "id")
	has := func(names ...string) bool {
		for _, name := range names {
			if strings.Contains(class, " "+name+" ") || id == name || strings.HasSuffix(id, "_"+name) {
				return true
			}
		}
		return false
	}
	switch {
	case n.DataAtom == atom.Blockquote && (strings.EqualFold(attribute(n, "type"), "cite") || has("gmail_quote", "protonmail_quote", "isReplyContent") || cited(n)):
		return quoted
	case has("moz-cite-prefix", "gmail_attr"):
		return attribution
	case has("gmail_signature", "moz-signature", "AppleMailSignature", "Signature", "ms-outlook-mobile-signature", "protonmail_signature_block", "yahoo_signature", "netease_mail_signature"):
		return signature
	}
	return plain
}

// cited says whether a blockquote stands in a program's container of quotes:
// elsewhere it may be the writer's own.
func cited(n *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		class := attribute(p, "class") + " " + attribute(p, "id")
		for _, name := range []string{"gmail_quote", "yahoo_quoted", "protonmail_quote", "zmail_extra", "isReplyContent"} {
			if strings.Contains(class, name) {
				return true
			}
		}
	}
	return false
}

func breaks(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A, atom.B, atom.I, atom.U, atom.Em, atom.Strong, atom.Span, atom.Font, atom.Code, atom.Small, atom.Sub, atom.Sup, atom.S, atom.Img, atom.Big, atom.Label, atom.Abbr, atom.Mark, atom.Td, atom.Th:
		return false
	default:
		return n.Data != "o:p"
	}
}

// highest climbs to the outermost element that begins with the node, so that no
// empty frames are left behind.
func highest(n, body *html.Node) *html.Node {
	for n.Parent != nil && n.Parent != body && leads(n) {
		n = n.Parent
	}
	return n
}

// ruled takes the line above an original with it.
func ruled(n *html.Node) *html.Node {
	for s := n.PrevSibling; s != nil && !seen(s); s = s.PrevSibling {
		if s.DataAtom == atom.Hr {
			return s
		}
	}
	return n
}

// seen says whether a node shows anything but a line.
func seen(n *html.Node) bool {
	return n.Type == html.TextNode && strings.TrimSpace(visible(n.Data)) != "" || n.Type == html.ElementNode && n.DataAtom != atom.Hr && n.DataAtom != atom.Br
}

func leads(n *html.Node) bool {
	for s := n.PrevSibling; s != nil; s = s.PrevSibling {
		if s.Type == html.TextNode && strings.TrimSpace(visible(s.Data)) == "" || s.Type == html.CommentNode {
			continue
		}
		return false
	}
	return true
}

// cutFrom takes the node and all that follows it out of the body, as HTML.
func cutFrom(body, n *html.Node) string {
	var out strings.Builder
	for at := n; at != nil && at != body; {
		parent := at.Parent
		next := at
		if at != n {
			next = at.NextSibling
		}
		for next != nil {
			after := next.NextSibling
			parent.RemoveChild(next)
			_ = html.Render(&out, next)
			next = after
		}
		at = parent
		n = nil
	}
	return out.String()
}

func inner(body *html.Node) string {
	var out strings.Builder
	for c := body.FirstChild; c != nil; c = c.NextSibling {
		_ = html.Render(&out, c)
	}
	return out.String()
}

func find(n *html.Node, a atom.Atom) *html.Node {
	if n.DataAtom == a {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if f := find(c, a); f != nil {
			return f
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// visible drops the characters that are there and not seen.
func visible(s string) string {
	return strings.NewReplacer("\u00a0", " ", "\u200b", "", "\ufeff", "", "\u200c", "", "\u200d", "").Replace(s)
}
