package mediatest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

func TestFake(t *testing.T) {
	mediatest.Run(t, func(*testing.T) mediatest.Fixture {
		f := mediatest.NewFake()
		n := 0
		return mediatest.Fixture{
			Store: f.Store(), Ledger: f.Store(), Of: f.Of,
			Workspace: func(testing.TB) identity.WorkspaceID {
				n++
				return identity.WorkspaceID(fmt.Sprint("wsp_", n))
			},
			Within: func(ctx context.Context, w identity.WorkspaceID, fn func(context.Context, media.Tx) error) error {
				tx, commit := f.Begin(w)
				err := fn(ctx, tx)
				if err == nil {
					commit()
				}
				return err
			},
		}
	})
}

func TestFakeFiles(t *testing.T) {
	mediatest.RunFiles(t, func(*testing.T) (media.Files, func() media.Files) {
		f := mediatest.NewFakeFiles(time.Now)
		return f, func() media.Files { return f }
	})
}
