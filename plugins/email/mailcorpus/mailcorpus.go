// Package mailcorpus makes the mail that tests read: a thousand messages, the
// same for the same seed, each with what must become of it. Threads cross,
// programs repeat and drop what they please, machines answer, servers report,
// senders break every rule and some mean harm.
//
// The mails need no server. Most can be sent through one as they are (Mail.
// Wire); those that no server would pass on unchanged are for readers alone.
package mailcorpus

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/bounce"
	"github.com/patchbay-im/patchbay/plugins/email/thread"
)

// Mailbox is the address that all mail goes to.
const Mailbox = "support@shop.test"

// NoConversation is the conversation of a report.
const NoConversation = -1

// Mail is one message.
type Mail struct {
	Kind string // what is special about it: names the case in a failure
	Raw  []byte
	Want Want
}

// Want is what must become of a mail.
type Want struct {
	Conversation int    // mails of one number belong together; NoConversation for reports
	Contact      string // the writer's address
	Name         string // the writer's name, decoded; not checked if empty
	Subject      string // not checked if empty
	Text         string // must be in the text, blanks aside
	New          string // must be left when quotes are folded, blanks aside; not checked if empty
	Folded       string // must be folded; not checked if empty
	Files        []File // in this order, inline pictures included
	Automatic    bool   // a machine wrote it
	Answer       bool   // a machine may answer it
	Echo         bool   // of ours, sent from a mail program
	Report       *bounce.Report
}

// File is an attachment.
type File struct {
	Name string
	Data []byte
}

// Sent is an answer of ours in a conversation.
type Sent struct {
	ID   string // Message-ID without brackets
	Plus string // the mailbox's address with the same token
	Text string
}

// Corpus makes mail. It is not safe for concurrent use.
type Corpus struct {
	seed   uint64
	random *rand.Rand
	made   []opening
	next   int // number of the next conversation
	serial int
}

// opening is the first mail of a conversation.
type opening struct {
	person person
	id     string
	text   string
	cc     string
}

// New begins a corpus.
func New(seed uint64) *Corpus {
	return &Corpus{seed: seed, random: rand.New(rand.NewPCG(seed, 51))} //nolint:gosec // the same for the same seed
}

// Keys are those of the answers that MadeUp makes.
func Keys() (*thread.Keys, error) { return thread.New(bytes.Repeat([]byte("corpus"), 8)) }

// MadeUp is an answer of ours that nobody sent, for tests without a server. Its
// delivery is "dlv_" and the number of the conversation.
func MadeUp(conversation int) (Sent, error) {
	keys, err := Keys()
	if err != nil {
		return Sent{}, err
	}
	delivery := fmt.Sprintf("dlv_%d", conversation)
	id, err := keys.MessageID(delivery, "shop.test")
	if err != nil {
		return Sent{}, err
	}
	plus, err := keys.PlusAddress(delivery, Mailbox)
	return Sent{ID: id, Plus: plus, Text: fmt.Sprintf("Thank you for order %d.\nYour parcel has left the warehouse on Monday.\nIt will arrive on Friday.", conversation)}, err
}

// All is the whole: n mails, of which three tenths open conversations, four
// answer what we have answered, and three are of machines, broken or hostile.
// Sent says what we have answered in a conversation.
func (c *Corpus) All(n int, sent func(conversation int) (Sent, error)) ([]Mail, error) {
	out := c.Openings(n * 3 / 10)
	replies, err := c.Replies(n*4/10, sent)
	if err != nil {
		return nil, err
	}
	out = append(out, replies...)
	machines, err := c.Machines(n/10, sent)
	if err != nil {
		return nil, err
	}
	out = append(out, machines...)
	hostile, err := c.Hostile(n/10, sent)
	if err != nil {
		return nil, err
	}
	out = append(out, hostile...)
	return append(out, c.Broken(n-len(out))...), nil
}

// Wire says whether servers pass the mail on byte for byte: lines end in CRLF
// and are short, no NUL.
func (m *Mail) Wire() bool {
	for line := range bytes.Lines(m.Raw) {
		if len(line) > 1000 || !bytes.HasSuffix(line, []byte("\r\n")) || bytes.ContainsAny(line[:len(line)-2], "\r\x00") {
			return false
		}
	}
	return len(m.Raw) > 0
}

// conversation takes the next number.
func (c *Corpus) conversation() int {
	c.next++
	return c.next - 1
}

func (c *Corpus) id(domain string) string {
	c.serial++
	return fmt.Sprintf("%d.%x@%s", c.serial, c.seed, domain)
}

func (c *Corpus) date() string {
	c.serial++
	return time.Unix(1_790_000_000+int64(c.serial)*60, 0).In(time.FixedZone("", (c.serial%25-11)*3600)).Format(time.RFC1123Z)
}

// mark is a word that is in one mail alone.
func (c *Corpus) mark() string {
	c.serial++
	return fmt.Sprintf("mark%dx", c.serial)
}

func pick[T any](c *Corpus, list []T) T { return list[c.random.IntN(len(list))] }

// lines joins with CRLF and ends in one.
func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }

// crlf makes a text ready for a mail.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
