package mailcorpus

import (
	"fmt"
	"strings"
)

// answering is what a style of reply needs to know.
type answering struct {
	opening
	sent   Sent
	number int
	mark   string
	id     string
}

// Replies are answers to ours, by the programs of the world. They cross: a
// conversation gets several, in any order.
func (c *Corpus) Replies(n int, sent func(int) (Sent, error)) ([]Mail, error) {
	styles := []func(*Corpus, answering) []Mail{gmail, appleMail, outlookWeb, thunderbirdInline, qq, netease, plusOnly, referencesOnly, staffOutside, inCopy, bottomPost}
	var out []Mail
	for i := 0; len(out) < n && len(c.made) > 0; i++ {
		number := c.random.IntN(len(c.made))
		s, err := sent(number)
		if err != nil {
			return nil, err
		}
		out = append(out, styles[i%len(styles)](c, answering{c.made[number], s, number, c.mark(), c.id("reply.example")})...)
	}
	return out, nil
}

// mail is a reply; the fields of the thread are the style's.
func (a answering) mail(c *Corpus, kind string, fields []string, body string) Mail {
	head := append([]string{"From: " + a.person.field(), "Date: " + c.date(), "Message-ID: <" + a.id + ">", "Subject: Re: " + a.person.word(a.person.text), "MIME-Version: 1.0"}, fields...)
	return Mail{
		Kind: "reply, " + kind, Raw: []byte(lines(head...) + body),
		Want: Want{Conversation: a.number, Contact: a.person.email, Name: a.person.name, Text: a.mark, New: a.mark, Answer: true},
	}
}

func plainBody(text string) string {
	return lines("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", crlf(text))
}

func (a answering) quoted() string { return "> " + strings.ReplaceAll(a.sent.Text, "\n", "\n> ") }

func (a answering) folded(m Mail) []Mail {
	m.Want.Folded = strings.Split(a.sent.Text, "\n")[1]
	return []Mail{m}
}

func gmail(c *Corpus, a answering) []Mail {
	attribution := "On Mon, Nov 23, 2026 at 9:30 AM Support <" + Mailbox + "> wrote:"
	text := plainBody("Yes, " + a.mark + "\n\n" + attribution + "\n\n" + a.quoted())
	page := lines("Content-Type: text/html; charset=utf-8", "", `<div dir="ltr">Yes, `+a.mark+`</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">`+attribution+`<br></div><blockquote class="gmail_quote">`+strings.ReplaceAll(a.sent.Text, "\n", "<br>")+`</blockquote></div>`)
	return a.folded(a.mail(c, "Gmail", []string{"To: " + Mailbox, "In-Reply-To: <" + a.sent.ID + ">", "References: <" + a.opening.id + "> <" + a.sent.ID + ">"}, multi("alternative", "000000000000a1", text, page)))
}

// appleMail writes References of its own.
func appleMail(c *Corpus, a answering) []Mail {
	other := c.made[c.random.IntN(len(c.made))]
	return a.folded(a.mail(c, "Apple Mail, other references", []string{"To: " + Mailbox, "In-Reply-To: <" + a.sent.ID + ">", "References: <" + other.id + "> <A1B2-C3@customer.example>"},
		plainBody("OK "+a.mark+"\n\nSent from my iPhone\n\n> On 23 Nov 2026, at 09:30, Support <"+Mailbox+"> wrote:\n> \n"+a.quoted())))
}

func outlookWeb(c *Corpus, a answering) []Mail {
	return a.folded(a.mail(c, "Outlook, without marks", []string{"To: Support <" + Mailbox + ">", "In-Reply-To: <" + a.sent.ID + ">", "Thread-Topic: x"},
		plainBody("Fine, "+a.mark+"\n________________________________\nFrom: Support <"+Mailbox+">\nSent: Monday, November 23, 2026 9:30 AM\nTo: Me\nSubject: Re: order\n\n"+a.sent.Text)))
}

func thunderbirdInline(c *Corpus, a answering) []Mail {
	said := strings.Split(a.sent.Text, "\n")
	return []Mail{a.mail(c, "answers between quotes", []string{"To: " + Mailbox, "References: <" + a.opening.id + "> <" + a.sent.ID + ">", "In-Reply-To: <" + a.sent.ID + ">"},
		plainBody("On 11/23/26 09:30, Support wrote:\n> "+said[0]+"\nWhich one?\n> "+said[1]+"\n\n"+a.mark+"\n\n> "+said[2]))}
}

