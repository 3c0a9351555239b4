package store_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store"
)

// A team that serves queues stays until they have another.
func TestATeamOfQueuesStays(t *testing.T) {
	for _, s := range []*store.Store{lite(t).fresh(t), postgres(t).fresh(t)} {
		f, at := queueFixture(t, s), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		ws := f.Workspace(t)
		q := queue.Queue{Workspace: ws, ID: "que_1", Name: "VIP", Team: f.Team(t, ws), CreatedAt: at, UpdatedAt: at}
		if err := f.Store.Create(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		if err := s.Teams().Delete(t.Context(), ws, q.Team, at); errs.As(err).Code != "team.in_use" || errs.As(err).Message != "The team serves queues: VIP. Give them another team first." {
			t.Fatal(err)
		}
		if err := f.Store.Delete(t.Context(), ws, q.ID, at); err != nil {
			t.Fatal(err)
		}
		if err := s.Teams().Delete(t.Context(), ws, q.Team, at); err != nil {
			t.Fatal(err)
		}
	}
}
