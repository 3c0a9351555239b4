package quote_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/email/hypertext"
	"github.com/patchbay-im/patchbay/plugins/email/quote"
)

// said is our message that the replies below repeat.
const said = "Your order has left the warehouse.\nIt will be with you on Friday.\n\nKind regards\nSupport"

func TestText(t *testing.T) {
	t.Parallel()
	const quoted = "> Your order has left the warehouse.\n> It will be with you on Friday."
	const bare = "Your order has left the warehouse.\nIt will be with you on Friday.\n\nKind regards\nSupport"
	for name, c := range map[string]struct{ in, want string }{
		"no quote":         {"Thank you!\n\nAnn", "Thank you!\n\nAnn"},
		"gmail":            {"Thank you!\n\nOn Mon, Nov 23, 2026 at 9:30 AM Support <support@shop.example> wrote:\n\n" + quoted, "Thank you!"},
		"gmail, broken":    {"Thank you!\n\nOn Mon, Nov 23, 2026 at 9:30 AM Support\n<support@shop.example>\nwrote:\n\n" + quoted, "Thank you!"},
		"apple mail":       {"Thank you!\n\nSent from my iPhone\n\n> On 23 Nov 2026, at 09:30, Support <support@shop.example> wrote:\n> \n" + quoted, "Thank you!"},
		"german":           {"Danke!\n\nAm 23.11.2026 um 09:30 schrieb Support:\n" + quoted, "Danke!"},
		"french":           {"Merci !\n\nLe lun. 23 nov. 2026 à 09:30, Support <s@shop.example> a écrit :\n" + quoted, "Merci !"},
		"chinese gmail":    {"谢谢！\n\nSupport <support@shop.example> 于2026年11月23日周一 09:30写道：\n\n" + quoted, "谢谢！"},
		"chinese apple":    {"谢谢！\n\n发自我的iPhone\n\n> 在 2026年11月23日，09:30，Support <support@shop.example> 写道：\n> \n" + quoted, "谢谢！"},
		"163":              {"谢谢！\n\n\n在 2026-11-23 09:30:00，\"Support\" <support@shop.example> 写道：\n" + quoted, "谢谢！"},
		"163 in English":   {"Thanks\nAt 2026-11-23 09:30:00, \"Support\" <support@shop.example> wrote:\n" + strings.ReplaceAll(quoted, "> ", ">"), "Thanks"},
		"qq":               {"谢谢！\n\n\n------------------ 原始邮件 ------------------\n发件人: \"Support\" <support@shop.example>;\n发送时间: 2026年11月23日(星期一) 上午9:30\n收件人: \"Ann\"<ann@x.example>;\n主题: Re: 订单\n\n" + bare, "谢谢！"},
		"foxmail":          {"谢谢！\n\n\n\nann@x.example\n \n发件人： Support\n发送时间： 2026-11-23 09:30\n收件人： ann\n主题： Re: 订单\n" + bare, "谢谢！\n\n\n\nann@x.example"},
		"outlook":          {"Thank you!\n\n-----Original Message-----\nFrom: Support <support@shop.example>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann\nSubject: RE: order\n\n" + bare, "Thank you!"},
		"outlook web":      {"Thank you!\n________________________________\nFrom: Support <support@shop.example>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann\nSubject: RE: order\n\n" + bare, "Thank you!"},
		"outlook, German":  {"Danke!\n\nVon: Support <support@shop.example>\nGesendet: Montag, 23. November 2026 09:30\nAn: Ann\nBetreff: AW: Bestellung\n\n" + bare, "Danke!"},
		"signature":        {"Thank you!\n\n-- \nAnn Example\nPhone 123", "Thank you!"},
		"signature, quote": {"Thank you!\n\n-- \nAnn\n\nOn 23 Nov 2026 Support wrote:\n" + quoted, "Thank you!"},
		"device":           {"谢谢\n\n发自我的 iPhone", "谢谢"},
	} {
		got := quote.Text(c.in, said)
		if got.New != c.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got.New, c.want)
		}
		if (got.Rest == "") != (c.want == c.in) {
			t.Errorf("%s: rest %q", name, got.Rest)
		}
	}
}