func qq(c *Corpus, a answering) []Mail {
	text := "好的 " + a.mark + "\n\n\n------------------ 原始邮件 ------------------\n发件人: \"Support\" <" + Mailbox + ">;\n发送时间: 2026年11月23日(星期一) 上午9:30\n收件人: \"me\"<" + a.person.email + ">;\n主题: Re: 订单\n\n" + a.sent.Text
	body := lines("Content-Type: text/plain; charset=\"gb18030\"", "Content-Transfer-Encoding: base64", "", wrapped(tongue{charset: "gb18030"}.bytes(crlf(text))))
	return a.folded(a.mail(c, "QQ Mail", []string{"To: \"=?gb18030?B?U3VwcG9ydA==?=\" <" + Mailbox + ">", "In-Reply-To: <" + a.sent.ID + ">", "References: <" + a.sent.ID + ">"}, body))
}

func netease(c *Corpus, a answering) []Mail {
	text := "好的 " + a.mark + "\n\n\n在 2026-11-23 09:30:00，\"Support\" <" + Mailbox + "> 写道：\n" + strings.ReplaceAll(a.quoted(), "> ", ">")
	body := lines("Content-Type: text/plain; charset=GBK", "Content-Transfer-Encoding: base64", "", wrapped(tongue{charset: "gbk"}.bytes(crlf(text))))
	return a.folded(a.mail(c, "NetEase", []string{"To: " + Mailbox, "In-Reply-To: <" + a.sent.ID + ">", "References: <" + a.opening.id + ">  <" + a.sent.ID + ">"}, body))
}

// plusOnly has lost every header of threads.
func plusOnly(c *Corpus, a answering) []Mail {
	return []Mail{a.mail(c, "plus-address alone", []string{"To: Support <" + a.sent.Plus + ">"}, plainBody("Again: "+a.mark))}
}

func referencesOnly(c *Corpus, a answering) []Mail {
	return []Mail{a.mail(c, "references alone", []string{"To: " + Mailbox, "References: <" + a.opening.id + ">\r\n\t<" + a.sent.ID + ">\r\n\t<elsewhere@relay.example>"}, plainBody("Hello "+a.mark))}
}

// staffOutside is a colleague's answer from a mail program, and the customer's
// to that, which names nothing of ours.
func staffOutside(c *Corpus, a answering) []Mail {
	staff := c.id("outlook.example")
	echo := Mail{
		Kind: "a colleague's copy", Raw: []byte(lines("From: Support <"+Mailbox+">", "To: "+a.person.field(), "Date: "+c.date(), "Message-ID: <"+staff+">", "In-Reply-To: <"+a.opening.id+">", "Subject: Re: order") + plainBody("From my desk, "+a.mark)),
		Want: Want{Conversation: a.number, Contact: Mailbox, Text: a.mark, Echo: true},
	}
	return []Mail{echo, a.mail(c, "to a colleague's mail", []string{"To: " + Mailbox, "In-Reply-To: <" + staff + ">", "References: <" + staff + ">"}, plainBody("Thank you "+a.mark))}
}

// inCopy is somebody in Cc who answers the customer's first mail.
func inCopy(c *Corpus, a answering) []Mail {
	if a.cc == "" {
		return gmail(c, a)
	}
	m := a.mail(c, "somebody in Cc", []string{"To: " + a.person.email, "Cc: " + Mailbox, "In-Reply-To: <" + a.opening.id + ">"}, plainBody("I agree "+a.mark))
	m.Raw = []byte(strings.Replace(string(m.Raw), "From: "+a.person.field(), "From: The Boss <"+a.cc+">", 1))
	m.Want.Contact, m.Want.Name = a.cc, "The Boss"
	return []Mail{m}
}

func bottomPost(c *Corpus, a answering) []Mail {
	return []Mail{a.mail(c, "below the quote", []string{"To: " + Mailbox, "In-Reply-To: <" + a.sent.ID + ">", fmt.Sprintf("References: <%s>", a.sent.ID)}, plainBody("On 23 Nov 2026 Support wrote:\n"+a.quoted()+"\n\n"+a.mark+"\n"))}
}
