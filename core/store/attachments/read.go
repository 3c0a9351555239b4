package attachments

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Of returns the attachments of messages, each list in the order of its
// message. Messages without any have no entry.
func Of(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, places []media.Place) (map[media.Place][]media.Attachment, error) {
	const most = 64 // of one query
	out := make(map[media.Place][]media.Attachment)
	for len(places) > 0 {
		n := min(most, len(places))
		if err := ofSome(ctx, q, workspace, places[:n], out); err != nil {
			return nil, err
		}
		places = places[n:]
	}
	return out, nil
}

func ofSome(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, places []media.Place, out map[media.Place][]media.Attachment) error {
	size := 1
	for size < len(places) {
		size *= 2
	}
	args := []any{string(workspace)}
	for i := range size { // the last one again, so that few statements are prepared
		p := places[min(i, len(places)-1)]
		args = append(args, p.Conversation, int64(p.Seq)) //nolint:gosec // counted from 1
	}
	query := selectRows + `workspace_id = ? AND state = 'taken' AND role <> 'earlier' AND (` +
		strings.TrimSuffix(strings.Repeat(`(conversation_id = ? AND message_seq = ?) OR `, size), ` OR `) +
		`) ORDER BY conversation_id, message_seq, position`
	return q.Rows(ctx, query, args, func(s db.Scanner) error {
		var r row
		if err := s.Scan(r.dest()...); err != nil {
			return err
		}
		p := media.Place{Conversation: r.conversation, Seq: uint64(r.seq)} //nolint:gosec // as above
		out[p] = append(out[p], r.domain(q.Signer()))
		return nil
	})
}

// ByID returns those of the given attachments that exist and are whole, in the
// order in which they are asked for: for drafts and scheduled messages.
func ByID(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, ids []media.ID) ([]media.Attachment, error) {
	rows, err := byID(ctx, q, workspace, ids)
	if err != nil {
		return nil, err
	}
	var out []media.Attachment
	for _, id := range ids {
		if r := rows[id]; r != nil && r.state != string(media.Uploading) {
			out = append(out, r.domain(q.Signer()))
		}
	}
	return out, nil
}

// byID returns the rows of the given attachments that exist.
func byID(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, ids []media.ID) (map[media.ID]*row, error) {
	out := make(map[media.ID]*row, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	args := []any{string(workspace)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	args = db.Padded(args, len(ids))
	query := selectRows + `workspace_id = ? AND attachment_id IN (?` + strings.Repeat(`, ?`, len(args)-2) + `)`
	err := q.Rows(ctx, query, args, func(s db.Scanner) error {
		r := &row{}
		if err := s.Scan(r.dest()...); err != nil {
			return err
		}
		out[media.ID(r.id)] = r
		return nil
	})
	return out, err
}
