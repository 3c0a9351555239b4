package mailtest_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/plugins/email/mailcorpus"
)

// TestEveryMailArrivesOnce sends the corpus through Postfix and Dovecot into the
// running product, answers what opens conversations (what Postfix cannot deliver
// comes back as its own reports), and does harm meanwhile. At the end each mail
// is there once, in the conversation where it belongs, and nothing else is.
func TestEveryMailArrivesOnce(t *testing.T) {
	n := 100
	if long() {
		n = 1020 // a few are for readers alone: no server passes them on unchanged
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	p := &post{office: openOffice(t), corpus: mailcorpus.New(seed), random: rand.New(rand.NewPCG(seed, 3)), sent: map[int]mailcorpus.Sent{}, answers: map[string]string{}}
	began := time.Now()
	p.open(n * 3 / 10)
	p.answer()
	p.moved()
	p.pour(p.rest(n))
	p.check()
	t.Logf("%d mails and %d reports of Postfix in %v; %d of the corpus no server passes on unchanged", len(p.mails), len(p.answers), time.Since(began).Round(time.Second), p.left)
}

// post is the corpus on its way.
type post struct {
	*office
	corpus  *mailcorpus.Corpus
	random  *rand.Rand
	mails   []mailcorpus.Mail       // that were sent
	left    int                     // mails that no server passes on unchanged
	sent    map[int]mailcorpus.Sent // our answers, by the number of the conversation
	answers map[string]string       // their messages' ids, to their conversations
	harm    int
}

// open sends the mails that open conversations.
func (p *post) open(n int) {
	p.Helper()
	for _, m := range p.corpus.Openings(n) {
		p.pass(m)
	}
	p.settle()
}

// pass sends a mail that servers pass on unchanged.
func (p *post) pass(m mailcorpus.Mail) {
	p.Helper()
	switch {
	case !m.Wire():
		p.left++
		return
	case m.Want.Echo:
		p.must(p.mail.Save(p.Context(), mailcorpus.Mailbox, "Sent", m.Raw))
	case m.Want.Conversation == mailcorpus.NoConversation:
		p.send("", m.Raw)
	default:
		p.send(m.Want.Contact, append(vouched(m), m.Raw...))
	}
	p.mails = append(p.mails, m)
}

// honest reports whether the sender is who it says.
func honest(m mailcorpus.Mail) bool {
	return strings.HasPrefix(m.Kind, "opening, ") || strings.HasPrefix(m.Kind, "reply, ")
}

// vouched is what the mailbox's server writes above the mail of an honest sender.
func vouched(m mailcorpus.Mail) []byte {
	if !honest(m) {
		return nil
	}
	_, domain, _ := strings.Cut(m.Want.Contact, "@")
	return []byte("Authentication-Results: " + authority + "; dmarc=pass header.from=" + domain + "\r\n")
}

var mark = regexp.MustCompile(`mark\d+x`)

// key tells a mail, or a message, from all others: a colleague's copy and the
// customer's answer to it have one mark.
func key(text string, echo bool) string {
	if echo {
		return "copy of " + mark.FindString(text)
	}
	return mark.FindString(text)
}

// arrival is a mail that has become a message.
type arrival struct {
	conversation string
	message
}

// arrived are the mails of the inbox, by their keys.
func (p *post) arrived() map[string][]arrival {
	p.Helper()
	out := map[string][]arrival{}
	for _, one := range p.talks() {
		for _, m := range one.Messages {
			if m.Sender.Kind == "contact" || m.Elsewhere {
				k := key(m.Text+m.Quoted, m.Elsewhere)
				out[k] = append(out[k], arrival{one.ID, m})
			}
		}
	}
	return out
}

// settle waits until every mail that was sent is there.
func (p *post) settle() {
	p.Helper()
	var missing []string
	err := rig.Poll(p.Context(), time.Second, patience, func() (bool, error) {
		there := p.arrived()
		missing = nil
		for _, m := range p.mails {
			if m.Want.Report == nil && len(there[key(m.Want.Text, m.Want.Echo)]) == 0 {
				missing = append(missing, m.Kind+" "+key(m.Want.Text, m.Want.Echo))
			}
		}
		return len(missing) == 0, nil
	})
	if err != nil {
		p.Fatalf("%d of %d mails never came: %q\n%s", len(missing), len(p.mails), missing[:min(20, len(missing))], p.out.Tail())
	}
}

// answer answers each conversation. Postfix delivers nothing to its customers,
// and says so by mails of its own.
func (p *post) answer() {
	p.Helper()
	there, numbers := p.arrived(), map[string]int{}
	for _, m := range p.mails {
		to := there[key(m.Want.Text, false)][0].conversation
		sent, err := mailcorpus.MadeUp(m.Want.Conversation)
		p.must(err)
		var posted struct{ Message message }
		p.call(http.MethodPost, "/conversations/"+to+"/messages", map[string]string{"client_msg_id": fmt.Sprint("answer-", m.Want.Conversation), "kind": "text", "text": sent.Text}, &posted)
		p.sent[m.Want.Conversation], p.answers[posted.Message.ID], numbers[posted.Message.ID] = sent, to, m.Want.Conversation
	}
	for id, to := range p.answers {
		sent := p.sent[numbers[id]]
		sent.ID = p.sentAs(to, id)
		p.sent[numbers[id]] = sent
	}
	p.eventually("the copies in the Sent folder", func() bool {
		copies := p.sentFolder()
		for number, sent := range p.sent {
			if sent.Plus = copies[sent.ID]; sent.Plus == "" {
				return false
			}
			p.sent[number] = sent
		}
		return true
	})
}

// moved moves all mail elsewhere and back, as people and their rules do: it is
// known already.
func (p *post) moved() {
	p.Helper()
	p.must(p.mail.Create(p.Context(), mailcorpus.Mailbox, "Done"))
	p.must(p.mail.Move(p.Context(), mailcorpus.Mailbox, "INBOX", "Done"))
	p.must(p.mail.Move(p.Context(), mailcorpus.Mailbox, "Done", "INBOX"))
}

// rest is the rest of the corpus, of conversations that were opened.
func (p *post) rest(n int) []mailcorpus.Mail {
	p.Helper()
	sent := func(number int) (mailcorpus.Sent, error) {
		if s, ok := p.sent[number]; ok {
			return s, nil
		}
		return mailcorpus.MadeUp(number) // its opening was not sent
	}
	opened := map[int]bool{}
	for _, m := range p.mails {
		opened[m.Want.Conversation] = true
	}
	var out []mailcorpus.Mail
	for _, some := range []func() ([]mailcorpus.Mail, error){
		func() ([]mailcorpus.Mail, error) { return p.corpus.Replies(n*4/10, sent) },
		func() ([]mailcorpus.Mail, error) { return p.corpus.Machines(n/10, sent) },
		func() ([]mailcorpus.Mail, error) { return p.corpus.Hostile(n/10, sent) },
		func() ([]mailcorpus.Mail, error) { return p.corpus.Broken(n / 10), nil },
	} {
		mails, err := some()
		p.must(err)
		out = append(out, mails...)
	}
	return slices.DeleteFunc(out, func(m mailcorpus.Mail) bool {
		old := m.Want.Conversation >= 0 && m.Want.Conversation < n*3/10
		return old && !opened[m.Want.Conversation]
	})
}

// pour sends mails in any order, but for answers to a colleague's copy, which
// must be there before; something breaks now and then.
func (p *post) pour(mails []mailcorpus.Mail) {
	p.Helper()
	var early, late []mailcorpus.Mail
	for _, m := range mails {
		if m.Kind == "reply, to a colleague's mail" {
			late = append(late, m)
		} else {
			early = append(early, m)
		}
	}
	p.random.Shuffle(len(early), func(i, j int) { early[i], early[j] = early[j], early[i] })
	breaks := []func(){
		func() { p.must(p.mail.Kick(p.Context(), mailcorpus.Mailbox)) },
		p.crashPlugin,
		func() { p.must(p.mail.Restart(p.Context(), nil)) },
		p.crash,
		func() { p.must(p.mail.Renumber(p.Context(), mailcorpus.Mailbox)) },
	}
	for i, m := range early {
		p.pass(m)
		if next := len(early) * (p.harm + 1) / (len(breaks) + 1); p.harm < len(breaks) && i == next {
			breaks[p.harm]()
			p.harm++
		}
	}
	p.settle()
	for _, m := range late {
		p.pass(m)
	}
	p.settle()
	p.open(1) // mail is read in order: when this is there, all before it was looked at again
}

// check compares what is there with what must be.
func (p *post) check() {
	p.Helper()
	if p.harm != 5 {
		p.Errorf("only %d harms were done", p.harm)
	}
	there := p.arrived()
	places, numbers := map[int]string{}, map[string]int{}
	for _, m := range p.mails {
		if m.Want.Report != nil {
			continue
		}
		k := key(m.Want.Text, m.Want.Echo)
		got := there[k]
		delete(there, k)
		if len(got) != 1 {
			p.Errorf("%s, %s: is there %d times", m.Kind, k, len(got))
			continue
		}
		p.compare(m, got[0])
		place, known := places[m.Want.Conversation]
		number, taken := numbers[got[0].conversation]
		if known && place != got[0].conversation || taken && number != m.Want.Conversation {
			p.Errorf("%s, %s: is in %s, which is conversation %d; %d is %s", m.Kind, k, got[0].conversation, number, m.Want.Conversation, place)
		}
		places[m.Want.Conversation], numbers[got[0].conversation] = got[0].conversation, m.Want.Conversation
	}
	for k, more := range there {
		p.Errorf("nobody sent %q: %d times, %q", k, len(more), more[0].Text)
	}
	p.reported()
}

// compare checks a message against its mail.
func (p *post) compare(m mailcorpus.Mail, got arrival) {
	p.Helper()
	switch {
	case !strings.Contains(squeeze(got.Text+got.Quoted), squeeze(m.Want.Text)):
		p.Errorf("%s: %q, want %q", m.Kind, got.Text, m.Want.Text)
	case m.Want.New != "" && !strings.Contains(got.Text, m.Want.New):
		p.Errorf("%s: folded away: %q", m.Kind, got.Quoted)
	case got.Envelope == nil || !strings.EqualFold(got.Envelope.From.Address, m.Want.Contact):
		p.Errorf("%s: from %+v, want %s", m.Kind, got.Envelope, m.Want.Contact)
	case !m.Want.Echo && got.Automatic != m.Want.Automatic:
		p.Errorf("%s: automatic: %v", m.Kind, got.Automatic)
	case !m.Want.Echo && honest(m) != (got.Trust.Verdict == "verified"):
		p.Errorf("%s: %s is %s", m.Kind, m.Want.Contact, got.Trust.Verdict)
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// reported checks that Postfix's reports have become what they tell of.
func (p *post) reported() {
	p.Helper()
	p.eventually("the reports", func() bool {
		failed := 0
		for _, to := range slices.Compact(slices.Sorted(maps.Values(p.answers))) {
			for _, m := range p.messages(to) {
				if _, ours := p.answers[m.ID]; ours && m.Delivery == "failed" {
					failed++
				}
			}
		}
		return failed == len(p.answers)
	})
}
