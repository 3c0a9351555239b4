package agents

import (
	"context"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/calendars"
	"github.com/patchbay-im/patchbay/core/store/queues"
)

// Hours implements dispatch.Hours.
func (s *Store) Hours(ctx context.Context, w identity.WorkspaceID) ([]dispatch.QueueHours, error) {
	all, err := queues.All(ctx, s.db, w)
	if err != nil {
		return nil, err
	}
	var out []dispatch.QueueHours
	schedules := map[calendar.ID]*calendar.Schedule{}
	for id, q := range all {
		if q.Calendar == "" {
			continue
		}
		if len(schedules) == 0 {
			if schedules, err = calendars.Schedules(ctx, s.db, w); err != nil {
				return nil, err
			}
		}
		if schedule := schedules[q.Calendar]; schedule != nil {
			out = append(out, dispatch.QueueHours{Queue: string(id), Hours: schedule})
		}
	}
	return out, nil
}
