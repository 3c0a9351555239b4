// Package bounce reads what mail servers report of a message that was sent:
// delivery status notifications (RFC 3464, and RFC 6533 for addresses in
// UTF-8), and the plain texts of servers that do not write those.
//
// A plain text is taken for a report only if a server wrote it, it says so in
// words that servers use, and names a recipient: what a customer writes about
// mail that came back is a customer's message.
package bounce

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/entity"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// Outcome is what became of the message for one recipient.
type Outcome string

// The outcomes.
const (
	Permanent Outcome = "permanent" // refused; sending again will not help
	Temporary Outcome = "temporary" // given up, for a reason that may pass
	Delayed   Outcome = "delayed"   // not yet delivered; the server goes on trying
	Delivered Outcome = "delivered" // delivered, or handed to a server that does not report
)

// Report is what a server says of one message.
type Report struct {
	MessageID  string // of the message that was sent, without brackets; empty if not said
	Recipients []Recipient
	Standard   bool // RFC 3464; else recognised by its text
}

// Recipient is the report for one address.
type Recipient struct {
	Address    string
	Outcome    Outcome
	Status     string // RFC 3463, such as "5.1.1"; empty if not said
	Diagnostic string // what the server said, at most maxDiagnostic bytes
}

const (
	maxRecipients = 100
	maxDiagnostic = 1000
)

// Read returns the report that a message is. Not ok: it is none.
func Read(m *message.Message) (*Report, bool) {
	r := &Report{Standard: true}
	walk(m.Root, func(e *entity.Entity) {
		switch e.Type {
		case "message/delivery-status", "message/global-delivery-status":
			r.status(e)
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers":
			r.original(e)
		}
	})
	if len(r.Recipients) == 0 {
		plain, ok := readPlain(m)
		if !ok {
			return nil, false
		}
		plain.MessageID = first(r.MessageID, plain.MessageID)
		r = plain
	}
	if r.MessageID == "" && len(m.InReplyTo) > 0 {
		r.MessageID = m.InReplyTo[0]
	}
	if r.MessageID == "" && len(m.References) > 0 {
		r.MessageID = m.References[len(m.References)-1]
	}
	return r, true
}

func walk(e *entity.Entity, visit func(*entity.Entity)) {
	visit(e)
	for _, c := range e.Children {
		walk(c, visit)
	}
}

// status reads the blocks of fields: one for the message, one for each
// recipient.
func (r *Report) status(e *entity.Entity) {
	rest, _ := e.Content()
	for len(rest) > 0 && len(r.Recipients) < maxRecipients {
		fields, after := entity.ReadHeader(rest)
		if len(after) == len(rest) { // a line that is no field
			_, after, _ = bytes.Cut(rest, []byte("\n"))
		}
		rest = after
		recipient := Recipient{
			Address:    typed(first(fields.Get("Final-Recipient"), fields.Get("Original-Recipient"))),
			Status:     statusCode.FindString(fields.Get("Status")),
			Diagnostic: cut(typed(entity.Decode(fields.Get("Diagnostic-Code")))),
		}
		action := strings.ToLower(strings.TrimSpace(fields.Get("Action")))
		if recipient.Address == "" || action == "" {
			continue
		}
		if recipient.Status == "" {
			recipient.Status = statusCode.FindString(recipient.Diagnostic)
		}
		recipient.Outcome = outcome(action, recipient.Status)
		r.Recipients = append(r.Recipients, recipient)
	}
}

// original reads the id of the message that the report is about.
func (r *Report) original(e *entity.Entity) {
	if r.MessageID != "" {
		return
	}
	content, _ := e.Content()
	fields, _ := entity.ReadHeader(content)
	if ids := message.IDs(fields.Get("Message-ID")); len(ids) > 0 {
		r.MessageID = ids[0]
	}
}

func outcome(action, status string) Outcome {
	switch word, _, _ := strings.Cut(action, " "); word {
	case "delayed":
		return Delayed
	case "delivered", "relayed", "expanded":
		return Delivered
	}
	if strings.HasPrefix(status, "4.") {
		return Temporary
	}
	return Permanent
}

var (
	statusCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	escaped    = regexp.MustCompile(`\\x\{([0-9A-Fa-f]{1,6})\}`)
)

// typed is a value without its type: "rfc822; a@b.example".
func typed(value string) string {
	kind, rest, found := strings.Cut(value, ";")
	if !found || strings.ContainsAny(strings.TrimSpace(kind), " @") {
		rest = value
	}
	rest = escaped.ReplaceAllStringFunc(rest, unescape)
	if list := address.Parse(rest); len(list) == 1 && list[0].Email != "" && !strings.ContainsAny(strings.TrimSpace(rest), " ") {
		return list[0].Email
	}
	return strings.TrimSpace(rest)
}

func cut(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxDiagnostic)], "")
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
