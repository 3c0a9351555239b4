package deliveries

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/attachments"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
)

var _ delivery.Completer = (*Store)(nil)

// files fills in the files of those of the deliveries that have any.
func (s *Store) files(ctx context.Context, due []delivery.Delivery) error {
	places := make(map[identity.WorkspaceID][]media.Place)
	for _, d := range due {
		if d.Content.Files != nil {
			places[d.Workspace] = append(places[d.Workspace], placesOf(d)...)
		}
	}
	for workspace, of := range places {
		found, err := attachments.Of(ctx, s.db, workspace, of)
		if err != nil {
			return err
		}
		for i := range due {
			if d := &due[i]; d.Workspace == workspace && d.Content.Files != nil {
				d.Content.Files = filesOf(*d, found)
			}
		}
	}
	return nil
}

// placesOf are the messages whose files a delivery has: its own, and the one
// that it passes on.
func placesOf(d delivery.Delivery) []media.Place {
	own := media.Place{Conversation: d.Conversation, Seq: d.Seq}
	if d.Forwards == 0 {
		return []media.Place{own}
	}
	return []media.Place{own, {Conversation: d.Conversation, Seq: d.Forwards}}
}

// filesOf are the files of a delivery; nil = none. The original of a mail that
// is passed on stays here: it names what only its addressee is to know.
func filesOf(d delivery.Delivery, found map[media.Place][]media.Attachment) []channel.File {
	var all []media.Attachment
	for _, place := range placesOf(d) {
		for _, a := range found[place] {
			if place.Seq == d.Seq || a.Role != media.RoleOriginal {
				all = append(all, a)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return delivery.FilesOf(all)
}

// Complete implements delivery.Completer.
func (s *Store) Complete(ctx context.Context, due []delivery.Delivery, addressed bool) error {
	for i := range due {
		if err := s.complete(ctx, &due[i]); err != nil {
			return err
		}
		if !addressed {
			continue
		}
		if err := s.address(ctx, &due[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) complete(ctx context.Context, d *delivery.Delivery) error {
	var err error
	if d.Thread, err = conversations.ThreadOf(ctx, s.db, d.Workspace, conversation.ID(d.Conversation)); err != nil {
		return err
	}
	seq := db.Signed(d.Seq)
	last, err := s.externals(ctx, d, `i.seq < ? ORDER BY i.seq DESC, i.external_id DESC LIMIT ?`, delivery.MaxReferences, seq, looked)
	if err != nil || len(last) == 0 {
		return err
	}
	first, err := s.externals(ctx, d, `i.seq < ? ORDER BY i.seq, i.external_id LIMIT ?`, 1, seq, looked)
	if err != nil {
		return err
	}
	slices.Reverse(last)
	d.References = last
	if !slices.Contains(last, first[0]) {
		d.References = append(first, last...)
	}
	if d.Quoted == 0 {
		return nil
	}
	quoted, err := s.externals(ctx, d, `i.seq = ? ORDER BY i.external_id LIMIT 1`, 1, db.Signed(d.Quoted))
	if len(quoted) > 0 {
		d.ReplyTo = quoted[0]
	}
	return err
}

// looked is how many ids of a conversation are looked at for references: some
// are not for everybody.
const looked = 10 * delivery.MaxReferences

// address says to whom an answer goes where its author did not.
func (s *Store) address(ctx context.Context, d *delivery.Delivery) error {
	if d.Forwards > 0 {
		return nil
	}
	theirs, err := conversations.EnvelopeBefore(ctx, s.db, d.Workspace, conversation.ID(d.Conversation), d.Seq)
	if err == nil {
		d.Content.Envelope = delivery.Answering(d.Content.Envelope, theirs)
	}
	return err
}

// externals reads the far side's ids of messages of a delivery's conversation, at
// most so many, without those that its recipients are not to know of.
func (s *Store) externals(ctx context.Context, d *delivery.Delivery, where string, most int, args ...any) ([]string, error) {
	const query = `SELECT i.external_id, COALESCE(m.extras, '') FROM inbound_dedup i
LEFT JOIN message m ON m.workspace_id = i.workspace_id AND m.conversation_id = i.conversation_id AND m.seq = i.seq
WHERE i.workspace_id = ? AND i.conversation_id = ? AND i.kind IN ('message', 'sent') AND `
	var out []string
	err := s.db.Rows(ctx, query+where, append([]any{string(d.Workspace), d.Conversation}, args...), func(sc db.Scanner) error {
		var external, extras string
		if err := sc.Scan(&external, &extras); err != nil || len(out) == most {
			return err
		}
		if !conversations.CarriedOf(extras).Apart(d.Recipient, d.Content.Envelope) {
			out = append(out, external)
		}
		return nil
	})
	return out, err
}
