package search_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/search/searchtest"
)

// partly is a Source of which one workspace cannot be read.
type partly struct {
	search.Source
	broken identity.WorkspaceID
}

func (p partly) Head(_ context.Context, w identity.WorkspaceID) (uint64, error) {
	if w == p.broken {
		return 0, errs.New(errs.Internal, "storage.row", "A row of this workspace cannot be read.")
	}
	return 1, nil
}

func (partly) Scan(context.Context, identity.WorkspaceID, string, int) ([]search.Document, string, error) {
	return nil, "", nil
}

// One workspace that cannot be indexed holds up no other, whichever comes first.
func TestABrokenWorkspaceHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		index := searchtest.NewFake()
		all := func(context.Context) ([]string, error) { return []string{"wsp_1", "wsp_2", "wsp_3"}, nil }
		x := search.NewIndexer(index, partly{broken: "wsp_2"}, all, time.Now, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); x.Run(ctx) }()
		time.Sleep(time.Minute)
		stop()
		<-done
		for w, want := range map[identity.WorkspaceID]bool{"wsp_1": true, "wsp_2": false, "wsp_3": true} {
			if at, err := index.Position(t.Context(), w); err != nil || at.Ready != want {
				t.Errorf("%s: %+v, %v", w, at, err)
			}
		}
	})
}
