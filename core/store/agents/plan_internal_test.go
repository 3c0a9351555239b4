package agents

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// TestClaimsReadWhatTheyName holds SQLite's plans of what every claim reads: none
// goes through the conversations or tickets of a whole workspace.
func TestClaimsReadWhatTheyName(t *testing.T) {
	d, err := db.Open(t.Context(), db.Config{Driver: "sqlite", Source: t.TempDir() + "/patchbay.db", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(t.Context()) })
	ids := make([]string, 64)
	items, args := among(`c.conversation_id`, "wsp_1", ids)
	work, _ := among(`t.ticket_id`, "wsp_1", ids)
	teams, _ := among(`t.team_id`, "wsp_1", ids)
	members, _ := among(`m.member_id`, identity.WorkspaceID("wsp_1"), ids)
	for query, values := range map[string][]any{
		selectWaiting(db.SQLite) + named + items: append([]any{0}, args...),
		held(db.SQLite, false, members):          args,
		held(db.SQLite, true, members):           slices.Concat(args, args),
		ticketsByID(work):                        args,
		ticketsThatWait(db.SQLite, teams):        args,
		heldTickets(db.SQLite, members):          args,
	} {
		err := d.Rows(t.Context(), `EXPLAIN QUERY PLAN `+query, values, func(sc db.Scanner) error {
			var id, parent, unused int
			var step string
			err := sc.Scan(&id, &parent, &unused, &step)
			if work := strings.Contains(step, " c ") || strings.Contains(step, " o ") || strings.Contains(step, " t "); work && strings.Count(step, "=?") < 2 {
				t.Errorf("%s\n%s", step, query)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
