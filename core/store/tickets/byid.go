package tickets

import (
	"context"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// ByID returns tickets by their ids, merged ones included; ids that there are
// not are left out.
func (s *Store) ByID(ctx context.Context, workspace identity.WorkspaceID, ids []ticket.ID) (map[ticket.ID]ticket.Ticket, error) {
	out := make(map[ticket.ID]ticket.Ticket, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	args := []any{string(workspace)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	rows, err := s.byIDs(ctx, workspace, args)
	for _, t := range rows {
		out[t.ID] = t
	}
	return out, err
}

// Comments returns comments at places: the id of a ticket and the seq of the
// change, in turns. What is not there is left out.
func (s *Store) Comments(ctx context.Context, workspace identity.WorkspaceID, places []any) ([]ticket.Comment, error) {
	if len(places) == 0 {
		return nil, nil
	}
	changes, err := s.changesAt(ctx, workspace, append([]any{string(workspace)}, places...))
	var out []ticket.Comment
	for _, ch := range changes {
		if ch.Comment != nil {
			out = append(out, *ch.Comment)
		}
	}
	return out, err
}
