// Package shape is the JSON that a system posts and is posted: what its fields
// are, what is refused and with which code. It knows nothing of HTTP but the
// status of a fault.
//
// A message inwards:
//
//	{"id": "m-1", "sender": {"id": "u-7", "name": "Alice"}, "text": "Where is my order?"}
package shape

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// Bounds of what comes in.
const (
	MaxBatch = 50
	maxFiles = 20
	maxID    = 500 // bytes
	maxText  = 200_000
	maxURL   = 2048
)

// Inbound is an item as it is posted. Which fields it may have says Kind.
type Inbound struct {
	ID        string  `json:"id"`
	Sender    *Person `json:"sender"`
	Text      string  `json:"text"`
	HTML      string  `json:"html"`
	Files     []File  `json:"files"`
	Thread    string  `json:"thread"`
	ReplyTo   string  `json:"reply_to"`
	SentAt    string  `json:"sent_at"`
	Automatic bool    `json:"automatic"`
	Trust     string  `json:"trust"`
	Message   string  `json:"message"`   // of a status, an edit, a recall: your id of it
	Delivery  string  `json:"delivery"`  // of a status or an echo: the id that we posted it with
	Recipient string  `json:"recipient"` // of an echo: the customer's id
	Author    *Author `json:"author"`    // of an echo
	State     string  `json:"state"`
	Code      string  `json:"code"`
	Detail    string  `json:"detail"`
	UpTo      bool    `json:"up_to"`
}

// Author is who of the company wrote.
type Author struct {
	Name string `json:"name"`
}

// Person is a customer.
type Person struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Email      string            `json:"email"`
	Phone      string            `json:"phone"`
	Attributes map[string]string `json:"attributes"`
}

// File is a file of a message: one of Upload, URL and Base64.
type File struct {
	Upload string `json:"upload"` // what POST …/files answered
	URL    string `json:"url"`    // is fetched after the message is kept
	Base64 string `json:"base64"`
	Name   string `json:"name"`

	bytes []byte
}

// Bytes are those of Base64, after Check.
func (f *File) Bytes() []byte { return f.bytes }

// Kind is what is posted, by the last part of the path.
type Kind string

// The kinds.
const (
	Messages Kind = "messages"
	Statuses Kind = "statuses"
	Events   Kind = "events"
	Typing   Kind = "typing"
	Edits    Kind = "edits"
	Recalls  Kind = "recalls"
	Echoes   Kind = "echoes" // what the company's own staff wrote, in their system
)

// fields are those that items of a kind may have.
func (k Kind) fields() []string {
	switch k {
	case Messages:
		return []string{"id", "sender", "text", "html", "files", "thread", "reply_to", "sent_at", "automatic", "trust"}
	case Statuses:
		return []string{"id", "message", "delivery", "state", "code", "detail", "up_to", "sent_at"}
	case Events:
		return []string{"id", "sender", "text", "thread", "sent_at", "trust"}
	case Typing:
		return []string{"id", "sender", "thread"}
	case Edits:
		return []string{"id", "message", "text", "html", "sent_at"}
	case Recalls:
		return []string{"id", "message", "sent_at"}
	case Echoes:
		return []string{"id", "delivery", "recipient", "author", "text", "html", "files", "thread", "reply_to", "sent_at"}
	default:
		return nil
	}
}

// Known reports whether there is such a kind.
func (k Kind) Known() bool { return k.fields() != nil }

// of is the word of the contract.
func (k Kind) of() channel.Kind {
	return map[Kind]channel.Kind{
		Messages: channel.KindMessage, Statuses: channel.KindStatus, Events: channel.KindEvent,
		Typing: channel.KindTyping, Edits: channel.KindEdit, Recalls: channel.KindRecall, Echoes: channel.KindMessage,
	}[k]
}

// Check refuses what cannot be taken, and decodes the files.
func (in *Inbound) Check(k Kind) *Fault {
	for field, id := range map[string]string{"/id": in.ID, "/thread": in.Thread, "/reply_to": in.ReplyTo, "/message": in.Message, "/delivery": in.Delivery, "/recipient": in.Recipient} {
		if id != "" && !nameable(id) {
			return wrong(field, "An id has 1 to %d bytes of UTF-8 without control characters.", maxID)
		}
	}
	if in.ID == "" && k != Typing {
		return Faultf(http.StatusUnprocessableEntity, CodeKeyMissing, "/id",
			`Give the item your own id, in "id" or in the header Idempotency-Key: what comes twice under one id is taken once.`)
	}
	if in.SentAt != "" && in.At().IsZero() {
		return wrong("/sent_at", "A time is written as RFC 3339 has it, for example 2026-11-22T08:30:00Z.")
	}
	switch k {
	case Messages, Events, Typing:
		if fault := in.checkSender(); fault != nil {
			return fault
		}
	case Statuses:
		return in.checkStatus()
	case Edits, Recalls:
		if in.Message == "" {
			return missing("/message", "Your id of the message")
		}
	case Echoes:
		if in.Recipient == "" {
			return missing("/recipient", "The customer's id")
		}
	}
	if k == Messages || k == Edits || k == Events || k == Echoes {
		return in.checkContent(k)
	}
	return nil
}

