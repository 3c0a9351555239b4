package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/compose"
	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/plugins/email/submit"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	sdk "github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/once"
)

// maxOutgoing bounds the files of a mail, in bytes: what most servers take, once
// it is written out.
const maxOutgoing = 25 << 20

// send sends one mail. Its Message-ID is made of the delivery, so that it is the
// same on every attempt; what an attempt did that nobody saw the end of, the Sent
// folder may tell, and else nobody knows.
func (a *account) send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	id, err := a.keys.MessageID(req.DeliveryID, a.config.domain())
	if err != nil {
		return channel.SendResponse{}, errs.Reject("config_invalid", "The address of the mailbox cannot send: "+err.Error())
	}
	mail, err := a.mail(ctx, req, id)
	if err != nil {
		return channel.SendResponse{}, err
	}
	key, err := a.sendKey(ctx, req)
	if err != nil {
		return channel.SendResponse{}, err
	}
	submitted, err := a.submitOnce(ctx, key, mail, id, req)
	if err == nil && !submitted && wanted(req) {
		if key, err = a.nextKey(ctx, req, key); err == nil {
			_, err = a.submitOnce(ctx, key, mail, id, req)
		}
	}
	return channel.SendResponse{MessageID: id}, err
}

// wanted reports whether the core wants the mail sent whatever was done before:
// for the first time, or again since it came back and somebody said so. After a
// crash, which leaves doubt, it is suspect until that is settled.
func wanted(req channel.SendRequest) bool { return !req.Suspect }

// inDoubt is what stands under the key of a sending of which nobody saw the end.
// It is written down, so that nobody waits for a claim to lapse.
const inDoubt = "in doubt"

// submitOnce hands the mail in, unless that was done under the key.
func (a *account) submitOnce(ctx context.Context, key string, mail *compose.Message, id string, req channel.SendRequest) (submitted bool, err error) {
	var end error // of handing it in
	look := once.Suspect(func(ctx context.Context) ([]byte, bool, error) { return a.look(ctx, req, id) })
	before, err := once.Do(ctx, a.env.State(a.in.ID), key, func(ctx context.Context) ([]byte, error) {
		submitted = true
		if end = a.submit(ctx, mail, id, req); end != nil && errs.As(end).Source == errs.InDoubt {
			return []byte(inDoubt), nil
		}
		return nil, end
	}, look)
	switch {
	case submitted && end != nil:
		return true, end
	case submitted && err != nil:
		a.env.Log.WarnContext(ctx, "a mail was sent, and that could not be written down", "inbox", a.in.ID, "error", err)
		return true, nil
	case err == nil && string(before) == inDoubt:
		_, _, err = a.look(ctx, req, id)
	}
	return submitted, err
}

// sendKey is the key of the sending that is under way: a delivery has several
// when somebody had it sent again.
func (a *account) sendKey(ctx context.Context, req channel.SendRequest) (string, error) {
	entry, err := a.env.State(a.in.ID).Get(ctx, "again/"+req.DeliveryID)
	return "send/" + req.DeliveryID + string(valueOf(entry)), err
}

// nextKey begins another sending, after the one of a key.
func (a *account) nextKey(ctx context.Context, req channel.SendRequest, key string) (string, error) {
	const month = 30 * 24 * time.Hour
	next := key + "+"
	times := strings.TrimPrefix(next, "send/"+req.DeliveryID)
	_, err := a.env.State(a.in.ID).Put(ctx, host.PutRequest{Key: "again/" + req.DeliveryID, Value: []byte(times), TTL: month})
	return next, err
}

// look finds out about an attempt whose end nobody saw.
func (a *account) look(ctx context.Context, req channel.SendRequest, id string) (result []byte, done bool, err error) {
	if wanted(req) {
		return nil, false, nil
	}
	if a.sent != nil {
		there, err := a.sent.Has(ctx, "<"+id+">")
		if err == nil && there {
			return nil, true, nil
		}
	}
	return nil, false, errs.Doubt(once.ErrSuspect, "The mail may have been sent before the plugin ended. Look into the Sent folder.")
}

// submit hands the mail in and files it.
func (a *account) submit(ctx context.Context, mail *compose.Message, id string, req channel.SendRequest) error {
	result, err := a.sender.Send(ctx, submit.Mail{
		From: mail.Sender, To: mail.Recipients, MessageID: "<" + id + ">", Content: bytes.NewReader(mail.Raw), Size: int64(len(mail.Raw)), UTF8: mail.UTF8,
	})
	if err != nil {
		if errs.As(err).Source == errs.FarSide { // it was not taken
			return once.NotDone(err)
		}
		return err
	}
	if a.sent != nil && !a.config.keepsSent() {
		if _, err := a.sent.Put(ctx, "<"+id+">", bytes.NewReader(mail.Raw), int64(len(mail.Raw))); err != nil {
			a.env.Log.WarnContext(ctx, "a mail was sent and is missing in the Sent folder", "inbox", a.in.ID, "error", err)
		}
	}
	a.refused(ctx, req, id, result.Refused())
	return nil
}

