package hypertext_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/email/hypertext"
)

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                      "",
		"plain":                                 "plain",
		"<p>one</p><p>two</p>":                  "one\n\ntwo",
		"<div>one</div><div>two<br>three</div>": "one\ntwo\nthree",
		"a\n  b&nbsp;c &amp; d":                 "a b c & d",
		"<b>bo</b>ld <i>x</i>":                  "bold x",
		"<ul><li>one<li>two</ul>end":            "- one\n- two\nend",
		"<table><tr><td>a<td>b</tr><tr><td>c</table>":                                      "a b\nc",
		"before<blockquote>quoted<br>twice<blockquote>deep</blockquote></blockquote>after": "before\n> quoted\n> twice\n> > deep\nafter",
		"<pre>a\n  b</pre>c":                                           "a\n  b\nc",
		`<a href="https://x.example/a">here</a>`:                       "here <https://x.example/a>",
		`<a href="https://x.example/">x.example</a>`:                   "x.example",
		`<a href="javascript:alert(1)">x</a>`:                          "x",
		`<img alt="Logo"><img src=x>`:                                  "[Logo]",
		"<style>p{}</style><script>alert(1)</script><title>t</title>x": "x",
		`<div style="display: none">preview<div>x</div></div>seen`:     "seen",
		"您好<br/>再见":                                                    "您好\n再见",
		"<p>unclosed <b>tags":                                          "unclosed tags",
		"a < b":                                                        "a < b",
		"</blockquote></pre>x":                                         "x",
	} {
		if got := hypertext.Text(in); got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestBounded(t *testing.T) {
	t.Parallel()
	if got := hypertext.Text(strings.Repeat("<blockquote>x", 20000)); len(got) > 5<<20 {
		t.Errorf("%d bytes", len(got))
	}
	if got := hypertext.Text(strings.Repeat("a ", 3<<20)); len(got) > 5<<20 {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzText(f *testing.F) {
	f.Add(`<div>a<blockquote><pre>b</pre><a href="https://x.example">c</a></blockquote>`)
	f.Fuzz(func(_ *testing.T, in string) { _ = hypertext.Text(in) })
}
