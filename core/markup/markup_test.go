package markup_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/markup"
)

func TestText(t *testing.T) {
	for source, want := range map[string]string{
		"":                      "",
		"plain &amp; simple":    "plain & simple",
		"<p>one</p><p>two</p>":  "one\n\ntwo",
		"a<br>b<br/>c":          "a\nb\nc",
		"<ul><li>x<li>y</ul>":   "- x\n- y",
		"<b>bo</b>ld  \n  text": "bold text",
		"<pre>a\n  b</pre>c":    "a\n  b\nc",
		"<style>p{}</style><script>x()</script><head><title>t</title></head>hello": "hello",
		`<div style="display: none">preheader<div>x</div></div>seen`:               "seen",
		`<img alt="logo" src=x>after`:                                              "logo after",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>":          "a b\nc",
		"<div><div><div>deep</div></div></div><div>next</div>":                     "deep\nnext",
		"<p>你好</p><p>&nbsp;</p><p>世界</p>":                                          "你好\n\n世界",
		"<<<>>><p":                   "<<<>>>",
		"text<!-- <b>no</b> -->more": "textmore",
	} {
		if got := markup.Text(source); got != want {
			t.Errorf("%q says %q, want %q", source, got, want)
		}
	}
}

func TestPlainShowsTextAsItIs(t *testing.T) {
	text := "a <b> & \"c\"\n\n  d"
	if got := markup.Clean(markup.Plain(text), markup.Images{}).HTML; !strings.Contains(got, "a &lt;b&gt; &amp; &#34;c&#34;\n\n  d") ||
		!strings.Contains(got, "pre-wrap") {
		t.Errorf("shows %q", got)
	}
}
