package compose_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	gomessage "github.com/emersion/go-message"
	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/automatic"
	"github.com/patchbay-im/patchbay/plugins/email/compose"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

func to(list ...string) []address.Address { return address.Parse(strings.Join(list, ", ")) }

func sample() compose.Mail {
	return compose.Mail{
		ID: "m1@shop.example", Date: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC),
		From: address.Address{Name: "客服 Support", Email: "support@shop.example"}, To: to("Ann <ann@x.example>"),
		Subject: "Re: 您的订单", Text: "您好\n\nfine", HTML: `<p>您好</p><img src="cid:i1@x">`,
		Inline:      []message.File{{Name: "logo.png", Type: "image/png", ContentID: "i1@x", Data: []byte("PNG")}},
		Attachments: []message.File{{Name: "发票 2026年11月 一个非常非常非常非常长的文件名.pdf", Type: "application/pdf", Data: bytes.Repeat([]byte{0, 1, 2, 255}, 100)}, {Name: "a.eml", Type: "message/rfc822", Data: []byte("Subject: x\r\n\r\n--b")}},
		InReplyTo:   "c2@x.example", References: []string{"c1@x.example", "m0@shop.example"},
	}
}

func write(t *testing.T, m compose.Mail) (*compose.Message, *message.Message) {
	t.Helper()
	out, err := compose.Write(m)
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, out.Raw)
	return out, message.Read(out.Raw, message.Limits{})
}

