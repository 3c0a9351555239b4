package markup

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Images says where pictures come from. Both return the address that is shown
// in the place of theirs, "" for none.
type Images struct {
	Inline func(contentID string) string // of a part of the message, without "cid:"
	Remote func(address string) string   // of a picture elsewhere, http or https; nil = none is shown
}

// Cleaned is HTML that may be shown.
type Cleaned struct {
	HTML   string
	Remote int // pictures elsewhere, shown or not
	Pixels int // of those, the ones that are made not to be seen: they count who reads, and are never shown
}

// Clean returns what may be shown of HTML: text, tables and styles that change
// how a thing looks and not where it stands. Scripts, forms, frames, style
// sheets and addresses that load by themselves are gone. Links open a page of
// their own, which learns nothing of this one. It takes anything.
func Clean(source string, images Images) Cleaned {
	w := writer{images: images, tokens: html.NewTokenizer(strings.NewReader(policy().Sanitize(source)))}
	for w.tokens.Next() != html.ErrorToken {
		w.token(w.tokens.Token())
	}
	return Cleaned{HTML: w.out.String(), Remote: w.remote, Pixels: w.pixels}
}

// writer puts our addresses where theirs were. It reads what the policy wrote,
// and writes each token anew.
type writer struct {
	images Images
	tokens *html.Tokenizer
	out    strings.Builder
	remote int
	pixels int
}

func (w *writer) token(t html.Token) {
	switch {
	case t.Type == html.CommentToken || t.Type == html.DoctypeToken:
	case t.DataAtom == atom.Img:
		w.image(t)
	case t.DataAtom == atom.A && t.Type == html.StartTagToken:
		w.link(t)
	default:
		w.out.WriteString(t.String())
	}
}

// link keeps an address that leads somewhere else, in a page of its own.
func (w *writer) link(t html.Token) {
	var kept []html.Attribute
	for _, a := range t.Attr {
		switch a.Key {
		case "href":
			if leads(a.Val) {
				kept = append(kept, a, html.Attribute{Key: "rel", Val: "nofollow noreferrer noopener"}, html.Attribute{Key: "target", Val: "_blank"})
			}
		case "rel", "target":
		default:
			kept = append(kept, a)
		}
	}
	t.Attr = kept
	w.out.WriteString(t.String())
}

// leads reports whether an address leads to a place on the web, or to somebody
// who can be written to or called.
func leads(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		return u.Host != ""
	case "mailto", "tel":
		return u.Opaque != ""
	default:
		return false
	}
}

// image writes a picture under an address of ours, or its words.
func (w *writer) image(t html.Token) {
	if t.Type == html.EndTagToken {
		return
	}
	source, alt := attribute(t, "src"), strings.TrimSpace(attribute(t, "alt"))
	address := w.address(source, t)
	if address == "" {
		if alt != "" {
			w.out.WriteString(html.EscapeString("[" + alt + "]"))
		}
		return
	}
	kept := []html.Attribute{{Key: "src", Val: address}, {Key: "loading", Val: "lazy"}, {Key: "referrerpolicy", Val: "no-referrer"}}
	for _, a := range t.Attr {
		if a.Key != "src" {
			kept = append(kept, a)
		}
	}
	t.Attr = kept
	w.out.WriteString(t.String())
}

func (w *writer) address(source string, t html.Token) string {
	u, err := url.Parse(source)
	if err != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "data":
		for _, kind := range []string{"png", "jpeg", "gif", "webp"} {
			if strings.HasPrefix(source, "data:image/"+kind+";base64,") {
				return source
			}
		}
		return ""
	case "cid":
		if w.images.Inline == nil {
			return ""
		}
		id, err := url.PathUnescape(source[len("cid:"):])
		if err != nil {
			return ""
		}
		return w.images.Inline(strings.Trim(id, "<>"))
	case "http", "https":
		w.remote++
		if isPixel(t) {
			w.pixels++
			return ""
		}
		if w.images.Remote == nil {
			return ""
		}
		return w.images.Remote(source)
	default:
		return ""
	}
}

// unseen finds a style by which a picture is not seen: it is not there, or has at
// most one pixel in a direction.
var unseen = regexp.MustCompile(`(?i)(^|;)\s*(display\s*:\s*none|(max-)?(width|height)\s*:\s*[01](\.\d*)?\s*(px|pt|%)?)\s*(!\s*important)?\s*(;|$)`)

