package thread

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// Evidence is why a mail belongs to a conversation.
type Evidence string

// The kinds of evidence, strongest first.
const (
	None    Evidence = ""        // a new conversation
	Token   Evidence = "token"   // a token of ours that only its recipients have
	KnownID Evidence = "id"      // the id of a message we know, and its writer takes part
	Foreign Evidence = "foreign" // a known id, but of a conversation in which the writer has no part: a new one
)

// Match is the answer. Conversation is empty with None and Foreign. References
// are in lower case where they come from a token.
type Match struct {
	Conversation string
	Message      string // the message of ours that was answered, where the token says it
	Evidence     Evidence
	Refused      []string // texts that look like our tokens and are not genuine
}

// Known is a message that is kept: of the customer, of us, or of a colleague
// who answered from a mail program.
type Known struct {
	Conversation string
	Participants []string // addresses that have written or received its mail
}

// Lookup finds the first of the ids that is known. Nil: none is.
type Lookup func(ctx context.Context, ids []string) (*Known, error)

// Find says to which conversation a mail belongs. An error is that of the
// lookup; it is not asked when a token settles the matter.
func (k *Keys) Find(ctx context.Context, m *message.Message, known Lookup) (Match, error) {
	found := k.Read(m)
	if found.Evidence == Token {
		return found, nil
	}
	ids := IDs(m)
	if len(ids) == 0 {
		return found, nil
	}
	hit, err := known(ctx, ids)
	if err != nil || hit == nil {
		return found, err
	}
	if !takesPart(m, hit.Participants) {
		found.Evidence = Foreign
		return found, nil
	}
	found.Conversation, found.Evidence = hit.Conversation, KnownID
	return found, nil
}

// Read looks for our tokens alone: in what was answered, in the references from
// the newest back, and in the addresses that the mail was sent to. A message
// that we wrote ourselves tells by its own id.
func (k *Keys) Read(m *message.Message) Match {
	var out Match
	for _, t := range claims(m) {
		if !k.genuine(t.token) {
			out.Refused = append(out.Refused, t.text)
			continue
		}
		if out.Evidence == None {
			out.Conversation, out.Message, out.Evidence = t.conversation, t.message, Token
		}
	}
	return out
}

// Own says whether the message id is one that these keys have made.
func (k *Keys) Own(id string) bool {
	t, ok := readID(id)
	return ok && k.genuine(t)
}

// IDs are the ids of messages that a mail refers to, in the order in which they
// count: what it answers, then the references from the newest back.
func IDs(m *message.Message) []string {
	ids := slices.Clone(m.InReplyTo)
	for _, id := range slices.Backward(m.References) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

type claim struct {
	token
	text string
}

// maxClaims bounds how many signatures one mail makes us check.
const maxClaims = 100

func claims(m *message.Message) []claim {
	var out []claim
	for _, id := range append(IDs(m), m.ID) {
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

func takesPart(m *message.Message, participants []string) bool {
	for _, a := range slices.Concat(m.From, m.Sender) {
		if a.Email != "" && slices.ContainsFunc(participants, func(p string) bool { return address.Same(p, strings.ToLower(a.Email)) }) {
			return true
		}
	}
	return false
}
