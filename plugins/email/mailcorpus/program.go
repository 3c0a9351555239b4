package mailcorpus

import (
	"html"
	"strings"
)

// Program is how a mail program writes an answer above what it answers.
type Program struct {
	Name string
	text string // "" = it sends HTML alone
	page string // "" = it sends plain text alone
}

// Text is the plain text of an answer in new words to what was said; "" if the
// program sends none.
func (p Program) Text(words, said string) string {
	return strings.NewReplacer("{new}", words, "{said}", said, "{quoted}", "> "+strings.ReplaceAll(said, "\n", "\n> ")).Replace(p.text)
}

// HTML is the page of the same answer; "" if the program sends none.
func (p Program) HTML(words, said string) string {
	broken := strings.ReplaceAll(html.EscapeString(said), "\n", "<br>")
	divs := "<div>" + strings.ReplaceAll(html.EscapeString(said), "\n", "</div><div>") + "</div>"
	return strings.NewReplacer("{new}", html.EscapeString(words), "{said}", broken, "{divs}", divs).Replace(p.page)
}

const (
	address      = Mailbox
	englishHead  = "From: Support <" + address + ">\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann Example <ann@customer.example>\nSubject: Re: My order\n\n"
	chineseHead  = "发件人: Support <" + address + ">\n发送时间: 2026年11月23日 9:30\n收件人: 李雷 <lilei@customer.example>\n主题: Re: 订单\n\n"
	englishBlock = `<b>From:</b> Support &lt;` + address + `&gt;<br><b>Sent:</b> Monday, November 23, 2026 9:30 AM<br><b>To:</b> Ann Example &lt;ann@customer.example&gt;<br><b>Subject:</b> Re: My order`
	chineseBlock = `<b>发件人:</b> Support &lt;` + address + `&gt;<br><b>发送时间:</b> 2026年11月23日 9:30<br><b>收件人:</b> 李雷 &lt;lilei@customer.example&gt;<br><b>主题:</b> Re: 订单`
)

// Programs are those whose answers must be told from what they repeat. What each
// writes around the texts is its own; the texts are the corpus's.
func Programs() []Program { return append(chinesePrograms(), westernPrograms()...) }

