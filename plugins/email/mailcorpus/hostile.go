package mailcorpus

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/thread"
)

// Hostile are mails that mean harm: none may reach another's conversation, and
// each must be read.
func (c *Corpus) Hostile(n int, sent func(int) (Sent, error)) ([]Mail, error) {
	forger, err := thread.New(bytes.Repeat([]byte("forger"), 8))
	if err != nil {
		return nil, err
	}
	kinds := []func(*Corpus, Sent) ([]string, string){
		func(c *Corpus, _ Sent) ([]string, string) {
			id, _ := forger.MessageID("dlv_0", "shop.test")
			plus, _ := forger.PlusAddress("dlv_0", Mailbox)
			return []string{"Delivered-To: " + plus, "In-Reply-To: <" + id + ">"}, "forged token"
		},
		func(_ *Corpus, s Sent) ([]string, string) {
			return []string{"References: <" + strings.Replace(s.ID, "dlv_", "dlv_9", 1) + ">"}, "changed token"
		},
		func(c *Corpus, _ Sent) ([]string, string) {
			return []string{"In-Reply-To: <" + c.made[0].id + ">", "References: <" + c.made[0].id + ">"}, "another's conversation"
		},
		func(c *Corpus, _ Sent) ([]string, string) {
			return []string{"Subject: Re: " + c.made[0].person.word(c.made[0].person.text)}, "another's subject"
		},
		func(*Corpus, Sent) ([]string, string) {
			return []string{"Subject: =?utf-8?Q?x=0D=0ABcc:_victim@y.example=0D=0A=0D=0A<script>?="}, "header in a word"
		},
		func(*Corpus, Sent) ([]string, string) {
			return []string{"References: " + strings.Repeat("<a@b>\r\n ", 3000) + "<c@d>"}, "thousands of references"
		},
		func(*Corpus, Sent) ([]string, string) {
			return []string{"Subject: " + strings.Repeat("=?utf-8?B?QQ==?=\r\n ", 3000) + "=?utf-8?Q"}, "thousands of words"
		},
		func(*Corpus, Sent) ([]string, string) {
			return []string{"Authentication-Results: mx.shop.test; dmarc=pass header.from=bank.example", "X-Patchbay-Conversation: 0"}, "forged results"
		},
	}
	var out []Mail
	for i := range n {
		if len(c.made) == 0 {
			break
		}
		s, err := sent(0)
		if err != nil {
			return nil, err
		}
		fields, kind := kinds[i%len(kinds)](c, s)
		bodies := []func(*Corpus, string) (string, []File){scriptBody, pathBody, deepBody, wideBody, disguisedBody}
		mark := c.mark()
		body, files := bodies[i%len(bodies)](c, mark)
		from := fmt.Sprintf("stranger%d@evil.example", i)
		head := append([]string{"From: Stranger <" + from + ">", "To: " + Mailbox, "Date: " + c.date(), "Message-ID: <" + c.id("evil.example") + ">"}, fields...)
		out = append(out, Mail{
			Kind: "hostile, " + kind, Raw: []byte(lines(head...) + body),
			Want: Want{Conversation: c.conversation(), Contact: from, Text: mark, Files: files, Answer: true},
		})
	}
	return out, nil
}

func scriptBody(_ *Corpus, mark string) (string, []File) {
	return lines("Content-Type: text/html; charset=utf-7", "", `<p onclick="alert(1)">`+mark+`</p><script>alert(1)</script><img src="https://track.example/x.gif"><svg onload="alert(1)">`), nil
}

func pathBody(_ *Corpus, mark string) (string, []File) {
	files := []File{{"passwd", []byte("x")}, {"evil.exe", []byte("y")}, {"a  b.txt", []byte("z")}}
	return multi("mixed", "b", plainBody(mark),
		lines("Content-Type: application/octet-stream", "Content-Disposition: attachment; filename=\"../../../etc/passwd\"", "", "x"),
		lines("Content-Type: application/octet-stream", "Content-Disposition: attachment; filename=\"C:\\windows\\evil.exe\"", "", "y"),
		lines("Content-Type: application/octet-stream", "Content-Disposition: attachment; filename*=utf-8''a%0D%0Ab.txt", "", "z")), trimmed(files)
}

// trimmed are files whose last line end belongs to the part.
func trimmed(files []File) []File {
	for i := range files {
		files[i].Data = append(files[i].Data, "\r\n"...)
	}
	return files
}

// deepBody stays within what is read: the text must be found.
func deepBody(_ *Corpus, mark string) (string, []File) {
	body := plainBody(mark)
	for i := range 15 {
		body = multi("mixed", fmt.Sprintf("deep%d", i), body)
	}
	return body, nil
}

func wideBody(_ *Corpus, mark string) (string, []File) {
	parts := []string{plainBody(mark)}
	var files []File
	for i := range 300 {
		parts = append(parts, lines("Content-Disposition: attachment; filename=f"+strconv.Itoa(i), "", "x"))
		files = append(files, File{"f" + strconv.Itoa(i), []byte("x")})
	}
	return multi("mixed", "wide", parts...), trimmed(files)
}

// disguisedBody calls a page a picture.
func disguisedBody(_ *Corpus, mark string) (string, []File) {
	page := "<html><script>alert(1)</script></html>"
	return multi("mixed", "b", plainBody(mark), lines("Content-Type: image/png; name=\"cute.png\"", "", page)), trimmed([]File{{"cute.png", []byte(page)}})
}
