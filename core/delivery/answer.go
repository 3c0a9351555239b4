package delivery

import (
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
)

// Answering returns the envelope of an answer to a message with an envelope:
// where the author named no recipients it goes to whom that message wants its
// answers sent, under its subject.
func Answering(answer, to *channel.Envelope) *channel.Envelope {
	if to == nil {
		return answer
	}
	var out channel.Envelope
	if answer != nil {
		out = *answer
	}
	if out.Subject == "" {
		out.Subject = replySubject(to.Subject)
	}
	if len(out.To)+len(out.CC)+len(out.BCC) == 0 {
		whom := to.ReplyTo
		if whom.Address == "" {
			whom = to.From
		}
		if whom.Address != "" {
			out.To = []channel.Party{whom}
		}
	}
	return &out
}

// replySubject puts "Re: " before a subject that does not say it is an answer.
func replySubject(subject string) string {
	head, _, _ := strings.Cut(strings.ReplaceAll(subject, "：", ":"), ":")
	switch strings.ToLower(strings.TrimSpace(head)) {
	case "re", "aw", "sv", "回复", "答复", "回覆":
		return subject
	default:
		return strings.TrimSpace("Re: " + subject)
	}
}