// What a person has written is never folded.
func TestTextThatMustBeSeen(t *testing.T) {
	t.Parallel()
	const head = "From: Support <support@shop.example>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann\nSubject: RE: order\n\n"
	for name, c := range map[string]struct{ in, see string }{
		"below the quote":              {"On 23 Nov 2026 Support wrote:\n> It will be with you on Friday.\n\nNo, I am away on Friday.", "No, I am away on Friday."},
		"between quotes":               {"> Your order has left the warehouse.\n\nWhich one?\n\n> It will be with you on Friday.\n\nGood.\n\n> Kind regards", "Which one? Good."},
		"below an original":            {head + said + "\n\nI am away on Friday.", "I am away on Friday."},
		"within an original":           {"See my answers below.\n\n" + head + "Your order has left the warehouse.\nWhich one?\nIt will be with you on Friday.", "Which one?"},
		"within a quote":               {"Hi\n\n> Your order has left the warehouse.\n> Which one do you mean?\n> It will be with you on Friday.", "Which one do you mean?"},
		"only a quote":                 {"> It will be with you on Friday.", "> It will be with you on Friday."},
		"forwarded":                    {"FYI\n\n---------- Forwarded message ---------\nFrom: Boss <b@x.example>\nDate: Mon, Nov 23, 2026\nSubject: refund\nTo: Ann\n\nAsk them for the money.", "Ask them for the money."},
		"forwarded without a word":     {"FYI\n\nFrom: Boss <b@x.example>\nSent: Monday\nTo: Ann\nSubject: refund\n\nAsk them for the money.", "Ask them for the money."},
		"a long text below two dashes": {"A\n--\n1\n2\n3\n4\n5\n6\n7", "7"},
		"wrote at the end":             {"Please look at what Ann wrote on 23 Nov:", "Please look at what Ann wrote on 23 Nov:"},
		"text after an attribution":    {"On Monday 23 Ann wrote:\nplease refund me", "please refund me"},
		"below a signature's quote":    {"Hi\n\n> quoted\n\nAnswer\n-- \nAnn", "Answer"},
	} {
		got := quote.Text(c.in, said)
		for w := range strings.FieldsSeq(c.see) {
			if !strings.Contains(got.New, w) {
				t.Errorf("%s: %q is folded: new %q, rest %q", name, c.see, got.New, got.Rest)
				break
			}
		}
	}
}

// Without a conversation nothing but marks counts: an original without marks is
// news.
func TestFirstMailOfAConversation(t *testing.T) {
	t.Parallel()
	in := "Please answer this.\n\nFrom: Boss <b@x.example>\nSent: Monday\nTo: Ann\nSubject: refund\n\nAsk them for the money."
	if got := quote.Text(in); got.New != in || got.Rest != "" {
		t.Errorf("%+v", got)
	}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	const bare = "<p>Your order has left the warehouse.<br>It will be with you on Friday.</p><p>Kind regards<br>Support</p>"
	for name, c := range map[string]struct{ in, want string }{
		"no quote":        {"<p>Thank you!</p>", "Thank you!"},
		"gmail":           {`<div dir="ltr">Thank you!</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Nov 23, 2026 at 9:30 AM Support wrote:<br></div><blockquote class="gmail_quote" style="margin:0">` + bare + `</blockquote></div>`, "Thank you!"},
		"gmail signature": {`<div>Thank you!</div><div><br></div>-- <br><div dir="ltr" class="gmail_signature">Ann<br>Phone</div>`, "Thank you!"},
		"apple mail":      {`<body><div>Thank you!</div><br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>On 23 Nov 2026, at 09:30, Support wrote:</div><br>` + bare + `</blockquote></div></body>`, "Thank you!"},
		"thunderbird":     {`<p>Thank you!</p><div class="moz-cite-prefix">On 11/23/26 09:30, Support wrote:<br></div><blockquote type="cite" cite="mid:x">` + bare + `</blockquote>`, "Thank you!"},
		"outlook desktop": {`<div class="WordSection1"><p class="MsoNormal">Thank you!<o:p></o:p></p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> Support &lt;s@shop.example&gt;<br><b>Sent:</b> Monday<br><b>To:</b> Ann<br><b>Subject:</b> RE: order</p></div></div>` + bare + `</div>`, "Thank you!"},
		"outlook chinese": {`<div><p>谢谢！</p><div style="border-top:solid #B5C4DF 1.0pt"><p><b>发件人:</b> Support<br><b>发送时间:</b> 2026年11月23日<br><b>收件人:</b> Ann<br><b>主题:</b> 订单</p></div>` + bare + `</div>`, "谢谢！"},
		"outlook web":     {`<div>Thank you!</div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg"><b>Von:</b> Support<br><b>Gesendet:</b> Montag<br><b>An:</b> Ann<br><b>Betreff:</b> AW</div><div>` + bare + `</div>`, "Thank you!"},
		"qq":              {`<div>谢谢！</div><div><br></div><div style="font-size:12px;padding:2px 0">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="background:#efefef"><div><b>发件人:</b>&nbsp;"Support";</div><div><b>发送时间:</b>&nbsp;2026年11月23日</div><div><b>收件人:</b>&nbsp;"Ann";</div><div><b>主题:</b>&nbsp;订单</div></div>` + bare, "谢谢！"},
		"163":             {`<div>谢谢！</div><br><pre><br>在 2026-11-23 09:30:00，"Support" &lt;s@shop.example&gt; 写道：</pre><blockquote id="isReplyContent" style="padding-left:1ex">` + bare + `</blockquote>`, "谢谢！"},
	} {
		got := quote.HTML(c.in, said)
		if text := hypertext.Text(got.New); strings.TrimSpace(text) != c.want {
			t.Errorf("%s:\n got %q\nwant %q", name, text, c.want)
		}
		if name != "no quote" && name != "gmail signature" && !strings.Contains(hypertext.Text(got.Rest), "It will be with you on Friday.") {
			t.Errorf("%s: the rest is lost: %q", name, got.Rest)
		}
	}
}

func TestHTMLThatMustBeSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, see string }{
		"below":                {`<blockquote type="cite">It will be with you on Friday.</blockquote><p>I am away.</p>`, "I am away."},
		"between, gmail":       {`<div class="gmail_quote"><div class="gmail_attr">On 23 Nov 2026 Support wrote:</div><blockquote class="gmail_quote">Your order has left the warehouse.</blockquote><div>Which one?</div><blockquote class="gmail_quote">It will be with you on Friday.</blockquote></div>`, "Which one?"},
		"within a quote":       {`<p>Hi</p><blockquote type="cite"><p>Your order has left the warehouse.</p><p style="color:red">Which one?</p><p>It will be with you on Friday.</p></blockquote>`, "Which one?"},
		"a picture below":      {`<p>Hi</p><blockquote type="cite">It will be with you on Friday.</blockquote><img src="cid:a" alt="damage">`, "[damage]"},
		"a quotation":          {`<p>As the poet says:</p><blockquote>To be or not</blockquote>`, "To be or not"},
		"only a quote":         {`<blockquote type="cite">It will be with you on Friday.</blockquote>`, "It will be with you on Friday."},
		"forwarded by outlook": {`<p>FYI</p><div style="border-top:solid #E1E1E1 1.0pt"><b>From:</b> Boss<br><b>Sent:</b> Monday<br><b>To:</b> Ann<br><b>Subject:</b> refund</div><p>Ask for the money.</p>`, "Ask for the money."},
	} {
		got := quote.HTML(c.in, said)
		if !strings.Contains(hypertext.Text(got.New), c.see) {
			t.Errorf("%s: folded: new %q, rest %q", name, got.New, got.Rest)
		}
	}
}

func TestBombs(t *testing.T) {
	t.Parallel()
	for _, page := range []string{strings.Repeat("<div>", 200000) + "x", strings.Repeat("<blockquote type=cite>x", 50000), strings.Repeat("<p>From: a<p>To: b<p>Date: c", 50000)} {
		if got := quote.HTML(page, said); got.New == "" {
			t.Error("nothing is new")
		}
	}
	if got := quote.Text(strings.Repeat("> It will be with you\n", 200000)+"seen", strings.Repeat("a b c ", 1<<18)); !strings.Contains(got.New, "seen") {
		t.Error("not seen")
	}
}

// Nothing is lost, whatever is folded.
func FuzzText(f *testing.F) {
	f.Add("Thank you!\n\nOn 23 Nov 2026 Support wrote:\n> x\n-- \nAnn")
	f.Add("a\n\n-----Original Message-----\nFrom: a\nSent: b\nTo: c\nIt will be with you on Friday.")
	f.Fuzz(func(t *testing.T, in string) {
		got := quote.Text(in, said)
		if strings.TrimSpace(in) != "" && strings.TrimSpace(got.New) == "" {
			t.Fatalf("nothing is new: %+v", got)
		}
		if strings.Join(strings.Fields(got.New+"\n"+got.Rest), "") != strings.Join(strings.Fields(in), "") {
			t.Fatalf("%q became %+v", in, got)
		}
	})
}

func FuzzHTML(f *testing.F) {
	f.Add(`<div>Thank you!</div><div class="gmail_quote"><div class="gmail_attr">On 23 wrote:</div><blockquote class="gmail_quote">x</blockquote></div>`)
	f.Fuzz(func(t *testing.T, in string) {
		got := quote.HTML(in, said)
		if got.Rest != "" && strings.TrimSpace(got.New) == "" {
			t.Fatalf("nothing is new: %+v", got)
		}
	})
}
