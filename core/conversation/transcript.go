package conversation

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// What a transcript holds at most: the newest. It is made in memory, for
// visitors too, and a message may have 10,000 characters.
const (
	MaxTranscript     = 20_000  // messages
	MaxTranscriptText = 8 << 20 // bytes of text and quotes
)

// transcriptPage is how many changes are read at once.
const transcriptPage = 500

// Transcript is what was said in a conversation, for people to keep.
type Transcript struct {
	Conversation Conversation
	Messages     []Message // the oldest first
	Events       []Change  // what the customer did beside writing, the oldest first; for members alone
	Cut          bool      // older messages were left out
}

// Transcript returns what was said; with notes, also among colleagues. What
// colleagues did beside (assignments, deliveries) is never part of it.
func (s *Service) Transcript(ctx context.Context, scope identity.Scope, id ID, notes bool) (Transcript, error) {
	c, err := s.Get(ctx, scope, id)
	if err != nil {
		return Transcript{}, err
	}
	return s.transcript(ctx, c, notes, false)
}

// VisitorTranscript returns what the visitor may see of their conversation. It
// is forbidden (transcript.not_allowed) where the inbox does not offer it, and
// absent before the first message.
func (s *Service) VisitorTranscript(ctx context.Context, v Visitor) (Transcript, error) {
	inbox, err := s.LiveInbox(ctx, v.Inbox)
	if err != nil {
		return Transcript{}, err
	}
	policy, err := s.Policy(ctx, inbox)
	if err != nil {
		return Transcript{}, err
	}
	if !policy.Live().Transcript {
		return Transcript{}, errs.New(errs.Forbidden, "transcript.not_allowed", "This chat offers no transcript.")
	}
	c, err := s.VisitorConversation(ctx, v)
	if err != nil {
		return Transcript{}, err
	}
	if c == nil {
		return Transcript{}, errs.Absent()
	}
	t, err := s.transcript(ctx, *c, false, true)
	t.showTo(v)
	return t, err
}

// showTo names the customer as they named themselves, or the site did: the
// contact may be another's by now, whom an agent has merged theirs into.
func (t *Transcript) showTo(v Visitor) {
	t.Conversation.ContactName = v.Name
	for i := range t.Messages {
		m := &t.Messages[i]
		if m.Sender.Kind == identity.ActorContact {
			m.Sender.Name = v.Name
		}
		if q := m.ReplyTo; q != nil && q.Sender.Kind == identity.ActorContact {
			shown := *q
			shown.Sender.Name = v.Name
			m.ReplyTo = &shown
		}
	}
}

// transcript gathers messages from the newest back: with notes, or what the
// customer may see alone.
func (s *Service) transcript(ctx context.Context, c Conversation, notes, public bool) (Transcript, error) {
	out := Transcript{Conversation: c}
	room := MaxTranscriptText
	for before := uint64(0); ; {
		changes, err := s.Reader.Timeline(ctx, c.Workspace, c.ID, Range{Public: public, Before: before, Limit: transcriptPage})
		if err != nil {
			return Transcript{}, err
		}
		for _, ch := range slices.Backward(changes) {
			size, told := ch.told(notes)
			if !told {
				continue
			}
			room -= size
			if len(out.Messages)+len(out.Events) == MaxTranscript || room < 0 {
				out.Cut = true
				break
			}
			out.add(ch)
		}
		if out.Cut || len(changes) < transcriptPage {
			slices.Reverse(out.Messages)
			slices.Reverse(out.Events)
			return out, nil
		}
		before = changes[0].Seq
		if public {
			before = changes[0].PublicSeq
		}
	}
}

func (t *Transcript) add(ch Change) {
	if ch.Message == nil {
		t.Events = append(t.Events, ch)
	} else {
		t.Messages = append(t.Messages, *ch.Message)
	}
}

// told reports whether a change is part of transcripts, and how many bytes of
// text it takes there.
func (ch Change) told(notes bool) (int, bool) {
	switch {
	case ch.Type == CustomerEvent:
		return len(ch.Data), true
	case ch.Message != nil && (ch.Type == MessageCreated || notes && ch.Type == NoteCreated):
		return ch.Message.size(), true
	default:
		return 0, false
	}
}

// size is how many bytes of text a transcript takes for the message.
func (m *Message) size() int {
	n := len(m.Whole())
	if m.ReplyTo != nil {
		n += len(m.ReplyTo.Text)
	}
	return n
}
