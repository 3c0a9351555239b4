package agents

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Offering implements dispatch.Store.
func (s *Store) Offering(ctx context.Context, workspace identity.WorkspaceID) (dispatch.Offering, error) {
	var mode string
	var ring int64
	var out dispatch.Offering
	err := s.db.Row(ctx, `SELECT offer_mode, offer_ring_seconds, offer_misses FROM workspace WHERE workspace_id = ?`,
		[]any{string(workspace)}, &mode, &ring, &out.Misses)
	if errors.Is(err, sql.ErrNoRows) || err == nil && identity.OfferMode(mode) != identity.OfferWork {
		return dispatch.Offering{}, nil
	}
	out.Ring = time.Duration(ring) * time.Second
	return out, err
}

// TakeBack implements dispatch.Store.
func (s *Store) TakeBack(ctx context.Context, workspace identity.WorkspaceID, o dispatch.Offer) (dispatch.Item, error) {
	var out dispatch.Item
	err := s.do(ctx, workspace, func(ctx context.Context, tx *db.Tx) error {
		t := conversations.NewTx(tx, workspace, s.mails)
		c, err := t.Conversation(ctx, conversation.ID(o.Item.ID))
		if errs.Is(err, errs.NotFound) || err == nil && !c.OfferedUntil(o.Member, o.Until) {
			return dispatch.ErrOfferOver()
		}
		if err != nil {
			return err
		}
		c.TakeBack(conversation.Turn{Actor: identity.Actor{Kind: identity.ActorSystem}, At: s.now(), IDs: s.ids}, conversation.OfferUnanswered)
		if err := t.Save(ctx, c); err != nil {
			return err
		}
		items, _, err := s.items(ctx, tx, ` AND c.conversation_id = ?`, string(workspace), string(c.ID))
		if len(items) > 0 {
			out = items[0]
		}
		return err
	})
	return out, err
}

// ForgetMissed implements dispatch.Store.
func (s *Store) ForgetMissed(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID) error {
	return s.ofMember(ctx, workspace, member, `missed = 0`)
}

// EndWrapUp implements dispatch.Store.
func (s *Store) EndWrapUp(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID) error {
	return s.ofMember(ctx, workspace, member, `wrap_up_until = 0`)
}

// ofMember changes what is kept of a member, if anything is.
func (s *Store) ofMember(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, set string) error {
	return s.do(ctx, workspace, func(ctx context.Context, tx *db.Tx) error {
		var known int
		err := tx.Row(ctx, `SELECT 1 FROM member WHERE workspace_id = ? AND member_id = ?`, []any{string(workspace), string(member)}, &known)
		if errors.Is(err, sql.ErrNoRows) {
			return errs.Absent()
		}
		if err != nil {
			return err
		}
		return tx.Queue(ctx, `UPDATE agent_state SET `+set+` WHERE workspace_id = ? AND member_id = ?`, string(workspace), string(member))
	})
}
