package automatic_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/email/automatic"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

func judge(l ...string) automatic.Verdict {
	m := message.Read([]byte(strings.Join(append(l, "", "hi"), "\r\n")), message.Limits{})
	return automatic.Judge(m, []string{"support@shop.example"})
}

func TestReasons(t *testing.T) {
	t.Parallel()
	const from = "From: c@x.example"
	for _, c := range []struct {
		field     string
		reason    automatic.Reason
		automatic bool
	}{
		{from, "", false},
		{from + "\r\nAuto-Submitted: no", "", false},
		{from + "\r\nAuto-Submitted: no (really)", "", false},
		{from + "\r\nAuto-Submitted: auto-replied; owner-email=x", automatic.AutoSubmitted, true},
		{from + "\r\nAuto-Submitted: auto-generated", automatic.AutoSubmitted, true},
		{from + "\r\nPrecedence: Bulk", automatic.Bulk, true},
		{from + "\r\nPrecedence: junk", automatic.Bulk, true},
		{from + "\r\nPrecedence: auto_reply", automatic.AutoReply, true},
		{from + "\r\nPrecedence: first-class", "", false},
		{from + "\r\nPrecedence: list", automatic.List, false},
		{from + "\r\nList-Id: <news.x.example>", automatic.List, false},
		{from + "\r\nList-Unsubscribe: <mailto:u@x.example>", automatic.List, false},
		{from + "\r\nPrecedence: list\r\nList-ID: <support.shop.example>", "", false},
		{from + "\r\nList-Post: <mailto:support@shop.example>", "", false},
		{from + "\r\nX-Auto-Response-Suppress: DR, OOF, AutoReply", automatic.Suppressed, false},
		{from + "\r\nX-Auto-Response-Suppress: DR, RN", "", false},
		{from + "\r\nReturn-Path: <>", automatic.NullReturnPath, true},
		{from + "\r\nReturn-Path: < >", automatic.NullReturnPath, true},
		{from + "\r\nReturn-Path: <c@x.example>", "", false},
		{from + "\r\nX-Autoreply: yes", automatic.AutoReply, true},
		{from + "\r\nX-Patchbay-Loop: support@shop.example", automatic.OwnLoop, true},
		{from + "\r\nContent-Type: multipart/report; boundary=b", automatic.Report, true},
		{from + "\r\nSubject: 自动回复: 您好", automatic.SubjectSaysSo, true},
		{from + "\r\nSubject: Automatic reply: order", automatic.SubjectSaysSo, true},
		{from + "\r\nSubject: Out of office until Monday", automatic.SubjectSaysSo, true},
		{from + "\r\nSubject: My autoreply does not work", "", false},
		{from + "\r\nSubject: Automatic door broken", "", false},
		{"From: Support+x@Shop.example", automatic.OwnAddress, false},
		{"From: MAILER-DAEMON@mx.example (Mail Delivery System)", automatic.System, true},
		{"From: MAILER-DAEMON", automatic.System, true},
		{"From: postmaster@x.example", automatic.System, true},
		{"From: Noreply <orders-noreply@x.example>", automatic.NoReply, false},
		{"From: no-reply@x.example", automatic.NoReply, false},
		{"From: do_not_reply@x.example", automatic.NoReply, false},
		{"From: noreply123@x.example", automatic.NoReply, false},
		{"From: donotreply@x.example", automatic.NoReply, false},
		{"From: reply@x.example", "", false},
		{"From: norep@x.example", "", false},
		{"From: noreply@forms.example\r\nReply-To: person@x.example", "", false},
		{"Subject: nobody", automatic.NoSender, false},
	} {
		got := judge(c.field)
		if got.Reason != c.reason || got.Automatic != c.automatic || got.Answer != (c.reason == "") {
			t.Errorf("%q: %+v", c.field, got)
		}
	}
}

// Chatwoot #5131, FreeScout #634: an automatic answer to an address that nobody
// reads is answered by a machine, and so on without end.
func TestNoReplyMailboxDoesNotLoop(t *testing.T) {
	t.Parallel()
	for _, m := range [][]string{
		{"From: no-reply@parcel.example", "Subject: Your package is on the way!"},
		{"From: MAILER-DAEMON@mx.example", "Return-Path: <>", "Subject: Message delivery failure notice"},
	} {
		if got := judge(m...); got.Answer {
			t.Errorf("%q: %+v", m, got)
		}
	}
}

// FreeScout #3670, #2445: two ticket systems confirm each other's
// confirmations.
func TestTwoTicketSystemsDoNotLoop(t *testing.T) {
	t.Parallel()
	if got := judge("From: help@them.example", "Auto-Submitted: auto-replied", "Subject: Ticket Received - 286614 - Re: Ticket Received"); got.Answer || !got.Automatic {
		t.Errorf("%+v", got)
	}
}

// Libredesk, the fix in #93, and FreeScout #3332: a mailbox that is in Cc of its own
// mail.
func TestOwnAddressDoesNotLoop(t *testing.T) {
	t.Parallel()
	if got := judge("From: Shop <SUPPORT@shop.example>", "To: support@shop.example"); got.Answer || got.Automatic {
		t.Errorf("%+v", got)
	}
}

// Chatwoot #9606, #12101: an absence note is kept, and starts nothing.
func TestAbsenceNotesStartNothing(t *testing.T) {
	t.Parallel()
	for _, m := range [][]string{
		{"From: c@x.example", "Auto-Submitted: auto-replied (vacation)"},
		{"From: c@x.example", "X-Auto-Response-Suppress: All", "Subject: Automatische Antwort: Rechnung"},
		{"From: c@qq.example", "Subject: 自动回复:您的订单"},
	} {
		if got := judge(m...); got.Answer {
			t.Errorf("%q: %+v", m, got)
		}
	}
}
