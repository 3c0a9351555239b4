package mailcorpus

import (
	"fmt"

	"github.com/patchbay-im/patchbay/plugins/email/automatic"
	"github.com/patchbay-im/patchbay/plugins/email/bounce"
)

// Machines are absence notes, newsletters, loops and reports.
func (c *Corpus) Machines(n int, sent func(int) (Sent, error)) ([]Mail, error) {
	kinds := []func(*Corpus, int, Sent) Mail{absence, standardReport, newsletter, globalReport, noReply, qmailReport, ownLoop, exchangeReport, silentAbsence, delayedReport, ownList}
	var out []Mail
	for i := range n {
		number := 0
		if len(c.made) > 0 {
			number = c.random.IntN(len(c.made))
		}
		s, err := sent(number)
		if err != nil {
			return nil, err
		}
		out = append(out, kinds[i%len(kinds)](c, number, s))
	}
	return out, nil
}

// machine is a mail of a machine: with a conversation of its own unless number
// is one.
func (c *Corpus) machine(kind string, number int, contact string, fields []string) Mail {
	mark := c.mark()
	if number < 0 {
		number = c.conversation()
	}
	head := append([]string{"From: " + contact, "To: " + Mailbox, "Date: " + c.date(), "Message-ID: <" + c.id("machine.example") + ">"}, fields...)
	return Mail{
		Kind: "machine, " + kind, Raw: []byte(lines(head...) + plainBody("This is a machine speaking. "+mark)),
		Want: Want{Conversation: number, Contact: contact, Text: mark, Automatic: true},
	}
}

func (c *Corpus) writer(number int) string {
	if number < len(c.made) {
		return c.made[number].person.email
	}
	return "nobody@x.example"
}

func absence(c *Corpus, number int, s Sent) Mail {
	return c.machine("absence", number, c.writer(number), []string{"Subject: Out of office", "Auto-Submitted: auto-replied", "In-Reply-To: <" + s.ID + ">", "References: <" + s.ID + ">"})
}

// silentAbsence says nothing but in its subject, as some webmails do.
func silentAbsence(c *Corpus, number int, s Sent) Mail {
	return c.machine("absence, by its subject", number, c.writer(number), []string{"Subject: =?gb18030?B?19S2r7vYuLQ6?= order", "References: <" + s.ID + ">"})
}

func newsletter(c *Corpus, _ int, _ Sent) Mail {
	m := c.machine("newsletter", -1, fmt.Sprintf("news%d@bulk.example", c.serial), []string{"Subject: Great offers", "List-Unsubscribe: <mailto:stop@bulk.example>", "List-Id: <news.bulk.example>"})
	m.Want.Automatic = false
	return m
}

func noReply(c *Corpus, _ int, _ Sent) Mail {
	m := c.machine("no-reply", -1, fmt.Sprintf("no-reply@parcel%d.example", c.serial), []string{"Subject: Your package is on the way!"})
	m.Want.Automatic = false
	return m
}

// ownLoop is an automatic mail of ours that came back.
func ownLoop(c *Corpus, number int, s Sent) Mail {
	return c.machine("own mail", number, Mailbox, []string{"Subject: We have received your message", "Auto-Submitted: auto-replied", automatic.LoopHeader + ": " + Mailbox, "In-Reply-To: <" + s.ID + ">"})
}

// ownList is a person's mail that came through a list which is the mailbox.
func ownList(c *Corpus, _ int, _ Sent) Mail {
	m := c.machine("through our own list", -1, fmt.Sprintf("person%d@x.example", c.serial), []string{"Subject: A question", "Precedence: list", "List-Id: <support.shop.test>", "List-Post: <mailto:" + Mailbox + ">"})
	m.Want.Automatic, m.Want.Answer = false, true
	return m
}

// report is what a server says of our answer.
func (c *Corpus) report(kind string, s Sent, outcome bounce.Outcome, status string, fields []string, body string) Mail {
	to := "gone@x.example"
	head := append([]string{"To: " + Mailbox, "Date: " + c.date(), "Message-ID: <" + c.id("mx.example") + ">"}, fields...)
	return Mail{
		Kind: "report, " + kind, Raw: []byte(lines(head...) + body),
		Want: Want{Conversation: NoConversation, Automatic: true, Report: &bounce.Report{MessageID: s.ID, Recipients: []bounce.Recipient{{Address: to, Outcome: outcome, Status: status}}}},
	}
}

func (c *Corpus) status(kind, original, action, status string, s Sent) string {
	return multi("report; report-type=delivery-status", "4F.1/mx.example",
		plainBody("This is the mail system at host mx.example."),
		lines("Content-Description: Delivery report", "Content-Type: "+kind, "", "Reporting-MTA: dns; mx.example", "", "Final-Recipient: rfc822; gone@x.example", "Action: "+action, "Status: "+status, "Diagnostic-Code: smtp; 550 "+status+" no such user"),
		lines("Content-Type: "+original, "", "From: "+Mailbox, "To: gone@x.example", "Message-ID: <"+s.ID+">", "Subject: x", "", "text"))
}

func standardReport(c *Corpus, _ int, s Sent) Mail {
	return c.report("RFC 3464", s, bounce.Permanent, "5.1.1", []string{"From: MAILER-DAEMON@mx.example (Mail Delivery System)", "Auto-Submitted: auto-replied", "Subject: Undelivered Mail Returned to Sender"}, c.status("message/delivery-status", "message/rfc822", "failed", "5.1.1", s))
}

func globalReport(c *Corpus, _ int, s Sent) Mail {
	return c.report("RFC 6533", s, bounce.Temporary, "4.4.7", []string{"From: MAILER-DAEMON@mx.example", "Subject: Undelivered Mail Returned to Sender"}, c.status("message/global-delivery-status", "message/global", "failed", "4.4.7", s))
}

func delayedReport(c *Corpus, _ int, s Sent) Mail {
	return c.report("delay", s, bounce.Delayed, "4.4.1", []string{"From: MAILER-DAEMON@mx.example", "Subject: Delayed Mail (still being retried)"}, c.status("message/delivery-status", "text/rfc822-headers", "delayed", "4.4.1", s))
}

func qmailReport(c *Corpus, _ int, s Sent) Mail {
	return c.report("qmail", s, bounce.Permanent, "5.1.2", []string{"Return-Path: <>", "From: MAILER-DAEMON@q.example", "Subject: failure notice"},
		plainBody("Hi. This is the qmail-send program at q.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<gone@x.example>:\nSorry, I couldn't find any host named x.example. (#5.1.2)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <"+Mailbox+">\nMessage-Id: <"+s.ID+">\n"))
}

func exchangeReport(c *Corpus, _ int, s Sent) Mail {
	return c.report("Exchange", s, bounce.Permanent, "5.1.10", []string{"From: postmaster@outlook.example", "In-Reply-To: <" + s.ID + ">", "Subject: Undeliverable: your order"},
		lines("Content-Type: text/html; charset=utf-8", "", `<p><b>Delivery has failed to these recipients or groups:</b></p><p><a href="mailto:gone@x.example">gone@x.example</a></p><p>Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'</p>`))
}
