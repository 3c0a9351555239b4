package conversation

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Draft is what a member is writing in a conversation, in whichever window.
// It is private to the member.
type Draft struct {
	Workspace    identity.WorkspaceID
	Member       identity.MemberID
	Conversation ID
	Kind         MessageKind
	Text         string
	Attachments  []media.Attachment
	ReplyTo      *Quote
	Envelope     *channel.Envelope // as far as it is written; nil = nobody touched it
	Rev          uint64            // grows by one with each version
	UpdatedAt    time.Time
}

// Empty reports whether nothing is being written.
func (d Draft) Empty() bool { return d.Text == "" && len(d.Attachments) == 0 && d.Envelope == nil }

// How long drafts keep things.
const (
	draftFiles = 30 * 24 * time.Hour // the files of a draft after its last version
	draftRevs  = 24 * time.Hour      // the rev of an empty one, so that old windows are told apart
)

// DraftPatch is a new version of a draft.
type DraftPatch struct {
	Conversation ID
	Kind         MessageKind
	Text         string // empty without attachments: nothing is being written any more
	Attachments  []media.ID
	ReplyTo      MessageID
	Envelope     *channel.Envelope
	Rev          uint64 // the version that it follows; 0 = none
}

// SaveDraft keeps a new version and tells the member's other windows. When a
// newer version than the one it follows is kept already, that one is returned
// with a conflict draft.stale.
func (s *Service) SaveDraft(ctx context.Context, scope identity.Scope, p DraftPatch) (Draft, error) {
	if err := s.checkDraft(scope, p); err != nil {
		return Draft{}, err
	}
	var out Draft
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		if _, err := Take(ctx, tx, scope, p.Conversation); err != nil {
			return err
		}
		held, err := tx.Draft(ctx, scope.Member(), p.Conversation)
		if err != nil {
			return err
		}
		if held.Rev > p.Rev {
			out = held
			return errs.New(errs.Conflict, "draft.stale", "You went on writing in another window.")
		}
		out, err = s.draft(ctx, tx, scope, p)
		if err != nil {
			return err
		}
		out.Rev = held.Rev + 1
		return tx.SaveDraft(ctx, out)
	})
	if err != nil {
		return out, err
	}
	if s.News != nil {
		s.News.DraftChanged(ctx, out)
	}
	return out, nil
}

func (s *Service) checkDraft(scope identity.Scope, p DraftPatch) error {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return err
	}
	if scope.Member() == "" {
		return errs.New(errs.Forbidden, "forbidden", "Only a member writes drafts.")
	}
	if p.Kind != Text && p.Kind != Note {
		return errKind()
	}
	if err := keepable(p.Envelope); err != nil {
		return err
	}
	if p.Text == "" {
		return media.CheckIDs(p.Attachments)
	}
	if err := checkStorable(p.Text, MaxText); err != nil {
		return err
	}
	return media.CheckIDs(p.Attachments)
}

// draft is the content of a new version.
func (s *Service) draft(ctx context.Context, tx Tx, scope identity.Scope, p DraftPatch) (Draft, error) {
	d := Draft{
		Workspace: scope.Workspace, Member: scope.Member(), Conversation: p.Conversation, Kind: p.Kind, Text: p.Text, Envelope: p.Envelope, UpdatedAt: s.Now(),
	}
	var err error
	if d.ReplyTo, err = s.quote(ctx, scope.Workspace, p.Conversation, p.ReplyTo, p.Kind == Note); err != nil {
		return d, err
	}
	if len(p.Attachments) > 0 {
		by := media.Uploader{Kind: media.ByMember, ID: scope.Actor.ID}
		d.Attachments, err = tx.Media().Hold(ctx, by, p.Attachments, s.Now().Add(draftFiles))
	}
	return d, err
}

// Draft returns what the acting member is writing in a conversation; an Empty
// one, with its Rev, when nothing.
func (s *Service) Draft(ctx context.Context, scope identity.Scope, id ID) (Draft, error) {
	if _, err := s.Get(ctx, scope, id); err != nil {
		return Draft{}, err
	}
	return s.Writing.Draft(ctx, scope.Workspace, scope.Member(), id)
}

// Drafts lists what the acting member is writing in what they reach, the newest
// first, at most MaxDrafts.
func (s *Service) Drafts(ctx context.Context, scope identity.Scope) ([]Draft, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return nil, err
	}
	return s.Writing.Drafts(ctx, scope.Workspace, scope.Member(), scope.Reach(), MaxDrafts)
}

// MaxDrafts is how many drafts are listed.
const MaxDrafts = 500

// SweepDrafts forgets empty drafts whose rev nobody needs any more.
func (s *Service) SweepDrafts(ctx context.Context) error {
	return s.Writing.ForgetDrafts(ctx, s.Now().Add(-draftRevs))
}
