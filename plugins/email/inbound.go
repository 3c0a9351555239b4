package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/automatic"
	"github.com/patchbay-im/patchbay/plugins/email/bounce"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/plugins/email/thread"
	"github.com/patchbay-im/patchbay/plugins/email/trust"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	sdk "github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/once"
)

// lookupWithin bounds the question for a signature's key.
const lookupWithin = 5 * time.Second

// lookupTXT asks DNS, for signatures.
func lookupTXT(name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupWithin) //nolint:forbidigo // the library asks without one
	defer cancel()
	return net.DefaultResolver.LookupTXT(ctx, name)
}

// handle takes a mail of the mailbox; nil: it is done with.
func (a *account) handle(ctx context.Context, raw *mailbox.Raw) error {
	data, err := io.ReadAll(raw.Open())
	if err != nil {
		return errs.Unavailable(err, "A mail could not be read from the disk.")
	}
	m := message.Read(data, message.Limits{})
	if _, ours := a.keys.Own(m.ID); ours { // what we sent: in the Sent folder, or come back by a list
		return nil
	}
	if told, err := a.bounced(ctx, m); told || err != nil {
		return err
	}
	in, err := a.inbound(ctx, raw, data, m)
	if err != nil {
		return err
	}
	return a.env.Ingest(ctx, in)
}

// inbound says what a mail is to the core.
func (a *account) inbound(ctx context.Context, raw *mailbox.Raw, data []byte, m *message.Message) (channel.Inbound, error) {
	in := channel.Inbound{
		Instance: a.in.ID, SentAt: m.Date, References: references(m), Answers: a.keys.Read(m).Delivery, Content: a.content(raw, m),
	}
	if in.SentAt.IsZero() {
		in.SentAt = raw.At
	}
	verdict := automatic.Judge(m, a.config.own())
	in.Automatic, in.NoReply = verdict.Automatic, !verdict.Answer
	a.person(&in, raw, data, m)
	var err error
	if in.ExternalID, err = a.externalID(ctx, m); err != nil {
		return in, err
	}
	return in, a.files(ctx, &in, data, m)
}

// references are the ids that a mail refers to, the nearest last.
func references(m *message.Message) []string {
	return slices.DeleteFunc(thread.References(m), func(id string) bool { return !nameable(id) })
}

// person says who wrote, and how far that may be believed.
func (a *account) person(in *channel.Inbound, raw *mailbox.Raw, data []byte, m *message.Message) {
	author := m.Author()
	if raw.Role == mailbox.Sent {
		in.Echo, in.Sender = true, personOf(author)
		for _, to := range slices.Concat(m.To, m.Cc, m.Bcc) {
			if to.Email != "" && !a.ours(to.Email) {
				in.Recipient = strings.ToLower(to.Email)
				break
			}
		}
		in.Echo = in.Recipient != ""
		in.Trust = channel.Trust{Verdict: channel.Verified, Reason: "sent_folder"}
		return
	}
	verdict := a.trust.Judge(data, m)
	in.Trust = channel.Trust{Verdict: verdictOf(verdict.Result), Reason: string(verdict.Reason)}
	if a.isForm(author.Email) && len(m.ReplyTo) > 0 && m.ReplyTo[0].Email != "" {
		author = m.ReplyTo[0]
		in.Trust = channel.Trust{Verdict: channel.Unverified, Reason: "form"}
	}
	in.Sender = personOf(author)
}

func verdictOf(r trust.Result) channel.Verdict {
	switch r {
	case trust.Verified:
		return channel.Verified
	case trust.Unverified:
		return channel.Unverified
	case trust.Failed:
		return channel.Refuted
	default:
		return channel.Unverified
	}
}

// personOf is who an address stands for. Somebody without one is known by what
// stood in its place.
func personOf(from address.Address) channel.Person {
	if from.Email == "" {
		text := strings.ToValidUTF8(from.Text, "")
		if text == "" {
			text = "unknown sender"
		}
		return channel.Person{ID: "text:" + digest(text)[:32], Name: text}
	}
	id := strings.ToLower(from.Email)
	return channel.Person{ID: id, Name: from.Name, Email: id}
}

// ours reports whether an address is one of the mailbox, with or without a plus.
func (a *account) ours(email string) bool {
	return slices.ContainsFunc(a.config.own(), func(own string) bool { return address.Same(own, email) })
}

func (a *account) isForm(email string) bool {
	return slices.ContainsFunc(a.config.Forms, func(form string) bool { return strings.EqualFold(form, email) })
}

// content is what is to be read. What is said about the mail stands first: the
// core folds the end.
func (a *account) content(raw *mailbox.Raw, m *message.Message) sdk.Content {
	out := sdk.Content{Text: strings.TrimSpace(marked(m.Text, a.config.Signature)), HTML: m.HTML, Envelope: envelopeOf(m)}
	if len(out.HTML) > maxHTML { // the original has it
		out.HTML = ""
	}
	switch m.Encrypted {
	case message.OpenPGP:
		out.Text = joined(a.words.encryptedPGP, out.Text)
	case message.SMIME:
		out.Text = joined(a.words.encryptedSMIME, out.Text)
	case message.Plain:
	}
	if raw.Truncated {
		out.Text = joined(a.words.truncated, out.Text)
	}
	return out
}

