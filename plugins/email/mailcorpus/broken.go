package mailcorpus

import (
	"fmt"
	"strings"
)

// defect is a way to break a mail: what replaces the body and its fields.
type defect struct {
	kind    string
	content func(mark string) string
	files   []File
}

// Broken are mails that break the rules, as programs of the world do. All is
// read that a mail program would show.
func (c *Corpus) Broken(n int) []Mail {
	all := defects()
	var out []Mail
	for i := range n {
		d := all[i%len(all)]
		mark := c.mark()
		from := fmt.Sprintf("broken%d@x.example", i)
		raw := lines("From: <"+from+">", "To: "+Mailbox, "Subject: broken", "Date: "+c.date(), "Message-ID: <"+c.id("broken.example")+">") + d.content(mark)
		switch d.kind {
		case "bare LF":
			raw = strings.ReplaceAll(raw, "\r\n", "\n")
		case "bare CR":
			raw = strings.ReplaceAll(raw, "\r\n", "\r")
		case "mailbox line":
			raw = "From broken@x.example Mon Nov 23 09:30:00 2026\r\n" + raw
		case "no id, no date":
			raw = lines("From: "+from, "To: "+Mailbox) + d.content(mark)
		}
		out = append(out, Mail{Kind: "broken, " + d.kind, Raw: []byte(raw), Want: Want{Conversation: c.conversation(), Contact: from, Text: mark, Files: d.files, Answer: true}})
	}
	return out
}

const pdf = "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"

func defects() []defect {
	return append(brokenParts(), brokenText()...)
}

func brokenParts() []defect {
	file := []File{{"a.pdf", []byte("hello")}}
	in := func(parts ...string) func(string) string {
		return func(mark string) string {
			return strings.ReplaceAll("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nMARK\r\n--b\r\n"+strings.Join(parts, "\r\n--b\r\n")+"\r\n--b--\r\n", "MARK", mark)
		}
	}
	return []defect{
		{"cut off", func(mark string) string {
			return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + mark + "\r\n--b\r\n" + pdf + "aGVsbG8=\r\n"
		}, file},
		{"no boundary", func(mark string) string {
			return "Content-Type: multipart/mixed\r\n\r\n--zz--zz\r\n\r\n" + mark + "\r\n--zz--zz\r\n" + pdf + "aGVsbG8=\r\n--zz--zz--\r\n"
		}, file},
		{"boundary that is not there", func(mark string) string {
			return "Content-Type: multipart/mixed; boundary=none\r\n\r\n" + mark + "\r\n"
		}, nil},
		{"inner parts not closed", func(mark string) string {
			return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\n" + mark + "\r\n--b\r\n" + pdf + "aGVsbG8=\r\n--b--\r\n"
		}, file},
		{"footer in base64", in(pdf + "aGVsbG8=\r\n____\r\nA list's footer, see https://x.example"), file},
		{"spaces in base64", in(pdf + "aG Vs\r\n bG8 ="), file},
		{"base64 without padding", in(pdf + "aGVsbG8"), file},
		{"broken type", in("Content-Type: ;;=\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nhello"), file},
		{"no name", in("Content-Type: application/pdf\r\n\r\nhello"), []File{{"attachment-1.pdf", []byte("hello")}}},
		{"empty name", in("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"\"\r\n\r\nhello"), []File{{"attachment-1.pdf", []byte("hello")}}},
		{"nameless picture", in("Content-Type: image/png\r\nContent-Disposition: inline\r\n\r\nhello"), []File{{"attachment-1.png", []byte("hello")}}},
		{"name in raw GBK", in("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"\xb1\xa8\xb8\xe6.pdf\"\r\n\r\nhello"), []File{{"报告.pdf", []byte("hello")}}},
		{"name without quotes", in("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=my report.pdf\r\n\r\nhello"), []File{{"my report.pdf", []byte("hello")}}},
		{"unknown encoding", in("Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: rot13\r\n\r\nhello"), file},
		{"PGP key", in("Content-Type: application/pgp-keys; name=key.asc\r\n\r\nhello"), []File{{"key.asc", []byte("hello")}}},
		{"signature", func(mark string) string {
			return "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n" + mark + "\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nhello\r\n--b--\r\n"
		}, []File{{"attachment-1.asc", []byte("hello")}}},
		{"damaged winmail.dat", in("Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8="), []File{{"winmail.dat", []byte("hello")}}},
		{"forwarded mail", in("Content-Type: message/rfc822\r\n\r\nSubject: Old order\r\n\r\nhello"), []File{{"Old order.eml", []byte("Subject: Old order\r\n\r\nhello")}}},
		{"uuencode", in("Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a.pdf\r\n%:&5L;&\\\r\n`\r\nend"), file},
		{"part after the end", in(pdf+"aGVsbG8=\r\n--b--", pdf+"aGVsbG8="), []File{{"a.pdf", []byte("hello")}, {"a.pdf", []byte("hello")}}},
	}
}

func brokenText() []defect {
	text := func(head, body string) func(string) string {
		return func(mark string) string { return head + strings.ReplaceAll(body, "MARK", mark) + "\r\n" }
	}
	const quoted = "Content-Transfer-Encoding: quoted-printable\r\n"
	return []defect{
		{"bare LF", text("", "\r\nMARK"), nil},
		{"bare CR", text("", "\r\nMARK"), nil},
		{"mailbox line", text("", "\r\nMARK"), nil},
		{"no id, no date", text("", "\r\nMARK"), nil},
		{"no empty line", text("", "Hello and good day\r\nMARK"), nil},
		{"NUL", text("", "\r\n\x00a\x00 MARK"), nil},
		{"8 bits, not said", text("", "\r\n\xc4\xe3\xba\xc3\xa3\xac\xce\xd2\xb5\xc4\xb6\xa9\xb5\xa5 MARK"), nil},
		{"GBK labelled UTF-8", text("Content-Type: text/plain; charset=utf-8\r\n", "\r\n\xc4\xe3\xba\xc3\xa3\xac\xce\xd2\xb5\xc4\xb6\xa9\xb5\xa5 MARK"), nil},
		{"unknown charset", text("Content-Type: text/plain; charset=x-none\r\n", "\r\n您好 MARK"), nil},
		{"charset twice", text("Content-Type: text/plain; charset=\"charset=utf-8\"\r\n", "\r\n您好 MARK"), nil},
		{"broken quoted-printable", text(quoted, "\r\n100%= =XY =3 MARK ="), nil},
		{"type text", text("Content-Type: text\r\n", "\r\nMARK"), nil},
		{"encoding with a comment", text("Content-Transfer-Encoding: 7bit (plain)\r\n", "\r\nMARK"), nil},
		{"two types", text("Content-Type: text/plain\r\nContent-Type: application/pdf\r\n", "\r\nMARK"), nil},
		{"a long line", text("", "\r\n"+strings.Repeat("word ", 2000)+"MARK"), nil},
		{"a field without a fold", text("X-Long: a\r\nrest of it\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n", "\r\n<p>MARK</p>"), nil},
		{"HTML not closed", text("Content-Type: text/html\r\n", "\r\n<table><tr><td><b>MARK"), nil},
		{"a name with a space before the colon", text("Content-Type : text/html\r\n", "\r\n<p>MARK</p>"), nil},
		{"base64 that is a text", text("Content-Transfer-Encoding: base64\r\n", "\r\nThis is, in fact, no base64! MARK"), nil},
	}
}
