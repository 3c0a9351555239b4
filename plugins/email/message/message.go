// Package message reads a mail as a person would see it in a mail program:
// who, what, the text, the files. It is lenient: broken mail gives what can be
// read and a list of problems, never an error, and no attachment is lost.
package message

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/calendar"
	"github.com/patchbay-im/patchbay/plugins/email/entity"
)

// Limits bound what reading costs.
type Limits = entity.Limits

// Message is a mail that has been read. Texts are valid UTF-8; data may be
// slices of the raw message.
type Message struct {
	ID         string   // Message-ID without brackets; empty if there is none
	InReplyTo  []string // without brackets, in the order of the field
	References []string // the same; the last maxIDs at most
	Date       time.Time
	Subject    string // decoded, one line

	From, Sender, ReplyTo, To, Cc, Bcc []address.Address
	// DeliveredTo are the addresses under which a server took the mail in, such
	// as plus-addresses that To no longer says; topmost first.
	DeliveredTo []string

	Text        string // what is to be read, lines end in "\n"; from the HTML if there is no other
	HTML        string // not cleaned; empty if there is none
	Inline      []File // shown in the HTML, which refers to them by "cid:"
	Attachments []File
	Invitations []*calendar.Invitation

	Signed    Scheme // the content is shown; the signature is not checked
	Encrypted Scheme // the content cannot be shown, and is attached

	Header   entity.Header  // all fields, as received
	Root     *entity.Entity // the structure
	Problems []entity.Problem
	// Digest tells messages apart that have no ID, or somebody else's: SHA-256 of
	// the raw bytes in hexadecimal.
	Digest string
}

// Scheme is how a message is protected.
type Scheme string

// The schemes of mail.
const (
	Plain   Scheme = ""
	SMIME   Scheme = "smime"
	OpenPGP Scheme = "openpgp"
)

// File is a part with a name of its own.
type File struct {
	Name      string // never empty, without folders; given by the sender or made up from the type
	Type      string // media type as declared, in lower case
	ContentID string // without brackets; empty if it has none
	Data      []byte // decoded
}

// NoDate says that the date is missing or cannot be read.
const NoDate = "no_date"

// maxIDs bounds the lists of message ids.
const maxIDs = 200

// Read reads a mail. It always returns a message.
func Read(raw []byte, limits Limits) *Message {
	root, problems := entity.Read(raw, limits)
	sum := sha256.Sum256(raw)
	m := &Message{Header: root.Header, Root: root, Problems: problems, Digest: hex.EncodeToString(sum[:])}
	m.envelope()
	m.body()
	return m
}

func (m *Message) envelope() {
	h := m.Header
	m.Subject = h.Text("Subject")
	if ids := IDs(h.Get("Message-ID")); len(ids) > 0 {
		m.ID = ids[0]
	}
	m.InReplyTo = IDs(h.Get("In-Reply-To"))
	m.References = IDs(h.Get("References"))
	m.From = address.Parse(h.Get("From"))
	m.Sender = address.Parse(h.Get("Sender"))
	m.ReplyTo = address.Parse(h.Get("Reply-To"))
	m.To, m.Cc, m.Bcc = m.addresses("To"), m.addresses("Cc"), m.addresses("Bcc")
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "X-Forwarded-To"} {
		m.DeliveredTo = append(m.DeliveredTo, address.Emails(m.addresses(name))...)
	}
	date, ok := parseDate(h.Get("Date"))
	if m.Date = date; !ok {
		m.problem(NoDate, h.Get("Date"))
	}
}

// addresses reads every field of the name: some programs write several.
func (m *Message) addresses(name string) []address.Address {
	var out []address.Address
	for _, v := range m.Header.All(name) {
		out = append(out, address.Parse(v)...)
	}
	return out
}

// Author is who wrote the message: From, else Sender, else Reply-To.
func (m *Message) Author() address.Address {
	for _, list := range [][]address.Address{m.From, m.Sender, m.ReplyTo} {
		for _, a := range list {
			if a.Email != "" {
				return a
			}
		}
	}
	if len(m.From) > 0 {
		return m.From[0]
	}
	return address.Address{}
}

func (m *Message) problem(code, detail string) {
	m.Problems = append(m.Problems, entity.Problem{Code: code, Detail: detail})
}