// Bounds of what the core takes.
const (
	maxHTML  = 1 << 20 // bytes
	maxFiles = 48      // and the original, and one to spare
)

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n\n")
}

func envelopeOf(m *message.Message) *sdk.Envelope {
	out := &sdk.Envelope{Subject: m.Subject, From: partyOf(m.Author()), To: partiesOf(m.To), CC: partiesOf(m.Cc), BCC: partiesOf(m.Bcc)}
	if len(m.ReplyTo) > 0 {
		out.ReplyTo = partyOf(m.ReplyTo[0])
	}
	return out
}

func partyOf(from address.Address) sdk.Party {
	if from.Email == "" {
		return sdk.Party{Name: strings.TrimSpace(from.Name + " " + from.Text)}
	}
	return sdk.Party{Address: from.Email, Name: from.Name}
}

func partiesOf(list []address.Address) []sdk.Party {
	var out []sdk.Party
	for _, from := range list {
		out = append(out, partyOf(from))
	}
	return out
}

// externalID is the Message-ID, unless there is none or another mail had it: a
// program that repeats itself, or somebody who wants a mail to be overlooked.
func (a *account) externalID(ctx context.Context, m *message.Message) (string, error) {
	content := digest(m.Author().Email, m.Date.UTC().Format(time.RFC3339), m.Subject, m.Text, m.HTML)
	if !nameable(m.ID) {
		return "content:" + content, nil
	}
	first, err := once.Do(ctx, a.env.State(a.in.ID), "id/"+digest(m.ID), func(context.Context) ([]byte, error) {
		return []byte(content), nil
	}, once.Keep(30*24*time.Hour), once.Within(time.Second), once.Again())
	if err != nil || string(first) == content {
		return m.ID, err
	}
	return "content:" + content, nil
}

// nameable reports whether the core takes a text as an id.
func nameable(s string) bool {
	return s != "" && len(s) <= 500 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

// files stores what is attached, and the mail itself. What the core does not take
// is said in the text.
func (a *account) files(ctx context.Context, in *channel.Inbound, data []byte, m *message.Message) error {
	inline, attached := m.Inline, m.Attachments
	for i, f := range slices.Concat(inline, attached) {
		if i >= maxFiles { // the original has them all
			break
		}
		blob, err := a.upload(ctx, f.Name, f.Data)
		switch e := errs.As(err); {
		case err == nil:
			if i < len(inline) {
				blob.ContentID = f.ContentID
			}
			in.Content.Attachments = append(in.Content.Attachments, blob)
		case e.Source == errs.Rejected && len(f.Data) == 0:
		case e.Source == errs.Rejected:
			in.Content.Text = joined(fmt.Sprintf(a.words.lostFile, f.Name, e.Detail), in.Content.Text)
		default:
			return err
		}
	}
	if original, err := a.upload(ctx, "mail.eml", data); err == nil {
		original.Original = true
		in.Content.Attachments = append(in.Content.Attachments, original)
	} else if errs.As(err).Source != errs.Rejected {
		return err
	}
	if in.Content.Text == "" && in.Content.HTML == "" && len(attached) == 0 {
		in.Content.Text = joined(m.Subject, a.words.noText)
	}
	return nil
}

func (a *account) upload(ctx context.Context, name string, data []byte) (sdk.Attachment, error) {
	return a.env.Blobs(a.in.ID).Upload(ctx, host.UploadRequest{Filename: name, Size: int64(len(data)), Body: bytes.NewReader(data)})
}

// bounced tells the core what a server reports of a mail of ours. A report about
// somebody else's mail is a message like any other.
func (a *account) bounced(ctx context.Context, m *message.Message) (told bool, err error) {
	report, ok := bounce.Read(m)
	if !ok {
		return false, nil
	}
	delivery, ours := a.keys.Own(report.MessageID)
	if !ours {
		return false, nil
	}
	var items []channel.Inbound
	for i, r := range report.Recipients {
		status, ok := a.status(r)
		if !ok {
			continue
		}
		items = append(items, channel.Inbound{
			Instance: a.in.ID, Kind: channel.KindStatus, ExternalID: fmt.Sprintf("report:%s:%d", m.Digest[:32], i), SentAt: m.Date,
			Target: report.MessageID, DeliveryID: delivery, Status: status,
		})
	}
	if len(items) == 0 {
		return true, nil
	}
	return true, a.env.Ingest(ctx, items...)
}

// status words a report about one recipient.
func (a *account) status(r bounce.Recipient) (channel.Status, bool) {
	detail := strings.TrimSpace(r.Address + ": " + strings.TrimSpace(r.Status+" "+r.Diagnostic))
	switch r.Outcome {
	case bounce.Permanent:
		return channel.Status{State: channel.Failed, Code: errs.CodeInvalidRecipient, Detail: detail}, true
	case bounce.Temporary:
		return channel.Status{State: channel.Failed, Code: errs.CodeUnavailable, Detail: detail}, true
	case bounce.Delayed:
		return channel.Status{State: channel.Sent, Code: "delayed", Detail: a.words.delayed + detail}, true
	case bounce.Delivered:
		return channel.Status{State: channel.Delivered, Detail: detail}, true
	default:
		return channel.Status{}, false
	}
}
