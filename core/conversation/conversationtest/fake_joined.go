package conversationtest

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/conversation"
)

// Join says, as the delivery ledger does, that messages of a conversation leave
// as one.
func (f *Fake) Join(id conversation.ID, seqs []uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.joined == nil {
		f.joined = make(map[conversation.ID][][]uint64)
	}
	f.joined[id] = append(f.joined[id], slices.Clone(seqs))
}

// Joined lists the messages that leave as one with a message, itself among them.
func (f *Fake) Joined(id conversation.ID, seq uint64) []uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, seqs := range f.joined[id] {
		if slices.Contains(seqs, seq) {
			return slices.Clone(seqs)
		}
	}
	return []uint64{seq}
}

// LeftWith implements conversation.SentTx.
func (t *fakeTx) LeftWith(_ context.Context, id conversation.ID, seq uint64) ([]uint64, error) {
	return t.fake.Joined(id, seq), nil
}

// SentAs implements conversation.SentTx.
func (t *fakeTx) SentAs(_ context.Context, id conversation.ID, seq uint64) ([]string, error) {
	var out []string
	for _, d := range t.space.dedup {
		if d.Conversation == id && d.Seq == seq && d.Kind == conversation.InboundSent {
			out = append(out, d.External)
		}
	}
	return out, nil
}
