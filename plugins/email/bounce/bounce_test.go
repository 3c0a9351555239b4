package bounce_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/email/bounce"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

func read(l ...string) *message.Message {
	return message.Read([]byte(strings.Join(l, "\r\n")), message.Limits{})
}

func report(status, original string, fields ...string) *message.Message {
	return read(append(append([]string{
		"From: MAILER-DAEMON@mx.shop.example (Mail Delivery System)", "Return-Path: <>", "Auto-Submitted: auto-replied",
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b", "",
		"--b", "Content-Description: Notification", "", "This is the mail system at host mx.shop.example.", "",
		"--b", "Content-Type: " + status, "", "Reporting-MTA: dns; mx.shop.example", "X-Postfix-Queue-ID: 4F", "Arrival-Date: Mon, 23 Nov 2026 09:30:00 +0800", "",
	}, fields...),
		"", "--b", "Content-Type: "+original, "", "Message-ID: <pb.cnv_1.msg_1.abc@shop.example>", "Subject: x", "", "text", "--b--")...)
}

func TestStandardReports(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		m    *message.Message
		want []bounce.Recipient
	}{
		"refused": {
			report("message/delivery-status", "message/rfc822", "Final-Recipient: rfc822; ann@x.example", "Original-Recipient: rfc822;ann@x.example", "Action: failed", "Status: 5.1.1", "Remote-MTA: dns; mx.x.example", "Diagnostic-Code: smtp; 550 5.1.1 <ann@x.example>: no such user", "    here"),
			[]bounce.Recipient{{"ann@x.example", bounce.Permanent, "5.1.1", "550 5.1.1 <ann@x.example>: no such user here"}},
		},
		"with SMTPUTF8, as Postfix writes it": {
			report("message/global-delivery-status", "message/global", "Final-Recipient: utf-8; 用户@例子.example", "Action: failed", "Status: 5.4.4", "Diagnostic-Code: X-Postfix; Host not found"),
			[]bounce.Recipient{{"用户@例子.example", bounce.Permanent, "5.4.4", "Host not found"}},
		},
		"escaped": {
			report("message/global-delivery-status", "text/rfc822-headers", `Final-Recipient: utf-8; \x{7528}@x.example`, "Action: failed", "Status: 5.1.1"),
			[]bounce.Recipient{{"用@x.example", bounce.Permanent, "5.1.1", ""}},
		},
		"delayed": {
			report("message/delivery-status", "message/rfc822", "Final-Recipient: rfc822; ann@x.example", "Action: delayed", "Status: 4.4.1", "Diagnostic-Code: X-Postfix; connection timed out"),
			[]bounce.Recipient{{"ann@x.example", bounce.Delayed, "4.4.1", "connection timed out"}},
		},
		"expired": {
			report("message/delivery-status", "message/rfc822", "Final-Recipient: rfc822; ann@x.example", "Action: failed", "Status: 4.4.7"),
			[]bounce.Recipient{{"ann@x.example", bounce.Temporary, "4.4.7", ""}},
		},
		"status in the diagnostic only": {
			report("message/delivery-status", "message/rfc822", "Final-Recipient: rfc822; ann@x.example", "Action: failed", "Status: unknown", "Diagnostic-Code: smtp; 452 4.2.2 mailbox full"),
			[]bounce.Recipient{{"ann@x.example", bounce.Temporary, "4.2.2", "452 4.2.2 mailbox full"}},
		},
		"two, one delivered": {
			report("message/delivery-status", "message/rfc822", "Final-Recipient: rfc822; ann@x.example", "Action: delivered", "Status: 2.0.0", "", "Final-Recipient: rfc822; <Bob@Y.example>", "Action: failed (bad)", "Status: 5.2.1"),
			[]bounce.Recipient{{"ann@x.example", bounce.Delivered, "2.0.0", ""}, {"Bob@y.example", bounce.Permanent, "5.2.1", ""}},
		},
	} {
		got, ok := bounce.Read(c.m)
		if !ok || !got.Standard || got.MessageID != "pb.cnv_1.msg_1.abc@shop.example" || !reflect.DeepEqual(got.Recipients, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestPlainReports(t *testing.T) {
	t.Parallel()
	const id = "pb.cnv_1.msg_1.abc@shop.example"
	for name, c := range map[string]struct {
		m    *message.Message
		want bounce.Recipient
	}{
		"postfix": {
			read("From: MAILER-DAEMON@mx.example", "Subject: Undelivered Mail Returned to Sender", "", "Your message could not be delivered to one or more recipients.", "", "<ann@x.example>: host mx.x.example[192.0.2.1] said: 550 5.1.1 no such user (in reply", "    to RCPT TO command)", "", "--- Below this line is a copy of the message.", "", "Message-ID: <"+id+">", "To: ann@x.example"),
			bounce.Recipient{Address: "ann@x.example", Outcome: bounce.Permanent, Status: "5.1.1"},
		},
		"qmail": {
			read("Return-Path: <>", "From: MAILER-DAEMON@q.example", "Subject: failure notice", "", "Hi. This is the qmail-send program at q.example.", "I'm afraid I wasn't able to deliver your message to the following addresses.", "", "<ann@x.example>:", "Sorry, I couldn't find any host named x.example. (#5.1.2)", "", "--- Below this line is a copy of the message.", "", "Return-Path: <support@shop.example>", "Message-Id: <"+id+">"),
			bounce.Recipient{Address: "ann@x.example", Outcome: bounce.Permanent, Status: "5.1.2"},
		},
		"exim": {
			read("From: Mail Delivery System <Mailer-Daemon@e.example>", "X-Failed-Recipients: ann@x.example", "Subject: Mail delivery failed: returning message to sender", "", "A message that you sent could not be delivered to one or more of its recipients.", "", "  ann@x.example", "    SMTP error from remote mail server after RCPT TO: 452 mailbox is full", "", "------ This is a copy of the message, including all the headers. ------", "", "Message-ID: <"+id+">"),
			bounce.Recipient{Address: "ann@x.example", Outcome: bounce.Temporary},
		},
		"exchange": {
			read("From: postmaster@outlook.example", "In-Reply-To: <"+id+">", "Subject: Undeliverable: your order", "Content-Type: text/html; charset=utf-8", "", "<p><b>Delivery has failed to these recipients or groups:</b></p><p><a href=\"mailto:ann@x.example\">ann@x.example</a></p><p>The address you entered couldn't be found.</p><p>Diagnostic information: Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'</p>"),
			bounce.Recipient{Address: "ann@x.example", Outcome: bounce.Permanent, Status: "5.1.10"},
		},
		"qq": {
			read("From: <PostMaster@qq.example>", "In-Reply-To: <"+id+">", "Subject: =?gb18030?B?z7XNs83L0MU=?=", "Content-Type: text/plain; charset=gb18030", "", "\xca\xd5\xbc\xfe\xc8\xcb\xa3\xbaann@x.example", "550 User not found"),
			bounce.Recipient{Address: "ann@x.example", Outcome: bounce.Permanent},
		},
		"netease": {
			read("From: Postmaster@163.example", "References: <"+id+">", "Subject: 系统退信", "Content-Type: text/plain; charset=utf-8", "", "您的邮件无法送达。", "收件人地址：ann@x.example", "退信原因：对方邮箱已满 SMTP error 452 4.2.2"),
			bounce.Recipient{Address: "ann@x.example", Outcome: bounce.Temporary, Status: "4.2.2"},
		},
		"delayed": {
			read("From: MAILER-DAEMON@mx.example", "In-Reply-To: <"+id+">", "Subject: Delayed Mail (still being retried)", "", "Your message could not be delivered for more than 4 hours. THIS IS A WARNING ONLY.", "<ann@x.example>: connect to mx.x.example: Connection timed out"),
			bounce.Recipient{Address: "ann@x.example", Outcome: bounce.Delayed},
		},
	} {
		got, ok := bounce.Read(c.m)
		if !ok || got.Standard || got.MessageID != id || len(got.Recipients) != 1 {
			t.Errorf("%s: %+v %v", name, got, ok)
			continue
		}
		one := got.Recipients[0]
		if one.Diagnostic == "" {
			t.Errorf("%s: no diagnostic", name)
		}
		if one.Diagnostic = ""; one != c.want {
			t.Errorf("%s: %+v, want %+v", name, one, c.want)
		}
	}
}

// A customer may write of mail that came back, and quote it.
func TestWhatIsNoReport(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*message.Message{
		"a customer quotes one": read("From: ann@x.example", "Subject: Undelivered Mail Returned to Sender", "", "Why did this come back?", "> Your message could not be delivered.", "> <info@shop.example>: 550 5.1.1 no such user"),
		"a postmaster writes":   read("From: postmaster@x.example", "Subject: Question about your order form", "", "Hello, please call me. To: ann@x.example"),
		"an absence note":       read("From: ann@x.example", "Auto-Submitted: auto-replied", "Subject: Out of office", "", "I am away. Mail could not be delivered to me <ann@x.example>: ask bob@x.example"),
		"a receipt":             read("From: ann@x.example", "Content-Type: multipart/report; report-type=disposition-notification; boundary=b", "", "--b", "", "Your message was displayed.", "--b", "Content-Type: message/disposition-notification", "", "Final-Recipient: rfc822; ann@x.example", "Disposition: manual-action/MDN-sent-manually; displayed", "--b--"),
		"a server names nobody": read("From: MAILER-DAEMON@mx.example", "Subject: failure notice", "", "Something failed."),
		"nothing":               read(""),
	} {
		if got, ok := bounce.Read(m); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("From: MAILER-DAEMON\nSubject: failure notice\n\n<a@b.example>: 550 5.1.1 no"))
	f.Add([]byte("Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; \\x{41}@b\nAction: failed\n--b--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, ok := bounce.Read(message.Read(raw, message.Limits{}))
		if !ok {
			return
		}
		for _, r := range got.Recipients {
			if r.Address == "" || r.Outcome == "" || len(r.Diagnostic) > 1000 {
				t.Fatalf("%+v", r)
			}
		}
	})
}