// refused tells which recipients a mail was not taken for, where it was for others.
func (a *account) refused(ctx context.Context, req channel.SendRequest, id string, list []submit.Recipient) {
	if len(list) == 0 {
		return
	}
	var said []string
	for _, r := range list {
		said = append(said, r.Address+" ("+r.Err.Detail+")")
	}
	err := a.env.Ingest(ctx, channel.Inbound{
		Instance: a.in.ID, Kind: channel.KindStatus, ExternalID: "refused:" + req.DeliveryID, Target: id, DeliveryID: req.DeliveryID,
		Status: channel.Status{State: channel.Sent, Code: "partly_refused", Detail: a.words.refusedSome + strings.Join(said, "; ")},
	})
	if err != nil {
		a.env.Log.WarnContext(ctx, "that recipients were refused could not be told", "inbox", a.in.ID, "error", err)
	}
}

// mail is what is sent.
func (a *account) mail(ctx context.Context, req channel.SendRequest, id string) (*compose.Message, error) {
	out := compose.Mail{
		ID: id, Date: a.now(), From: address.Address{Name: a.config.sender(req.AuthorName), Email: a.config.Address},
		Text: joined(req.Content.Text, a.signature()), HTML: req.Content.HTML,
	}
	out.References, out.InReplyTo = answers(req.References)
	if req.Automatic {
		out.Automatic = a.config.Address
	}
	if a.config.PlusAddresses {
		plus, err := a.keys.PlusAddress(req.DeliveryID, a.config.Address)
		if err != nil {
			return nil, errs.Reject("config_invalid", "The address of the mailbox is too long for plus-addresses.")
		}
		out.ReplyTo = []address.Address{{Name: out.From.Name, Email: plus}}
	}
	if e := req.Content.Envelope; e != nil {
		out.Subject, out.To, out.Cc, out.Bcc = e.Subject, addressesOf(e.To), addressesOf(e.CC), addressesOf(e.BCC)
	}
	if len(out.To)+len(out.Cc)+len(out.Bcc) == 0 {
		out.To = []address.Address{{Email: req.Recipient}}
	}
	out.Subject = cmp.Or(out.Subject, a.config.Name, a.config.Address)
	var err error
	if out.Inline, out.Attachments, err = a.attachments(ctx, req.Content.Attachments); err != nil {
		return nil, err
	}
	written, err := compose.Write(out)
	if errors.Is(err, compose.ErrAddress) || errors.Is(err, compose.ErrNoRecipient) {
		return nil, errs.Reject(errs.CodeInvalidRecipient, "Mail cannot be sent to this address: "+err.Error())
	}
	return written, err
}

// answers are the fields References and In-Reply-To of an answer in a
// conversation. Ids that are no Message-IDs came with mail that had none.
func answers(ids []string) (references []string, inReplyTo string) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !strings.Contains(id, "@") })
	if len(ids) == 0 {
		return nil, ""
	}
	n := len(ids) - 1
	return compose.References(ids[:n], ids[n]), ids[n]
}

func addressesOf(list []sdk.Party) []address.Address {
	var out []address.Address
	for _, p := range list {
		out = append(out, address.Address{Name: p.Name, Email: p.Address})
	}
	return out
}

// attachments fetches the files of a message.
func (a *account) attachments(ctx context.Context, list []sdk.Attachment) (inline, attached []message.File, err error) {
	left := int64(maxOutgoing)
	for _, f := range list {
		var data bytes.Buffer
		if left -= f.Size; left < 0 {
			return nil, nil, errs.Reject("mail_too_large", fmt.Sprintf("The files have more than %d MB together. Send a link to them, or several mails.", maxOutgoing>>20))
		}
		if _, err := a.env.Blobs(a.in.ID).Download(ctx, f.BlobID, &data); err != nil {
			return nil, nil, gone(err)
		}
		file := message.File{Name: f.Filename, Type: f.MediaType, ContentID: f.ContentID, Data: data.Bytes()}
		if f.ContentID != "" {
			inline = append(inline, file)
			continue
		}
		attached = append(attached, file)
	}
	return inline, attached, nil
}

// gone words a file that the core does not have any more.
func gone(err error) error {
	if e := errs.As(err); e.Code == host.CodeAbsent || e.Code == host.CodeNotFound {
		return errs.Reject("file_gone", "A file of the message is not there any more.").WithCause(err)
	}
	return err
}
