package conversation

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
)

// Limits of the envelope that a member writes: tighter than of one that comes.
const (
	maxWrittenSubject = 500 // characters
	maxWrittenParties = 50  // of to, cc and bcc each
	maxAddress        = 254 // bytes (RFC 5321, section 4.5.3.1.3)
	maxPartyName      = 200 // characters
)

// checkEnvelope returns what a member addresses a message by as it is kept, or
// says what is wrong with it. nil stays nil: the channel addresses it.
func (s *Service) checkEnvelope(plugin channel.PluginID, kind MessageKind, e *channel.Envelope) (*channel.Envelope, error) {
	switch {
	case e == nil:
		return nil, nil //nolint:nilnil // there is none
	case kind == Note:
		return nil, badEnvelope("", "kind", "A note has no subject and no addresses: it stays here.")
	case !s.capabilities(plugin).Takes(channel.ContentEnvelope):
		return nil, unsupported("/envelope", "This channel's messages have no subject and no addresses.")
	case utf8.RuneCountInString(e.Subject) > maxWrittenSubject || !utf8.ValidString(e.Subject) || strings.ContainsFunc(e.Subject, unprintable):
		return nil, badEnvelope("/subject", "subject", "A subject is one line of at most 500 characters.")
	}
	out := &channel.Envelope{Subject: strings.TrimSpace(e.Subject)}
	var err error
	if out.To, err = checkParties("/to", e.To); err != nil {
		return nil, err
	}
	if out.CC, err = checkParties("/cc", e.CC); err != nil {
		return nil, err
	}
	out.BCC, err = checkParties("/bcc", e.BCC)
	return out, err
}

func checkParties(pointer string, all []channel.Party) ([]channel.Party, error) {
	if len(all) > maxWrittenParties {
		return nil, badEnvelope(pointer, "too_many", "At most 50 addresses can be given.")
	}
	var out []channel.Party
	for i, p := range all {
		at := fmt.Sprint(pointer, "/", i)
		p.Name, p.Address = strings.TrimSpace(p.Name), strings.ToLower(strings.TrimSpace(p.Address))
		read, err := mail.ParseAddress("<" + p.Address + ">")
		if err != nil || read.Address != p.Address || len(p.Address) > maxAddress || strings.ContainsFunc(p.Address, unprintable) {
			return nil, badEnvelope(at+"/address", "address", "This is no e-mail address.")
		}
		if utf8.RuneCountInString(p.Name) > maxPartyName || !utf8.ValidString(p.Name) || strings.ContainsFunc(p.Name, unprintable) {
			return nil, badEnvelope(at+"/name", "name", "A name is one line of at most 200 characters.")
		}
		if !slices.ContainsFunc(out, func(other channel.Party) bool { return other.Address == p.Address }) {
			out = append(out, p)
		}
	}
	return out, nil
}

// keepable is an envelope as a draft keeps it: addresses may be half written.
func keepable(e *channel.Envelope) error {
	if e == nil {
		return nil
	}
	texts := []string{e.Subject}
	for _, list := range [][]channel.Party{e.To, e.CC, e.BCC} {
		if len(list) > maxWrittenParties {
			return badEnvelope("", "too_many", "At most 50 addresses can be given.")
		}
		for _, p := range list {
			texts = append(texts, p.Address, p.Name)
		}
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxWrittenSubject || strings.ContainsFunc(text, unprintable) {
			return badEnvelope("", "text", "A subject, an address and a name are one line each, of at most 500 characters.")
		}
	}
	return nil
}

// unprintable are the characters that would begin another line of a header.
func unprintable(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }

func badEnvelope(pointer, code, sentence string) error {
	return errs.New(errs.Invalid, "message.envelope", sentence).
		WithFields(errs.Field{Pointer: "/envelope" + pointer, Code: code, Detail: sentence})
}

// sameEnvelope reports whether two envelopes address alike.
func sameEnvelope(a, b *channel.Envelope) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Subject == b.Subject && slices.Equal(a.To, b.To) && slices.Equal(a.CC, b.CC) && slices.Equal(a.BCC, b.BCC)
}
