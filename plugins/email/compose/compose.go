// Package compose writes mail: an answer with its files becomes the bytes that
// are sent, with the headers by which every mail program threads it. Nothing
// that is put in can become a header of its own.
package compose

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-message/mail"
	"golang.org/x/net/idna"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/automatic"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// Mail is what is to be sent. Names, subjects and file names may hold anything:
// control characters become spaces.
type Mail struct {
	ID          string // Message-ID without brackets; needed
	Date        time.Time
	From        address.Address
	ReplyTo     []address.Address
	To, Cc, Bcc []address.Address
	Subject     string
	Text        string // if empty, taken from the HTML
	HTML        string // may be empty; shows Inline by "cid:"
	Inline      []message.File
	Attachments []message.File
	InReplyTo   string   // without brackets; may be empty
	References  []string // without brackets, oldest first
	// Automatic marks mail that no person wrote, so that no machine answers it.
	// Its value names the mailbox; empty: a person wrote it.
	Automatic string
}

// Message is a mail as it is handed to a server.
type Message struct {
	Raw        []byte   // lines end in CRLF; no Bcc
	Sender     string   // of the envelope
	Recipients []string // of the envelope, each once, with those of Bcc
	UTF8       bool     // the server must offer SMTPUTF8
}

// What cannot be sent. An error that wraps ErrAddress names the address.
var (
	ErrAddress     = errors.New("compose: not an e-mail address")
	ErrNoRecipient = errors.New("compose: no recipient")
	ErrNoID        = errors.New("compose: no usable message id")
)

const (
	maxSubject    = 500 // characters
	maxName       = 200
	maxReferences = 40
)

// Write writes the mail. The same mail gives the same bytes, so that what is
// sent again is recognised.
func Write(m Mail) (*Message, error) {
	out := &Message{}
	if !usableID(m.ID) {
		return nil, ErrNoID
	}
	header, err := out.header(m)
	if err != nil {
		return nil, err
	}
	if len(out.Recipients) == 0 {
		return nil, ErrNoRecipient
	}
	var raw bytes.Buffer
	if err := newBody(m).write(&raw, header); err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	out.Raw = raw.Bytes()
	return out, nil
}

// header writes the fields. go-message puts what is set last on top.
func (out *Message) header(m Mail) (mail.Header, error) {
	var h mail.Header
	if m.Automatic != "" {
		word := "auto-generated"
		if m.InReplyTo != "" {
			word = "auto-replied"
		}
		h.Set("Auto-Submitted", word)
		h.Set("X-Auto-Response-Suppress", "All")
		h.Set(automatic.LoopHeader, oneLine(m.Automatic, maxName))
	}
	if refs := References(m.References, m.InReplyTo); len(refs) > 0 {
		h.SetMsgIDList("References", refs)
	}
	if usableID(m.InReplyTo) {
		h.SetMsgIDList("In-Reply-To", []string{m.InReplyTo})
	}
	h.SetMessageID(m.ID)
	h.SetDate(m.Date)
	h.Set("Subject", encodeWord(oneLine(m.Subject, maxSubject)))
	for _, field := range []struct {
		name string
		list []address.Address
		sent bool
	}{{"Bcc", m.Bcc, true}, {"Cc", m.Cc, true}, {"To", m.To, true}, {"Reply-To", m.ReplyTo, false}} {
		list, err := out.addresses(field.list, field.sent)
		if err != nil {
			return h, err
		}
		if len(list) > 0 && field.name != "Bcc" {
			h.SetAddressList(field.name, list)
		}
	}
	from, err := out.addresses([]address.Address{m.From}, false)
	if err != nil {
		return h, err
	}
	h.SetAddressList("From", from)
	out.Sender = from[0].Address
	return h, nil
}

// addresses checks a list and makes it ready to be written. Those of sent lists
// become recipients.
func (out *Message) addresses(list []address.Address, sent bool) ([]*mail.Address, error) {
	var ready []*mail.Address
	for _, a := range list {
		if !address.Valid(a.Email) {
			return nil, fmt.Errorf("%w: %q", ErrAddress, a.String())
		}
		email := wire(a.Email)
		if !ascii(email) {
			out.UTF8 = true
		}
		ready = append(ready, &mail.Address{Name: oneLine(a.Name, maxName), Address: email})
		if sent && !contains(out.Recipients, email) {
			out.Recipients = append(out.Recipients, email)
		}
	}
	return ready, nil
}

// wire writes a domain in other letters as DNS does (RFC 5890), where what
// stands before it can be sent everywhere.
func wire(email string) string {
	at := strings.LastIndexByte(email, '@')
	if ascii(email) || !ascii(email[:at]) {
		return email
	}
	domain, err := idna.Lookup.ToASCII(email[at+1:])
	if err != nil {
		return email
	}
	return email[:at+1] + domain
}

// References is the field of an answer: what the answered message refers to and
// that message, each once. Of too many the first and the last remain, which is
// what threads hang on.
func References(earlier []string, answered string) []string {
	var out []string
	for _, id := range append(append([]string{}, earlier...), answered) {
		if !usableID(id) {
			continue
		}
		for i, o := range out {
			if o == id {
				out = append(out[:i], out[i+1:]...)
				break
			}
		}
		out = append(out, id)
	}
	if n := len(out); n > maxReferences {
		out = append(out[:1:1], out[n-maxReferences+1:]...)
	}
	return out
}

// usableID says whether an id can be written into a field.
func usableID(id string) bool {
	return id != "" && len(id) <= 250 && ascii(id) && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == '<' || r == '>' || r == 0x7f })
}

func contains(list []string, email string) bool {
	for _, l := range list {
		if strings.EqualFold(l, email) {
			return true
		}
	}
	return false
}