func chinesePrograms() []Program {
	qq := func(title, from, date, to, subject string) string {
		return `<div>{new}</div><div><br></div><div style="font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;">------------------&nbsp;` + title + `&nbsp;------------------</div><div style="font-size: 12px;background:#efefef;padding:8px;"><div><b>` +
			from + `:</b>&nbsp;"Support"&lt;` + address + `&gt;;</div><div><b>` + date + `:</b>&nbsp;2026年11月23日(星期一) 上午9:30</div><div><b>` + to + `:</b>&nbsp;"李雷"&lt;lilei@customer.example&gt;;<wbr></div><div></div><div><b>` + subject + `:</b>&nbsp;Re: 订单</div></div><div><br></div><div>{said}</div>`
	}
	return []Program{
		{
			"QQ Mail", "{new}\n\n\n\n\n------------------&nbsp;原始邮件&nbsp;------------------\n发件人:                                                                                                                        \"Support\"                                                                                    <" + address + ">;\n发送时间:&nbsp;2026年11月23日(星期一) 上午9:30\n收件人:&nbsp;\"李雷\"<lilei@customer.example>;\n\n主题:&nbsp;Re: 订单\n\n\n\n{said}",
			qq("原始邮件", "发件人", "发送时间", "收件人", "主题"),
		},
		{
			"QQ Mail, app", "{new}\n\n\n\n\n发自我的iPhone\n\n\n------------------ Original ------------------\nFrom: Support <" + address + ">\nDate: Mon,Nov 23,2026 9:30 AM\nTo: 李雷 <lilei@customer.example>\nSubject: Re: 订单\n\n\n\n{said}",
			`<div><div>{new}</div><div><br></div><div>发自我的iPhone</div></div><div><br></div><div id="original-content">` + strings.TrimPrefix(qq("Original", "From", "Date", "To", "Subject"), "<div>{new}</div>") + `</div>`,
		},
		{
			"WeCom mail", "{new}\n\n\n------------------ Original ------------------\nFrom:  \"Support\"<" + address + ">;\nDate:  Mon, Nov 23, 2026 09:30 AM\nTo:  \"李雷\"<lilei@customer.example>;\n\nSubject:  Re: 订单\n\n \n\n{said}",
			qq("Original", "From", "Date", "To", "Subject"),
		},
		{
			"NetEase 163", "{new}\n\n\n\n\n\n\n\n在 2026-11-23 09:30:00，\"Support\" <" + address + "> 写道：\n\n{said}",
			`<div style="line-height:1.7;color:#000000;font-size:14px;font-family:Arial"><div>{new}</div><p><br></p><div style="position:relative;zoom:1"></div><div id="divNeteaseMailCard"></div><p style="margin: 0;"><br></p><pre><br>在 2026-11-23 09:30:00，"Support" &lt;` + address + `&gt; 写道：<br></pre><blockquote id="isReplyContent" style="PADDING-LEFT: 1ex; MARGIN: 0px 0px 0px 0.8ex; BORDER-LEFT: #ccc 1px solid">{divs}</blockquote></div>`,
		},
		{
			"NetEase 126", "{new}\n\n\n\n\nAt 2026-11-23 09:30:00, \"Support\" <" + address + "> wrote:\n{quoted}",
			`<div><div>{new}</div><pre>At 2026-11-23 09:30:00, "Support" &lt;` + address + `&gt; wrote:</pre><blockquote id="isReplyContent" style="PADDING-LEFT: 1ex">{said}</blockquote></div>`,
		},
		{
			"NetEase Mail Master", "{new}\n\n\n\n\n| |\n李雷\n|\n|\nlilei@customer.example\n|\n\n\n---- 回复的原邮件 ----\n| 发件人 | Support<" + address + "> |\n| 发送日期 | 2026年11月23日 09:30 |\n| 收件人 | <lilei@customer.example> |\n| 主题 | Re: 订单 |\n{said}",
			`<div>{new}</div><div><br></div><div style="font-size:14px;padding:0;"><div class="J-reply" style="margin-top:10px;">---- 回复的原邮件 ----</div><table cellpadding="0" cellspacing="9"><tr><td><div>发件人</div></td><td>Support&lt;` + address + `&gt;</td></tr><tr><td>发送日期</td><td>2026年11月23日 09:30</td></tr><tr><td>收件人</td><td>&lt;lilei@customer.example&gt;</td></tr><tr><td>主题</td><td>Re: 订单</td></tr></table><div>{divs}</div></div>`,
		},
		{
			"Foxmail", "{new}\n\n\n\nlilei@customer.example\n \n发件人： Support\n发送时间： 2026-11-23 09:30\n收件人： lilei\n主题： Re: 订单\n{said}",
			`<div><span></span>{new}</div><div><br></div><hr style="width: 210px; height: 1px;" color="#b5c4df" size="1" align="left"><div><span><div style="MARGIN: 10px; FONT-FAMILY: verdana; FONT-SIZE: 10pt"><div>lilei@customer.example</div></div></span></div><blockquote style="margin-Top: 0px; margin-Bottom: 0px; margin-Left: 0.5em"><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><div style="PADDING-RIGHT: 8px"><div><b>发件人：</b>&nbsp;<a href="mailto:` + address + `">Support</a></div><div><b>发送时间：</b>&nbsp;2026-11-23&nbsp;09:30</div><div><b>收件人：</b>&nbsp;<a href="mailto:lilei@customer.example">lilei</a></div><div><b>主题：</b>&nbsp;Re: 订单</div></div></div><div><div>{said}</div></div></blockquote>`,
		},
		{
			"Outlook desktop, Chinese", "{new}\n\n" + chineseHead + "{said}",
			`<div class="WordSection1"><p class="MsoNormal"><span lang="ZH-CN">{new}</span><o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">` + chineseBlock + `<o:p></o:p></p></div><p class="MsoNormal">{said}<o:p></o:p></p></div>`,
		},
		{
			"Outlook on the web, Chinese", "{new}\n________________________________\n" + chineseHead + "{said}",
			`<div class="elementToProof">{new}</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt">` + chineseBlock + `</font><div>&nbsp;</div></div><div class="BodyFragment">{said}</div>`,
		},
		{
			"Gmail, Chinese", "{new}\n\nSupport <" + address + "> 于2026年11月23日周一 09:30写道：\n\n{quoted}",
			`<div dir="ltr">{new}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">Support &lt;<a href="mailto:` + address + `">` + address + `</a>&gt; 于2026年11月23日周一 09:30写道：<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{said}</blockquote></div>`,
		},
		{
			"Apple Mail, Chinese", "{new}\n\n发自我的 iPhone\n\n> 在 2026年11月23日，09:30，Support <" + address + "> 写道：\n> \n> \ufeff{quoted}",
			`<html><head></head><body dir="auto">{new}<div><br></div><div><br id="lineBreakAtBeginningOfSignature"><div dir="ltr">发自我的 iPhone</div><div dir="ltr"><br><blockquote type="cite">在 2026年11月23日，09:30，Support &lt;` + address + `&gt; 写道：<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">` + "\ufeff" + `{said}</div></blockquote></div></body></html>`,
		},
	}
}

func westernPrograms() []Program {
	return []Program{
		{
			"Outlook desktop", "{new}\n\n-----Original Message-----\n" + englishHead + "{said}",
			`<div class="WordSection1"><p class="MsoNormal">{new}<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal">` + englishBlock + `<o:p></o:p></p></div></div><p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">{said}<o:p></o:p></p></div>`,
		},
		{
			"Outlook on the web", "{new}\n________________________________\n" + englishHead + "{said}",
			`<div class="elementToProof">{new}</div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">` + englishBlock + `<div>&nbsp;</div></div><div>{said}</div>`,
		},
		{
			"Outlook, app", "{new}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n" + englishHead + "{said}",
			`<div dir="ltr">{new}</div><div id="ms-outlook-mobile-signature" dir="ltr"><div></div>Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg">` + englishBlock + `</div><div>{said}</div>`,
		},
		{
			"Gmail", "{new}\n\nOn Mon, Nov 23, 2026 at 9:30 AM Support <" + address + ">\nwrote:\n\n{quoted}",
			`<div dir="ltr">{new}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Nov 23, 2026 at 9:30 AM Support &lt;<a href="mailto:` + address + `">` + address + `</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{said}</blockquote></div>`,
		},
		{
			"Apple Mail", "{new}\n\nSent from my iPhone\n\n> On Nov 23, 2026, at 9:30 AM, Support <" + address + "> wrote:\n> \n{quoted}",
			`<html><body dir="auto"><div dir="ltr">{new}</div><div dir="ltr"><br><blockquote type="cite">On Nov 23, 2026, at 9:30 AM, Support &lt;` + address + `&gt; wrote:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">{said}</div></blockquote></body></html>`,
		},
	}
}