// isPixel reports whether a picture is made not to be seen.
func isPixel(t html.Token) bool {
	for _, name := range []string{"width", "height"} {
		switch strings.TrimSuffix(strings.TrimSpace(attribute(t, name)), "px") {
		case "0", "1", "00", "01":
			return true
		}
	}
	return unseen.MatchString(attribute(t, "style"))
}

var policy = sync.OnceValue(newPolicy) //nolint:gochecknoglobals // made once: it is read alone

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "span", "br", "hr", "wbr", "h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "i", "em", "u", "s", "strike",
		"del", "ins", "sub", "sup", "small", "big", "tt", "code", "kbd", "samp", "var", "pre", "blockquote", "q", "cite", "abbr", "address",
		"center", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "td", "th",
		"figure", "figcaption", "section", "article", "header", "footer", "main", "font", "a", "img", "bdi", "bdo", "mark", "time")
	p.AllowNoAttrs().OnElements("span", "a", "img", "font")
	p.SkipElementsContent("title", "template", "svg", "math", "select", "textarea", "audio", "video", "object", "applet", "button", "noembed", "noframes")

	p.AllowStandardURLs()
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowAttrs("href").OnElements("a")

	p.AllowAttrs("src").OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowDataURIImages()

	number := regexp.MustCompile(`^[0-9]{1,5}%?$`)
	colour := regexp.MustCompile(`^(#[0-9A-Fa-f]{3,8}|[A-Za-z]{1,24})$`)
	p.AllowAttrs("width", "height").Matching(number).OnElements("img", "table", "td", "th", "tr", "col", "colgroup", "hr")
	p.AllowAttrs("border", "cellpadding", "cellspacing").Matching(number).OnElements("table", "img")
	p.AllowAttrs("colspan", "rowspan", "span").Matching(regexp.MustCompile(`^[0-9]{1,3}$`)).OnElements("td", "th", "col", "colgroup")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,6}$`)).OnElements("ol")
	p.AllowAttrs("bgcolor").Matching(colour).OnElements("table", "tr", "td", "th", "tbody", "thead", "tfoot")
	p.AllowAttrs("color").Matching(colour).OnElements("font")
	p.AllowAttrs("size").Matching(regexp.MustCompile(`^[+-]?[0-9]{1,2}$`)).OnElements("font")
	p.AllowAttrs("face").Matching(regexp.MustCompile(`^[\p{L}\p{N} ,'"-]{1,200}$`)).OnElements("font")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`(?i)^(left|right|center|justify)$`)).Globally()
	p.AllowAttrs("valign").Matching(regexp.MustCompile(`(?i)^(top|middle|bottom|baseline)$`)).Globally()
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`(?i)^(ltr|rtl|auto)$`)).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)).Globally()
	p.AllowAttrs("title").Matching(regexp.MustCompile(`^[^<>]{0,300}$`)).Globally()
	allowStyles(p)
	return p
}

// allowStyles allows what changes how a thing looks. Nothing that takes a thing
// out of its place (position, float is kept to a side, transform), and no
// address: a style cannot load.
func allowStyles(p *bluemonday.Policy) {
	plain := regexp.MustCompile(`^[\p{L}\p{M}\p{N}#%.,'" +()-]{1,200}$`)
	p.AllowStyles("color", "background-color", "background", "font", "font-size", "font-weight", "font-style", "font-family", "font-variant",
		"text-align", "text-decoration", "text-transform", "text-indent", "line-height", "letter-spacing", "word-spacing", "vertical-align",
		"white-space", "word-break", "word-wrap", "overflow-wrap", "direction",
		"padding", "padding-top", "padding-right", "padding-bottom", "padding-left",
		"margin", "margin-top", "margin-right", "margin-bottom", "margin-left",
		"border", "border-top", "border-right", "border-bottom", "border-left", "border-color", "border-style", "border-width", "border-radius",
		"border-collapse", "border-spacing", "width", "max-width", "min-width", "height", "table-layout", "list-style-type", "display", "clear").
		MatchingHandler(func(value string) bool { return plain.MatchString(value) && !loads(value) }).Globally()
}

// loads reports whether a style's value names an address or computes something.
func loads(value string) bool {
	v := strings.ToLower(value)
	for _, word := range []string{"url", "expression", "image", "attr(", "var(", "env(", "element(", "src("} {
		if strings.Contains(v, word) {
			return true
		}
	}
	return false
}
