package agents

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// stateOf reads what a member chose and whether they are there; a member never
// saved is not.
func stateOf(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, member identity.MemberID) (dispatch.AgentState, error) {
	out := dispatch.AgentState{Member: member, Status: dispatch.Available}
	err := tx.Rows(ctx, `SELECT status, online FROM agent_state WHERE workspace_id = ? AND member_id = ?`, []any{string(workspace), string(member)},
		func(sc db.Scanner) error {
			var status string
			err := sc.Scan(&status, &out.Online)
			out.Status = dispatch.Status(status)
			return err
		})
	return out, err
}

// longAgo is how late an event may be dated back to what it tells of: figures
// look for events by when they were committed.
const longAgo = time.Minute

// tellSwitch appends the event that a member's effective status is another, if it is.
func (s *Store) tellSwitch(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, before, after dispatch.AgentState) error {
	if after.Status == "" {
		after.Status = before.Status
	}
	said := dispatch.PresenceData{Status: after.Effective(), From: before.Effective()}
	if said.Status == said.From {
		return nil
	}
	at := s.now()
	if !after.Since.After(at) && at.Sub(after.Since) < longAgo {
		at = after.Since
	}
	data, err := json.Marshal(said)
	if err != nil {
		return err
	}
	return tx.Append(ctx, event.Event{
		ID: s.ids.New("chg"), Workspace: string(workspace), Type: dispatch.PresenceSwitched, Subject: string(after.Member), At: at, Data: data,
	})
}
