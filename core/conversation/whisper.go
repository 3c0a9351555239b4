package conversation

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// WhisperID names a whisper: whs_.
type WhisperID string

// Whisper is what a supervisor tells whoever has a conversation. It is no
// message: nothing of the conversation changes with it, no event tells of it, and
// what reads messages does not find it. See ADR 0058.
type Whisper struct {
	Workspace    identity.WorkspaceID
	ID           WhisperID
	Conversation ID
	Seq          uint64 // of the conversation's last change when it was written
	ClientID     string // the writer's own id: the key of idempotency
	From, To     identity.MemberID
	FromName     string // these two: as they were called then
	ToName       string
	Text         string
	At           time.Time
}

// WhisperTx is the side of a transaction that keeps whispers.
type WhisperTx interface {
	// Whispered finds what a member whispered under a client id; nil when nothing.
	Whispered(ctx context.Context, in ID, from identity.MemberID, clientID string) (*Whisper, error)
	// SaveWhisper keeps a new one.
	SaveWhisper(ctx context.Context, w Whisper) error
}

// WhisperReader answers questions about whispers.
type WhisperReader interface {
	// Whispers lists those of a conversation to a member ("" = to anybody), the
	// newest first, at most limit.
	Whispers(ctx context.Context, workspace identity.WorkspaceID, in ID, to identity.MemberID, limit int) ([]Whisper, error)
}

// WhispersShown is how many whispers of a conversation are listed.
const WhispersShown = 200

// Whispering is a whisper that somebody writes.
type Whispering struct {
	Conversation ID
	ClientID     string
	Text         string
}

// Whisper tells whoever has the conversation something that the customer and
// other colleagues do not learn of. It is idempotent by (conversation, member,
// client id). Needs ConversationSupervise. Errors: errs.Conflict
// whisper.nobody when it is given to nobody, or to the writer.
func (s *Service) Whisper(ctx context.Context, scope identity.Scope, p Whispering) (Whisper, error) {
	if err := checkWhisper(scope, p); err != nil {
		return Whisper{}, err
	}
	var out Whisper
	fresh := false
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		fresh = false
		c, err := Take(ctx, tx, scope, p.Conversation)
		if err != nil {
			return err
		}
		before, err := tx.Whispered(ctx, c.ID, scope.Member(), p.ClientID)
		if err != nil {
			return err
		}
		if before != nil {
			if out = *before; out.Text != p.Text {
				return errReused()
			}
			return nil
		}
		switch {
		case c.MergedInto != "":
			return errMerged(c)
		case c.Assignee == "" || c.Assignee == scope.Member():
			return errs.New(errs.Conflict, "whisper.nobody", "No colleague has the conversation who could hear it. Write a note.")
		}
		out = Whisper{
			Workspace: scope.Workspace, ID: WhisperID(s.ids.New("whs")), Conversation: c.ID, Seq: c.LastSeq, ClientID: p.ClientID,
			From: scope.Member(), FromName: scope.Actor.Name, To: c.Assignee, ToName: c.AssigneeName, Text: p.Text, At: s.Now(),
		}
		fresh = true
		return tx.SaveWhisper(ctx, out)
	})
	if err == nil && fresh && s.News != nil {
		s.News.Whispered(ctx, out)
	}
	return out, err
}

func checkWhisper(scope identity.Scope, p Whispering) error {
	if err := scope.Require(identity.ConversationSupervise); err != nil {
		return err
	}
	if scope.Member() == "" {
		return errs.New(errs.Forbidden, "forbidden", "Only a member whispers.")
	}
	if err := checkClientID(p.ClientID); err != nil {
		return err
	}
	return checkText(p.Text, MaxText)
}

// Whispers lists what was whispered in a conversation, the newest first, at most
// WhispersShown: all of it to who holds ConversationSupervise, and to others
// what was whispered to them. Needs ConversationRead.
func (s *Service) Whispers(ctx context.Context, scope identity.Scope, id ID) ([]Whisper, error) {
	if _, err := s.Get(ctx, scope, id); err != nil {
		return nil, err
	}
	to := scope.Member()
	if scope.May(identity.ConversationSupervise) {
		to = ""
	} else if to == "" {
		return nil, nil
	}
	return s.Writing.Whispers(ctx, scope.Workspace, id, to, WhispersShown)
}