func (in *Inbound) checkSender() *Fault {
	switch {
	case in.Sender == nil || in.Sender.ID == "":
		return missing("/sender/id", "The customer's id")
	case !nameable(in.Sender.ID):
		return wrong("/sender/id", "An id has 1 to %d bytes of UTF-8 without control characters.", maxID)
	case len(in.Sender.Attributes) > 50:
		return wrong("/sender/attributes", "A person has at most 50 attributes.")
	}
	if _, known := verdicts()[in.Trust]; !known {
		return wrong("/trust", "It is vouched, verified, unverified or refuted.")
	}
	return nil
}

func (in *Inbound) checkStatus() *Fault {
	switch _, known := states()[in.State]; {
	case in.Message == "" && in.Delivery == "":
		return missing("/message", "Your id of the message, or our id of it in delivery,")
	case !known:
		return wrong("/state", "It is sent, delivered, read or failed.")
	}
	return nil
}

func (in *Inbound) checkContent(k Kind) *Fault {
	switch {
	case in.Text == "" && in.HTML == "" && len(in.Files) == 0:
		return missing("/text", "The text (or html, or a file)")
	case len(in.Text) > maxText || len(in.HTML) > maxText:
		return wrong("/text", "A text has at most %d bytes.", maxText)
	case len(in.Files) > maxFiles:
		return wrong("/files", "A message has at most %d files.", maxFiles)
	case k == Events && in.Text == "":
		return missing("/text", "What the customer did")
	}
	for i := range in.Files {
		if fault := in.Files[i].check(i); fault != nil {
			return fault
		}
	}
	return nil
}

func (f *File) check(i int) *Fault {
	at := pointer("files", i)
	given := 0
	for _, one := range []string{f.Upload, f.URL, f.Base64} {
		if one != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return wrong(at, "A file has one of upload, url and base64.")
	case f.Upload != "" && !nameable(f.Upload):
		return wrong(at+"/upload", "It is what POST …/files answered.")
	case len(f.URL) > maxURL:
		return wrong(at+"/url", "An address has at most %d bytes.", maxURL)
	case f.Base64 == "":
		return nil
	}
	var err error
	if f.bytes, err = base64.StdEncoding.DecodeString(f.Base64); err != nil || len(f.bytes) == 0 {
		return wrong(at+"/base64", "These are no bytes in base64.")
	}
	return nil
}

// At is SentAt; zero = not known.
func (in *Inbound) At() time.Time {
	at, err := time.Parse(time.RFC3339Nano, in.SentAt)
	if err != nil {
		return time.Time{}
	}
	return at
}

// Brought is the item in the words of the contract, without files that must be
// stored first.
func (in *Inbound) Brought(k Kind) channel.Inbound {
	out := channel.Inbound{
		ExternalID: in.ID, Kind: k.of(), SentAt: in.At(), Automatic: in.Automatic, Thread: in.Thread,
		Content: message.Content{Text: in.Text, HTML: in.HTML}, Target: in.Message, DeliveryID: in.Delivery,
		Trust: channel.Trust{Verdict: verdicts()[in.Trust]},
	}
	if p := in.Sender; p != nil {
		out.Sender = channel.Person{ID: p.ID, Name: p.Name, Email: p.Email, Phone: p.Phone, Attributes: p.Attributes}
	}
	if k == Echoes {
		out.Echo, out.Recipient = true, in.Recipient
		if in.Author != nil {
			out.Sender.Name = in.Author.Name
		}
	}
	if in.ReplyTo != "" {
		out.References = []string{in.ReplyTo}
	}
	if k == Statuses {
		out.Status = channel.Status{State: states()[in.State], Code: in.Code, Detail: in.Detail, UpTo: in.UpTo}
	}
	return out
}

func verdicts() map[string]channel.Verdict {
	return map[string]channel.Verdict{
		"": channel.Vouched, "vouched": channel.Vouched, "verified": channel.Verified, "unverified": channel.Unverified, "refuted": channel.Refuted,
	}
}

func states() map[string]channel.State {
	return map[string]channel.State{"sent": channel.Sent, "delivered": channel.Delivered, "read": channel.Read, "failed": channel.Failed}
}

// nameable reports whether the core takes a text as an id.
func nameable(s string) bool {
	return s != "" && len(s) <= maxID && utf8.ValidString(s) && !slices.ContainsFunc([]rune(s), func(r rune) bool { return r < ' ' || r >= 0x7f && r <= 0x9f })
}
