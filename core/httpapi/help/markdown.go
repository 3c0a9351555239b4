package help

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// markdown draws a guide: CommonMark with tables. HTML in it is left out, and so
// is the address of a link that leads nowhere: link says where one leads, "" =
// nowhere. Tables and code can be scrolled by keyboard.
func markdown(source string, link func(to string) string) (template.HTML, error) {
	m := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	in := []byte(source)
	root := m.Parser().Parse(text.NewReader(in), parser.WithContext(parser.NewContext(parser.WithIDs(anchors{}))))
	if err := settle(root, link); err != nil {
		return "", err
	}
	var out strings.Builder
	if err := m.Renderer().Render(&out, in, root); err != nil {
		return "", fmt.Errorf("draw a guide: %w", err)
	}
	return template.HTML(strings.NewReplacer( //nolint:gosec // the renderer escapes all text
		"<table>", `<div class="wide" tabindex="0"><table>`, "</table>", "</table></div>", "<pre>", `<pre tabindex="0">`,
	).Replace(out.String())), nil
}

// settle leads the links of a text and takes out its HTML.
func settle(root ast.Node, link func(to string) string) error {
	var gone []ast.Node
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			n.Destination = []byte(link(string(n.Destination)))
			if len(n.Destination) == 0 {
				gone = append(gone, n)
			}
		case *ast.HTMLBlock, *ast.RawHTML:
			gone = append(gone, n)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return fmt.Errorf("read a guide: %w", err)
	}
	for _, n := range gone {
		within := n.Parent()
		for child := n.FirstChild(); child != nil; child = n.FirstChild() {
			within.InsertBefore(within, n, child)
		}
		within.RemoveChild(within, n)
	}
	return nil
}

// anchors names headings as the links of the guides do, and as GitHub does: in
// lower case, without punctuation, with - for spaces; the second of a name gets
// a number. It implements parser.IDs.
type anchors map[string]int

// Generate implements parser.IDs.
func (a anchors) Generate(value []byte, _ ast.NodeKind) []byte {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(string(value))) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	name := b.String()
	n := a[name]
	a[name]++
	if n > 0 {
		name += "-" + strconv.Itoa(n)
	}
	return []byte(name)
}

// Put implements parser.IDs.
func (a anchors) Put(value []byte) { a[string(value)]++ }
