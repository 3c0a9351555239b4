package message_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/plugins/email/message"
)

func read(l ...string) *message.Message {
	return message.Read([]byte(strings.Join(l, "\r\n")), message.Limits{})
}

func names(files []message.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Name+" "+f.Type+" "+string(f.Data))
	}
	return out
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	m := read("Message-ID: <a1@x.example>", "In-Reply-To: Your message of today <b1@y.example>", "References: <r1@x>", "\t<r2@x> <r1@x>", "Date: Mon, 23 Nov 2026 09:30:00 +0800 (CST)",
		"From: =?gb2312?B?wO7A1w==?= <lilei@x.example>", "Reply-To: other@x.example", "To: care+t1@shop.example", "To: second@shop.example", "Cc: Team: a@x.example, b@x.example;", "Delivered-To: care+t2@shop.example", "Subject: =?utf-8?B?5L2g5aW9?=", "", "hi")
	if m.ID != "a1@x.example" || !reflect.DeepEqual(m.InReplyTo, []string{"b1@y.example"}) || !reflect.DeepEqual(m.References, []string{"r1@x", "r2@x"}) {
		t.Errorf("ids %q %q %q", m.ID, m.InReplyTo, m.References)
	}
	if !m.Date.Equal(time.Date(2026, 11, 23, 1, 30, 0, 0, time.UTC)) || m.Subject != "你好" || m.Author().Name != "李雷" || len(m.To) != 2 || len(m.Cc) != 2 || m.DeliveredTo[0] != "care+t2@shop.example" {
		t.Errorf("%+v", m)
	}
	if len(m.Problems) != 0 || len(m.Digest) != 64 {
		t.Errorf("%v %s", m.Problems, m.Digest)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for _, d := range []string{"Mon, 23 Nov 2026 01:30:00 +0000", "23 Nov 2026 01:30:00 GMT", "Mon, 23 Nov 2026 09.30.00 +0800", "Monday, 23 Nov 2026 01:30:00 +0000", "Mon, 23 Nov 2026 01:30:00", "2026-11-23T01:30:00Z", "Mon Nov 23 01:30:00 2026", "Mon, 23 Nov 2026 01:30:00 +0000 XYZ"} {
		if m := read("Date: "+d, "", ""); !m.Date.Equal(time.Date(2026, 11, 23, 1, 30, 0, 0, time.UTC)) {
			t.Errorf("%q: %v", d, m.Date)
		}
	}
	for _, d := range []string{"", "yesterday", "Mon, 99 Foo 2026"} {
		if m := read("Date: "+d, "", ""); !m.Date.IsZero() || m.Problems[0].Code != message.NoDate {
			t.Errorf("%q: %v %v", d, m.Date, m.Problems)
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	m := read("Content-Type: multipart/alternative; boundary=b", "", "--b", "", "plain", "--b", "Content-Type: text/html", "", "<p>rich</p>", "--b--")
	if m.Text != "plain" || m.HTML != "<p>rich</p>" {
		t.Errorf("%q %q", m.Text, m.HTML)
	}
	m = read("Content-Type: text/html; charset=gb2312", "", "<p>\xc4\xe3\xba\xc3</p>")
	if m.Text != "你好" || m.HTML != "<p>你好</p>" {
		t.Errorf("%q %q", m.Text, m.HTML)
	}
	m = read("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "above <", "--b", "Content-Type: image/png", "Content-Disposition: inline; filename=a.png", "", "PNG", "--b", "Content-Type: text/html", "", "<i>below</i>", "--b--")
	if m.Text != "above <\n\nbelow" || !strings.Contains(m.HTML, "above &lt;") || !strings.Contains(m.HTML, "<i>below</i>") || len(m.Attachments) != 1 {
		t.Errorf("%q %q %v", m.Text, m.HTML, m.Attachments)
	}
	m = read("Content-Type: multipart/related; boundary=b", "", "--b", "Content-Type: text/html", "", `<img src="cid:i1@x">`, "--b", "Content-Type: image/png", "Content-ID: <i1@x>", "", "1", "--b", "Content-Type: image/gif", "Content-ID: <i2@x>", "", "2", "--b--")
	if len(m.Inline) != 1 || m.Inline[0].ContentID != "i1@x" || !reflect.DeepEqual(names(m.Attachments), []string{"attachment-2.gif image/gif 2"}) {
		t.Errorf("%v %v", m.Inline, m.Attachments)
	}
}

// Every kind of part that other programs have lost.
func TestNoAttachmentIsLost(t *testing.T) {
	t.Parallel()
	m := read("Content-Type: multipart/mixed; boundary=b", "",
		"--b", "", "text",
		"--b", "Content-Type: application/pdf", "", "no name, no disposition",
		"--b", "Content-Type: image/png", "Content-Disposition: inline", "", "nameless inline",
		"--b", "Content-Type: application/pdf; name=\"\"", "Content-Disposition: attachment; filename=\"\"", "", "empty name",
		"--b", "Content-Type: ;;;", "Content-Disposition: attachment; filename=odd.bin", "", "broken type",
		"--b", "Content-Disposition: attachment; filename=note.txt", "", "a text",
		"--b", "Content-Type: text/plain; name=inline.txt", "Content-Disposition: inline; filename=inline.txt", "", "an inline text",
		"--b", "Content-Type: text/csv", "", "a,b",
		"--b", "Content-Type: message/rfc822", "", "Subject: =?utf-8?B?5L2g5aW9?=: a/b", "", "forwarded",
		"--b", "Content-Type: application/pgp-keys; name=key.asc", "", "key",
		"--b", "Content-Type: application/pdf", "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; filename=bad.pdf", "", "this is not base64!",
		"--b--")
	want := []string{
		"attachment-1.pdf application/pdf no name, no disposition", "attachment-2.png image/png nameless inline", "attachment-3.pdf application/pdf empty name",
		"odd.bin text/plain broken type", "note.txt text/plain a text", "inline.txt text/plain an inline text", "attachment-7.csv text/csv a,b",
		"你好_ a_b.eml message/rfc822 Subject: =?utf-8?B?5L2g5aW9?=: a/b\r\n\r\nforwarded", "key.asc application/pgp-keys key", "bad.pdf application/pdf this is not base64!",
	}
	if got := names(m.Attachments); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if m.Text != "text" {
		t.Errorf("%q", m.Text)
	}
}

func TestProtected(t *testing.T) {
	t.Parallel()
	m := read("Content-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"", "", "--b", "", "signed text", "--b", "Content-Type: application/pgp-signature", "", "-----BEGIN PGP SIGNATURE-----", "--b--")
	if m.Signed != message.OpenPGP || m.Text != "signed text" || len(m.Attachments) != 1 || m.Attachments[0].Name != "attachment-1.asc" {
		t.Errorf("%+v", m)
	}
	m = read("Content-Type: multipart/encrypted; boundary=b; protocol=\"application/pgp-encrypted\"", "", "--b", "Content-Type: application/pgp-encrypted", "", "Version: 1", "--b", "Content-Type: application/octet-stream; name=encrypted.asc", "", "-----BEGIN PGP MESSAGE-----", "--b--")
	if m.Encrypted != message.OpenPGP || len(m.Attachments) != 2 || m.Attachments[1].Name != "encrypted.asc" {
		t.Errorf("%+v", m)
	}
	m = read("", "-----BEGIN PGP MESSAGE-----", "abc")
	if m.Encrypted != message.OpenPGP {
		t.Errorf("%+v", m)
	}
	m = read("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "Content-Transfer-Encoding: base64", "", "MIIBhgYJKoZIhvcNAQcDoIIB")
	if m.Encrypted != message.SMIME || len(m.Attachments) != 1 || m.Attachments[0].Name != "smime.p7m" {
		t.Errorf("%+v", m)
	}
	// An opaque signature: SignedData around a text, lengths not said in advance.
	inner := "Content-Type: text/plain\r\n\r\nopaque text\r\n"
	octets := append([]byte{0x04, byte(len(inner))}, inner...)
	oid := func(last byte) []byte { return []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last} }
	open := func(tag byte, parts ...[]byte) []byte {
		out := []byte{tag, 0x80}
		for _, p := range parts {
			out = append(out, p...)
		}
		return append(out, 0, 0)
	}
	p7m := open(0x30, oid(2), open(0xa0, open(0x30, []byte{2, 1, 1, 0x31, 0}, open(0x30, oid(1), open(0xa0, octets)))))
	m = read("Content-Type: application/pkcs7-mime; smime-type=signed-data", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(p7m))
	if m.Signed != message.SMIME || strings.TrimSpace(m.Text) != "opaque text" || m.Encrypted != "" {
		t.Errorf("%+v", m)
	}
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	m := read("Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/calendar; method=REQUEST; charset=utf-8", "", "BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "SUMMARY:会议", "DTSTART:20261201T010000Z", "END:VEVENT", "END:VCALENDAR", "--b--")
	if len(m.Invitations) != 1 || m.Text != "会议\n2026-12-01 01:00 (UTC)" || len(m.Attachments) != 1 || m.Attachments[0].Name != "invite.ics" {
		t.Errorf("%+v", m)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"":                  nil,
		"<a@b>":             {"a@b"},
		"<a@b> junk <c@d>":  {"a@b", "c@d"},
		"<a@b><c@d>, <a@b>": {"a@b", "c@d"},
		"a@b":               {"a@b"},
		"<lo ng@b>":         {"long@b"},
		"<unclosed@b":       {"unclosed@b"},
		"<<x@y>>":           {"x@y"},
		"no id here":        nil,
	} {
		if got := message.IDs(in); !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := message.IDs(strings.Repeat("<a@b> ", 1000) + manyIDs(1000)); len(got) != 200 || got[199] != "n999@x" {
		t.Errorf("%d", len(got))
	}
}

func manyIDs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" <n" + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10)) + "@x>")
	}
	return b.String()
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/signed; boundary=b\n\n--b\nContent-Type: application/ms-tnef\n\nx\n--b\nContent-Type: text/calendar\n\nBEGIN:VEVENT\nEND:VEVENT\n--b--"))
	f.Add([]byte("From: a@b\nDate: x\nReferences: <a> <b\nContent-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nMIAG"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := message.Read(raw, message.Limits{Parts: 50, Depth: 8})
		for _, s := range []string{m.Subject, m.Text, m.HTML, m.ID, m.Author().String()} {
			if !utf8.ValidString(s) {
				t.Fatalf("not a text: %q", s)
			}
		}
		for _, file := range append(m.Attachments, m.Inline...) {
			if file.Name == "" || strings.ContainsAny(file.Name, "/\\\r\n") || !utf8.ValidString(file.Name+file.Type+file.ContentID) {
				t.Fatalf("name %q", file.Name)
			}
		}
	})
}