func checkLines(t interface{ Fatalf(string, ...any) }, raw []byte) {
	for line := range bytes.Lines(raw) {
		if len(line) > 1000 || !bytes.HasSuffix(line, []byte("\r\n")) && len(line) > 0 && bytes.ContainsAny(line, "\r\n") {
			t.Fatalf("a bad line of %d bytes: %.80q", len(line), line)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	in := sample()
	in.Cc, in.Bcc, in.ReplyTo = to("bob@y.example"), to("hidden@z.example", "ANN@x.example"), to("support+t@shop.example")
	out, got := write(t, in)
	if got.ID != in.ID || !slices.Equal(got.InReplyTo, []string{"c2@x.example"}) || !slices.Equal(got.References, []string{"c1@x.example", "m0@shop.example", "c2@x.example"}) {
		t.Errorf("%q %q %q", got.ID, got.InReplyTo, got.References)
	}
	if got.Subject != in.Subject || got.From[0] != in.From || got.To[0].Name != "Ann" || !got.Date.Equal(in.Date) || got.ReplyTo[0].Email != "support+t@shop.example" {
		t.Errorf("%+v", got)
	}
	if strings.TrimSpace(got.Text) != in.Text || strings.TrimSpace(got.HTML) != in.HTML {
		t.Errorf("%q %q", got.Text, got.HTML)
	}
	if !reflect.DeepEqual(got.Inline, in.Inline) || len(got.Attachments) != 2 || !reflect.DeepEqual(got.Attachments[0], in.Attachments[0]) || got.Attachments[1].Name != "a.eml" || !bytes.Equal(got.Attachments[1].Data, in.Attachments[1].Data) {
		t.Errorf("%+v %+v", got.Inline, got.Attachments)
	}
	if !slices.Equal(out.Recipients, []string{"hidden@z.example", "ANN@x.example", "bob@y.example"}) || out.Sender != "support@shop.example" || out.UTF8 || bytes.Contains(out.Raw, []byte("hidden")) {
		t.Errorf("%q %v", out.Recipients, out.UTF8)
	}
	again, _ := write(t, in)
	if !bytes.Equal(out.Raw, again.Raw) {
		t.Error("the same mail gives other bytes")
	}
	if len(got.Problems) != 0 {
		t.Error(got.Problems)
	}
}

// Another reader than ours finds the same structure.
func TestReadByAnother(t *testing.T) {
	t.Parallel()
	out, _ := write(t, sample())
	e, err := gomessage.Read(bytes.NewReader(out.Raw))
	if err != nil {
		t.Fatal(err)
	}
	var shape []string
	err = e.Walk(func(path []int, e *gomessage.Entity, err error) error {
		kind, _, bad := e.Header.ContentType()
		if bad != nil || err != nil {
			t.Errorf("%v: %v %v", path, bad, err)
		}
		if !strings.HasPrefix(kind, "multipart/") {
			if _, err := io.ReadAll(e.Body); err != nil {
				t.Errorf("%v: %v", path, err)
			}
		}
		shape = append(shape, fmt.Sprint(len(path), " ", kind))
		return nil
	})
	want := []string{"0 multipart/mixed", "1 multipart/alternative", "2 text/plain", "2 multipart/related", "3 text/html", "3 image/png", "1 application/pdf", "1 application/octet-stream"}
	if err != nil || !slices.Equal(shape, want) {
		t.Errorf("%v %q", err, shape)
	}
}

func TestAutomatic(t *testing.T) {
	t.Parallel()
	in := sample()
	in.Automatic = "support@shop.example"
	_, got := write(t, in)
	if v := automatic.Judge(got, nil); v.Reason != automatic.OwnLoop || v.Answer || got.Header.Get("Auto-Submitted") != "auto-replied" {
		t.Errorf("%+v", v)
	}
	in.InReplyTo = ""
	if _, got = write(t, in); got.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Error(got.Header.Get("Auto-Submitted"))
	}
	if _, got = write(t, sample()); got.Header.Has("Auto-Submitted") || got.Header.Has(automatic.LoopHeader) {
		t.Error("a person's mail is marked")
	}
}

func TestInternational(t *testing.T) {
	t.Parallel()
	in := sample()
	in.To = to("ann@例子.example")
	out, got := write(t, in)
	if out.UTF8 || out.Recipients[0] != "ann@xn--fsqu00a.example" || got.To[0].Email != "ann@xn--fsqu00a.example" {
		t.Errorf("%+v", out)
	}
	in.To = to("用户@例子.example")
	out, got = write(t, in)
	if !out.UTF8 || out.Recipients[0] != "用户@例子.example" || got.To[0].Email != "用户@例子.example" {
		t.Errorf("%v %q %+v", out.UTF8, out.Recipients, got.To)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*compose.Mail)
		want   error
	}{
		"no recipient":  {func(m *compose.Mail) { m.To = nil }, compose.ErrNoRecipient},
		"no sender":     {func(m *compose.Mail) { m.From = address.Address{} }, compose.ErrAddress},
		"no id":         {func(m *compose.Mail) { m.ID = "" }, compose.ErrNoID},
		"id with lines": {func(m *compose.Mail) { m.ID = "a@b\r\nBcc: x@y" }, compose.ErrNoID},
		"broken":        {func(m *compose.Mail) { m.To = []address.Address{{Email: "a@b\r\nBcc: x@y.example"}} }, compose.ErrAddress},
		"in Bcc":        {func(m *compose.Mail) { m.Bcc = []address.Address{{Text: "nobody"}} }, compose.ErrAddress},
	} {
		in := sample()
		c.change(&in)
		if _, err := compose.Write(in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Chatwoot #11719: programs thread by the whole chain, however long it is.
func TestReferencesKeepTheFirstAndTheLast(t *testing.T) {
	t.Parallel()
	var chain []string
	for i := range 300 {
		chain = append(chain, fmt.Sprintf("m%d@x.example", i))
	}
	got := compose.References(chain, "last@x.example")
	if len(got) != 40 || got[0] != "m0@x.example" || got[38] != "m299@x.example" || got[39] != "last@x.example" {
		t.Errorf("%q", got)
	}
	if got := compose.References([]string{"a@x", "b@x", "a@x", "bad id", "<c@x>"}, "b@x"); !slices.Equal(got, []string{"a@x", "b@x"}) {
		t.Errorf("%q", got)
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	own := []string{"support@shop.example", "info@shop.example"}
	read := func(l ...string) *message.Message {
		return message.Read([]byte(strings.Join(append(l, "", "hi"), "\r\n")), message.Limits{})
	}
	m := read("Message-ID: <c2@x>", "References: <c1@x>", "From: Ann <ann@x.example>", "To: Support <support+pb-1-2@shop.example>, bob@y.example", "Cc: INFO@shop.example, Ann <ann@x.example>, carl@z.example, broken", "Subject: AW: Re[2]: 回复：Order")
	got := compose.Reply(m, own, true)
	if !reflect.DeepEqual(address.Emails(got.To), []string{"ann@x.example"}) || !reflect.DeepEqual(address.Emails(got.Cc), []string{"bob@y.example", "carl@z.example"}) || got.Subject != "Re: Order" || got.InReplyTo != "c2@x" {
		t.Errorf("%+v", got)
	}
	if got := compose.Reply(m, own, false); got.Cc != nil {
		t.Errorf("%+v", got.Cc)
	}
	if got := compose.Reply(read("From: form@shop.example", "Reply-To: ann@x.example"), own, false); got.To[0].Email != "ann@x.example" {
		t.Errorf("%+v", got.To)
	}
	if got := compose.Reply(read("From: ann@x.example", "Reply-To: support@shop.example"), own, false); got.To[0].Email != "ann@x.example" {
		t.Errorf("%+v", got.To)
	}
	if got := compose.Reply(read("From: support@shop.example", "To: ann@x.example"), own, false); got.To[0].Email != "ann@x.example" {
		t.Errorf("%+v", got.To)
	}
	if got := compose.Reply(read("From: ann@x.example", "In-Reply-To: <r@x>"), own, false); !slices.Equal(got.References, []string{"r@x"}) {
		t.Errorf("%q", got.References)
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"Order": "Re: Order", "Re: Order": "Re: Order", "RE:RE: re : Order": "Re: Order", "SV: 回复: Order": "Re: Order", "Re(3): Order": "Re: Order", "Return": "Re: Return", "Fwd: Order": "Re: Fwd: Order", "": "Re:"} {
		if got := compose.ReplySubject(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := compose.ForwardSubject("Fwd: WG: Order"); got != "Fwd: Order" {
		t.Error(got)
	}
}

// Libredesk #250: the files of a mail arrive with it, on every way out.
func TestOutgoingAttachmentsAreNotLost(t *testing.T) {
	t.Parallel()
	_, original := write(t, sample())
	fwd := compose.Forward(original, "请看", compose.WordsIn("zh-CN"))
	fwd.ID, fwd.Date, fwd.From, fwd.To = "f@shop.example", time.Unix(0, 0), sample().From, to("boss@shop.example")
	_, got := write(t, fwd)
	if len(got.Attachments) != 2 || len(got.Inline) != 1 || got.Subject != "Fwd: Re: 您的订单" || !strings.Contains(got.Text, "发件人: 客服 Support <support@shop.example>") || !strings.Contains(got.Text, "您好\n\nfine") || !strings.Contains(got.HTML, "cid:i1@x") || len(got.InReplyTo) != 0 {
		t.Errorf("%+v", got)
	}
	plain := sample()
	plain.HTML = ""
	if _, got = write(t, plain); len(got.Attachments) != 3 {
		t.Errorf("an inline picture without HTML is lost: %+v", got.Attachments)
	}
}

// Whatever is put in comes out, and nothing becomes a header.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	anything := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z \r\n:=?"\\<>@;,.()]{0,120}`), rapid.StringMatching(`[\x{4e00}-\x{4eff} ]{0,80}`), rapid.SampledFrom([]string{"x\r\nBcc: evil@y.example\r\n\r\nbody", "=?utf-8?q?=0D=0ABcc:_x?=", strings.Repeat("a", 2000), "\"quoted\" name", "a\u2028b"}))
	rapid.Check(t, func(r *rapid.T) {
		in := compose.Mail{
			ID: "m@shop.example", Date: time.Unix(1795000000, 0), From: address.Address{Name: anything.Draw(r, "from"), Email: "support@shop.example"},
			To: []address.Address{{Name: anything.Draw(r, "to"), Email: "ann@x.example"}}, Subject: anything.Draw(r, "subject"), Text: anything.Draw(r, "text"), HTML: anything.Draw(r, "html"),
		}
		for i := range rapid.IntRange(0, 3).Draw(r, "files") {
			in.Attachments = append(in.Attachments, message.File{Name: anything.Draw(r, "name") + strconv.Itoa(i), Type: anything.Draw(r, "type"), Data: rapid.SliceOf(rapid.Byte()).Draw(r, "data")})
		}
		out, err := compose.Write(in)
		if err != nil {
			r.Fatal(err)
		}
		checkLines(r, out.Raw)
		got := message.Read(out.Raw, message.Limits{})
		if len(got.Bcc) != 0 || len(got.To) != 1 || got.To[0].Email != "ann@x.example" || got.From[0].Email != "support@shop.example" {
			r.Fatalf("%+v\n%s", got, out.Raw)
		}
		for _, c := range [][2]string{{in.From.Name, got.From[0].Name}, {in.To[0].Name, got.To[0].Name}, {in.Subject, got.Subject}} {
			if !alike(c[0], c[1]) {
				r.Fatalf("%q became %q\n%s", c[0], c[1], out.Raw)
			}
		}
		if strings.TrimSpace(squeeze(in.Text)) != "" && squeeze(got.Text) != squeeze(in.Text) {
			r.Fatalf("%q became %q", in.Text, got.Text)
		}
		if squeeze(got.HTML) != squeeze(in.HTML) {
			r.Fatalf("%q became %q", in.HTML, got.HTML)
		}
		if len(got.Attachments) != len(in.Attachments) {
			r.Fatalf("%d files of %d\n%s", len(got.Attachments), len(in.Attachments), out.Raw)
		}
		for i, f := range got.Attachments {
			if !bytes.Equal(f.Data, in.Attachments[i].Data) {
				r.Fatalf("%q became %q", in.Attachments[i].Data, f.Data)
			}
		}
		for _, name := range fields(out.Raw) {
			if !slices.Contains([]string{"Mime-Version", "Content-Type", "Content-Transfer-Encoding", "From", "To", "Subject", "Date", "Message-Id"}, name) {
				r.Fatalf("a field %q\n%s", name, out.Raw)
			}
		}
	})
}

func fields(raw []byte) []string {
	e, _ := gomessage.Read(bytes.NewReader(raw))
	var out []string
	for f := e.Header.Fields(); f.Next(); {
		out = append(out, f.Key())
	}
	return out
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == unicode.ReplacementChar || r == 0xfeff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// alike compares what a field can keep: the letters, up to its length.
func alike(in, out string) bool {
	keep := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r <= ' ' || unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar || r == 0x2060 || r == 0xfeff {
				return -1
			}
			return r
		}, strings.ToValidUTF8(s, ""))
	}
	a, b := keep(in), keep(out)
	return a == b || len([]rune(in)) > 150 && strings.HasPrefix(a, b)
}
