package mailcorpus_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/automatic"
	"github.com/patchbay-im/patchbay/plugins/email/bounce"
	"github.com/patchbay-im/patchbay/plugins/email/mailcorpus"
	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/plugins/email/thread"
)

func corpus(t *testing.T, seed uint64, n int) []mailcorpus.Mail {
	t.Helper()
	mails, err := mailcorpus.New(seed).All(n, mailcorpus.MadeUp)
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

// desk keeps what a help desk keeps: which mail is of which conversation, and
// who takes part.
type desk struct {
	keys         *thread.Keys
	mails        map[string]int // Message-ID → conversation
	participants map[int][]string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	keys, err := mailcorpus.Keys()
	if err != nil {
		t.Fatal(err)
	}
	return &desk{keys: keys, mails: map[string]int{}, participants: map[int][]string{}}
}

// take files a mail as the host does (ADR 0050): by the delivery that it
// answers, by a mail that it names if its writer takes part, else anew.
func (d *desk) take(m *message.Message) int {
	number, found := 0, false
	if answers := d.keys.Read(m).Delivery; answers != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(answers, "dlv_"))
		number, found = n, err == nil
	}
	for _, id := range slices.Backward(thread.References(m)) {
		if n, ok := d.mails[id]; ok && !found && slices.Contains(d.participants[n], strings.ToLower(m.Author().Email)) {
			number, found = n, true
		}
	}
	if !found {
		number = len(d.participants)
	}
	for _, a := range address.Emails(slices.Concat(m.From, m.To, m.Cc)) {
		d.participants[number] = append(d.participants[number], strings.ToLower(a))
	}
	if m.ID != "" {
		d.mails[m.ID] = number
	}
	return number
}

// Every mail of the corpus becomes what it must.
func TestEveryMailBecomesWhatItMust(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2, 3} {
		d, began := newDesk(t), time.Now()
		mails := corpus(t, seed, 1000)
		if len(mails) != 1000 {
			t.Fatalf("%d mails", len(mails))
		}
		wire := 0
		for i := range mails {
			check(t, d, &mails[i])
			if mails[i].Wire() {
				wire++
			}
		}
		t.Logf("seed %d: %d mails, %d can be sent unchanged, read in %v", seed, len(mails), wire, time.Since(began))
		if wire < 900 {
			t.Errorf("only %d can be sent", wire)
		}
	}
}

func check(t *testing.T, d *desk, mail *mailcorpus.Mail) {
	t.Helper()
	want := mail.Want
	m := message.Read(mail.Raw, message.Limits{})
	fail := func(what string, got, want any) {
		t.Errorf("%s: %s: %q, want %q\n%.1500s", mail.Kind, what, got, want, mail.Raw)
	}
	report, isReport := bounce.Read(m)
	if isReport != (want.Report != nil) {
		fail("report", report, want.Report)
		return
	}
	verdict := automatic.Judge(m, []string{mailcorpus.Mailbox})
	if verdict.Automatic != want.Automatic && !want.Echo || verdict.Answer != want.Answer && want.Report == nil {
		fail("automatic", verdict, want)
	}
	if isReport {
		got := report.Recipients[0]
		got.Diagnostic = ""
		if report.MessageID != want.Report.MessageID || len(report.Recipients) != 1 || got != want.Report.Recipients[0] {
			fail("report", report, want.Report)
		}
		return
	}
	checkContent(fail, m, want)
	if number := d.take(m); number != want.Conversation {
		fail("conversation", strconv.Itoa(number), strconv.Itoa(want.Conversation))
	}
}

func checkContent(fail func(string, any, any), m *message.Message, want mailcorpus.Want) {
	if m.Author().Email != want.Contact {
		fail("contact", m.Author(), want.Contact)
	}
	if want.Name != "" && m.Author().Name != want.Name {
		fail("name", m.Author().Name, want.Name)
	}
	if want.Subject != "" && m.Subject != want.Subject {
		fail("subject", m.Subject, want.Subject)
	}
	if !strings.Contains(squeeze(m.Text), squeeze(want.Text)) {
		fail("text", m.Text, want.Text)
	}
	files := slices.Concat(m.Inline, m.Attachments)
	if len(files) != len(want.Files) {
		fail("files", names(files), len(want.Files))
		return
	}
	for i, f := range want.Files {
		if files[i].Name != f.Name || !bytes.Equal(bytes.TrimSpace(files[i].Data), bytes.TrimSpace(f.Data)) {
			fail("file", files[i].Name, f.Name)
		}
	}
}

func names(files []message.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Name)
	}
	return out
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// The same seed gives the same bytes, another gives others.
func TestTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	a, b, c := corpus(t, 7, 300), corpus(t, 7, 300), corpus(t, 8, 300)
	same := 0
	for i := range a {
		if !bytes.Equal(a[i].Raw, b[i].Raw) {
			t.Fatalf("%s differs", a[i].Kind)
		}
		if bytes.Equal(a[i].Raw, c[i].Raw) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d mails of two seeds are the same", same)
	}
}

func TestFortyCharsets(t *testing.T) {
	t.Parallel()
	labels := mailcorpus.Charsets()
	slices.Sort(labels)
	if n := len(slices.Compact(labels)); n < 40 {
		t.Errorf("%d charsets", n)
	}
}

// Every kind of mail occurs.
func TestEveryKindOccurs(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{}
	for _, m := range corpus(t, 1, 1000) {
		kinds[m.Kind] = true
	}
	for _, k := range []string{"reply, Apple Mail, other references", "reply, plus-address alone", "a colleague's copy", "reply, somebody in Cc", "machine, own mail", "report, RFC 6533", "hostile, forged token", "broken, bare CR", "broken, damaged winmail.dat"} {
		if !kinds[k] {
			t.Errorf("no %q", k)
		}
	}
}
