package mailcorpus

import (
	"fmt"
	"mime"
	"net/url"
	"strings"
)

// Openings are first mails of new conversations, in every charset and shape.
func (c *Corpus) Openings(n int) []Mail {
	var out []Mail
	shapes := []func(*Corpus, person, string) shape{plainShape, base64Shape, htmlShape, alternativeShape, mixedShape, relatedShape, nestedShape, calendarShape}
	for i := range n {
		p := c.person()
		mark := c.mark()
		s := shapes[i%len(shapes)](c, p, mark)
		number, id := c.conversation(), c.id("customer.example")
		cc := ""
		head := []string{"From: " + p.field(), "To: Support <" + Mailbox + ">"}
		if i%5 == 0 {
			cc = fmt.Sprintf("boss%d@firma.example", i)
			head = append(head, "Cc: "+cc)
		}
		head = append(head, "Subject: "+p.word(p.text), "Date: "+c.date(), "Message-ID: <"+id+">", "MIME-Version: 1.0")
		out = append(out, Mail{
			Kind: "opening, " + s.name + ", " + p.charset, Raw: []byte(lines(head...) + s.content),
			Want: Want{Conversation: number, Contact: p.email, Name: p.name, Subject: p.text, Text: s.text, Files: s.files, Answer: true},
		})
		c.made = append(c.made, opening{p, id, s.text, cc})
	}
	return out
}

// shape is a body with its own header fields.
type shape struct {
	name, content, text string
	files               []File
}

func (p person) part(kind, encoding, content string) string {
	switch encoding {
	case "base64":
		content = wrapped(p.bytes(crlf(content)))
	case "quoted-printable":
		var out strings.Builder
		for i, b := range p.bytes(crlf(content)) {
			fmt.Fprintf(&out, "=%02X", b)
			if i%24 == 23 {
				out.WriteString("=\r\n")
			}
		}
		content = out.String()
	default:
		content = string(p.bytes(crlf(content)))
	}
	return lines("Content-Type: "+kind+"; charset="+p.charset, "Content-Transfer-Encoding: "+encoding, "", content)
}

func plainShape(_ *Corpus, p person, mark string) shape {
	text := p.text + "\n" + mark
	return shape{name: "8bit", content: p.part("text/plain", "8bit", text), text: text}
}

func base64Shape(_ *Corpus, p person, mark string) shape {
	text := p.text + "\n\n" + mark
	return shape{name: "base64", content: p.part("text/plain", "base64", text), text: text}
}

func htmlShape(_ *Corpus, p person, mark string) shape {
	return shape{name: "HTML alone", content: p.part("text/html", "quoted-printable", "<html><head><title>no</title></head><body><p>"+p.text+"</p><div>"+mark+"</div></body></html>"), text: p.text + mark}
}

func multi(kind, boundary string, parts ...string) string {
	return "Content-Type: multipart/" + kind + "; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\n" + strings.Join(parts, "\r\n--"+boundary+"\r\n") + "\r\n--" + boundary + "--\r\n"
}

func alternativeShape(_ *Corpus, p person, mark string) shape {
	return shape{name: "alternative", content: multi("alternative", "=_alt", p.part("text/plain", "quoted-printable", p.text+"\n"+mark), p.part("text/html", "base64", "<b>"+p.text+"</b> "+mark)), text: p.text + mark}
}

func mixedShape(c *Corpus, p person, mark string) shape {
	s := shape{name: "files", text: p.text + mark}
	parts := []string{p.part("text/plain", "base64", p.text+"\n"+mark)}
	for range 1 + c.random.IntN(2) {
		f, part := c.file()
		s.files, parts = append(s.files, f), append(parts, part)
	}
	s.content = multi("mixed", "=_mix", parts...)
	return s
}

func relatedShape(c *Corpus, p person, mark string) shape {
	picture := File{"pic.png", append([]byte("\x89PNG\r\n\x1a\n"), mark...)}
	return shape{
		name: "pictures", text: p.text + mark, files: []File{picture},
		content: multi("related", "=_rel", p.part("text/html", "base64", "<p>"+p.text+" "+mark+`</p><img src="cid:`+mark+`@pic">`),
			lines("Content-Type: image/png; name=pic.png", "Content-ID: <"+mark+"@pic>", "Content-Disposition: inline; filename=pic.png", "Content-Transfer-Encoding: base64", "", wrapped(picture.Data))),
	}
}

func nestedShape(c *Corpus, p person, mark string) shape {
	f, part := c.file()
	inner := multi("alternative", "=_inner", p.part("text/plain", "8bit", p.text+"\n"+mark), p.part("text/html", "base64", "<p>"+p.text+"</p>"+mark))
	return shape{name: "nested", text: p.text + mark, files: []File{f}, content: multi("mixed", "=_outer", inner, part)}
}

func calendarShape(_ *Corpus, p person, mark string) shape {
	event := lines("BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:"+mark, "SUMMARY:"+mark, "DTSTART:20261201T010000Z", "END:VEVENT", "END:VCALENDAR")
	return shape{
		name: "invitation", text: p.text + mark, files: []File{{"invite.ics", []byte(strings.ReplaceAll(event, "\r\n", "\n"))}},
		content: multi("alternative", "=_cal", p.part("text/plain", "base64", p.text+"\n"+mark), lines("Content-Type: text/calendar; charset=utf-8; method=REQUEST", "", event)),
	}
}

// file is an attachment whose name is written in one of the ways of the world.
func (c *Corpus) file() (File, string) {
	c.serial++
	name := pick(c, []string{"report.pdf", "报告 2026.pdf", "Rechnung für März.pdf", "a;b,c.pdf", "領収書.pdf"})
	name = fmt.Sprintf("%d %s", c.serial, name)
	data := make([]byte, 1+c.random.IntN(2000))
	for i := range data {
		data[i] = byte(c.random.UintN(256) & 0xff)
	}
	var disposition string
	switch c.random.IntN(4) {
	case 0:
		disposition = "Content-Disposition: attachment; filename*=utf-8''" + url.PathEscape(strings.NewReplacer(";", "_", ",", "_").Replace(name))
		name = strings.NewReplacer(";", "_", ",", "_").Replace(name)
	case 1:
		disposition = "Content-Disposition: attachment; filename=\"" + mime.BEncoding.Encode("utf-8", name) + "\""
	case 2:
		disposition = "Content-Disposition: attachment; filename=\"" + name + "\""
	default:
		half := len([]rune(name)) / 2
		first, second := string([]rune(name)[:half]), string([]rune(name)[half:])
		disposition = "Content-Disposition: attachment;\r\n filename*0*=utf-8''" + escape(first) + ";\r\n filename*1*=" + escape(second)
	}
	return File{name, data}, lines("Content-Type: application/pdf", disposition, "Content-Transfer-Encoding: base64", "", wrapped(data))
}

func escape(s string) string {
	var out strings.Builder
	for _, b := range []byte(s) {
		fmt.Fprintf(&out, "%%%02X", b)
	}
	return out.String()
}
