package mailtest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/email/mailcorpus"
)

// writer is a customer with a mail program.
type writer struct {
	mailcorpus.Program
	address      string
	conversation string
	sent         string // the Message-ID of our answer
}

// TestAnswersOfProgramsInTheTimeline answers customers, who answer that from
// every program, as text and as a page alone: the timeline shows the new words.
func TestAnswersOfProgramsInTheTimeline(t *testing.T) {
	const words, question, answer = "收到，谢谢。Please send an invoice, too.", "我的订单到哪里了？", "您好，您的订单 5 已经发出，预计周五送到。\nIt left the warehouse on Monday: https://shop.test/orders/5\n\n祝好\nLin"
	o := openOffice(t)
	var writers []*writer
	for i, p := range mailcorpus.Programs() {
		w := &writer{Program: p, address: fmt.Sprintf("c%d@customer.example", i)}
		writers = append(writers, w)
		o.mailFrom(w, "", plainMail(question))
	}
	for _, w := range writers {
		o.eventually("a question", func() bool {
			for _, talk := range o.talks() {
				if len(talk.Messages) > 0 && talk.Messages[0].Envelope.From.Address == w.address {
					w.conversation = talk.ID
				}
			}
			return w.conversation != ""
		})
		var posted struct{ Message message }
		o.call(http.MethodPost, "/conversations/"+w.conversation+"/messages", map[string]string{"client_msg_id": "answer", "kind": "text", "text": answer}, &posted)
		w.sent = o.sentAs(w.conversation, posted.Message.ID)
	}
	ours := answer + "\n\n-- \n" + officeSignature
	for _, w := range writers {
		o.mailFrom(w, "text", multipartMail(w.Text(words, ours), w.HTML(words, ours)))
		o.mailFrom(w, "page", htmlMail(w.HTML(words, ours)))
	}
	for _, w := range writers {
		var got []message
		o.eventually("the answers from "+w.Name, func() bool {
			got = slices.DeleteFunc(o.messages(w.conversation), func(m message) bool { return m.Sender.Kind != "contact" })
			return len(got) == 3
		})
		for _, m := range got[1:] {
			more := squeeze(strings.TrimPrefix(m.Text, words))
			if !strings.HasPrefix(m.Text, words) || more != "" && !slices.Contains(programSignatures(), more) || !strings.Contains(m.Quoted, "预计周五送到") {
				t.Errorf("%s: %q, folded %q", w.Name, m.Text, m.Quoted)
			}
		}
	}
}

// programSignatures are what programs put below the words of their owner.
func programSignatures() []string {
	return []string{"lilei@customer.example", "---lilei@customer.example", "||李雷||lilei@customer.example|"}
}

// mailFrom sends a mail of a customer, an answer to ours if there is one.
func (o *office) mailFrom(w *writer, kind, body string) {
	o.Helper()
	head := "Authentication-Results: " + authority + "; dmarc=pass header.from=customer.example\n" +
		"From: " + w.address + "\nTo: " + mailcorpus.Mailbox + "\nSubject: Re: 订单\nMessage-ID: <" + kind + "." + w.address + ">\nDate: Mon, 23 Nov 2026 09:30:00 +0000\nMIME-Version: 1.0\n"
	if w.sent != "" {
		head += "In-Reply-To: <" + w.sent + ">\n"
	}
	o.send(w.address, []byte(strings.ReplaceAll(head+body, "\n", "\r\n")))
}

func plainMail(text string) string {
	return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text + "\n"
}

func htmlMail(page string) string {
	return "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + strings.ReplaceAll(page, "><", ">\n<") + "\n"
}

func multipartMail(text, page string) string {
	const line = "=_b"
	return "Content-Type: multipart/alternative; boundary=\"" + line + "\"\n\n--" + line + "\n" + plainMail(text) + "\n--" + line + "\n" + htmlMail(page) + "\n--" + line + "--\n"
}
