package media_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

// FuzzFiles brings any bytes: they become an attachment, whatever they are.
func FuzzFiles(f *testing.F) {
	for _, s := range mediatest.Small() {
		if len(s.Data) < 8<<10 {
			f.Add(s.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || len(data) > 64<<10 {
			return
		}
		d, _ := newDesk(t)
		a := d.whole("x", data)
		if drawn := a.Kind == media.Image; drawn != a.HasPreview() || drawn != (a.Width > 0 && a.Height > 0) || a.Duration < 0 {
			t.Errorf("%q became %+v", data, a)
		}
		safe(t, a.Type)
		if a.HasPreview() && len(d.open(a, media.Drawing)) == 0 {
			t.Error("an empty preview")
		}
	})
}
