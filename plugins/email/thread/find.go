package thread

import (
	"slices"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// Match is what the tokens of a mail say.
type Match struct {
	Delivery string   // of ours that the mail answers; empty: none is proven
	Refused  []string // texts that look like our tokens and are not genuine
}

// Read looks for our tokens: in what was answered, in the references from the
// newest back, and in the addresses that the mail was sent to. A mail of our
// own, such as a copy in the Sent folder, tells by its own id.
func (k *Keys) Read(m *message.Message) Match {
	var out Match
	for _, t := range claims(m) {
		switch {
		case !k.genuine(t.token):
			out.Refused = append(out.Refused, t.text)
		case out.Delivery == "":
			out.Delivery = unwire(t.delivery)
		}
	}
	return out
}

// Own returns the delivery that a message id of ours carries. Not ok: these
// keys have not made it.
func (k *Keys) Own(id string) (delivery string, ok bool) {
	t, ok := readID(id)
	if !ok || !k.genuine(t) {
		return "", false
	}
	return unwire(t.delivery), true
}

// maxReferences is how many ids a host takes.
const maxReferences = 100

// References are the ids of the mails that a mail names, each once, the nearest
// last: the references, then what it answers. Of too many the first and the
// last remain.
func References(m *message.Message) []string {
	var out []string
	for _, id := range append(slices.Clone(m.References), m.InReplyTo...) {
		if i := slices.Index(out, id); i >= 0 {
			out = slices.Delete(out, i, i+1)
		}
		out = append(out, id)
	}
	if n := len(out); n > maxReferences {
		out = append(out[:1:1], out[n-maxReferences+1:]...)
	}
	return out
}

type claim struct {
	token
	text string
}

// maxClaims bounds how many signatures one mail makes us check.
const maxClaims = 100

func claims(m *message.Message) []claim {
	ids := References(m)
	slices.Reverse(ids)
	var out []claim
	for _, id := range append(ids, m.ID) {
		if t, ok := readID(id); ok {
			out = append(out, claim{t, id})
		}
	}
	for _, list := range [][]string{m.DeliveredTo, address.Emails(m.To), address.Emails(m.Cc), address.Emails(m.Bcc)} {
		for _, email := range list {
			if t, ok := readPlus(email); ok {
				out = append(out, claim{t, email})
			}
		}
	}
	return out[:min(len(out), maxClaims)]
}
