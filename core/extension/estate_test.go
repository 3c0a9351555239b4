package extension_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
)

// graves is an estate with instances that are gone, of which one cannot be
// buried.
type graves struct {
	gone    []extension.Owner
	stuck   extension.Owner
	expired int // of it 500 are swept at a time
	forgot  []extension.Owner
}

// Sweep implements extension.Estate.
func (g *graves) Sweep(_ context.Context, _ time.Time, limit int) (int, error) {
	n := min(g.expired, limit)
	g.expired -= n
	return n, nil
}

// Orphans implements extension.Estate.
func (g *graves) Orphans(context.Context, int) ([]extension.Owner, error) { return g.gone, nil }

// Forget implements extension.Estate.
func (g *graves) Forget(_ context.Context, o extension.Owner) error {
	g.forgot = append(g.forgot, o)
	return nil
}

var errStuck = errors.New("the role is in use")

// Open implements extension.Databases.
func (*graves) Open(context.Context, extension.Owner, extension.PluginID, string) (extension.Database, error) {
	return extension.Database{}, nil
}

// Drop implements extension.Databases.
func (g *graves) Drop(_ context.Context, o extension.Owner) error {
	if o == g.stuck {
		return errStuck
	}
	return nil
}

// All that expired goes, and one instance that cannot be buried keeps its things
// and does not hold up the others.
func TestTheUndertakerGoesOn(t *testing.T) {
	a, b, c := extension.Owner{Workspace: "wsp_1", Instance: "pin_a"}, extension.Owner{Workspace: "wsp_1", Instance: "pin_b"}, extension.Owner{Workspace: "wsp_2", Instance: "inb_c"}
	g := &graves{gone: []extension.Owner{a, b, c}, stuck: a, expired: 1234}
	err := extension.NewUndertaker(g, g, time.Now).Sweep(t.Context())
	if !errors.Is(err, errStuck) || !slices.Equal(g.forgot, []extension.Owner{b, c}) || g.expired != 0 {
		t.Errorf("got %v, forgot %v, left %d", err, g.forgot, g.expired)
	}
}
