package conversationtest

import (
	"context"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
)

func (k keepers) HasInbox(w identity.WorkspaceID, inbox string) bool {
	return neighbours{k.Identities, k.Inboxes}.HasInbox(w, inbox)
}

func (k keepers) HasCalendar(w identity.WorkspaceID, c calendar.ID) bool {
	_, err := k.Calendars.Calendar(context.Background(), w, c)
	return err == nil
}

// Staff implements queue.People: the members who are not suspended, of whatever
// role; at most one page.
func (f *Fake) Staff(ctx context.Context, w identity.WorkspaceID) ([]queue.Colleague, error) {
	members, err := f.Identities.Members(ctx, w, page.Request{Limit: page.MaxLimit})
	if err != nil {
		return nil, err
	}
	var out []queue.Colleague
	for _, m := range members.Items {
		if m.Suspended {
			continue
		}
		teams, err := f.Teams.TeamsOf(ctx, w, m.ID)
		if err != nil {
			return nil, err
		}
		skills, err := f.Queues.Abilities(ctx, w, m.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, queue.Colleague{Member: m.ID, Teams: teams, Skills: skills})
	}
	return out, nil
}
