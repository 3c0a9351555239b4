package licensetest

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/license"
)

// Run checks what every license.Store keeps.
func Run(t *testing.T, fresh func(t *testing.T) license.Store) {
	t.Helper()
	at := time.Date(2026, 11, 22, 1, 2, 3, 4000, time.UTC)
	one := license.Kept{ID: "lic_1", Product: "acme/crm", Digest: "d1", Sealed: "s1", AddedBy: "Ada", AddedAt: at}
	t.Run("licenses", func(t *testing.T) {
		s, ctx := fresh(t), t.Context()
		two := one
		two.ID, two.Digest, two.AddedAt = "lic_2", "d2", at.Add(time.Second)
		for _, k := range []license.Kept{two, one} {
			if err := s.AddLicense(ctx, k); err != nil {
				t.Fatal(err)
			}
		}
		again := one
		again.ID = "lic_3"
		if err := s.AddLicense(ctx, again); errs.As(err).Code != "license.known" {
			t.Errorf("the same token twice: %v", err)
		}
		got, err := s.Licenses(ctx)
		if err != nil || !slices.Equal(got, []license.Kept{one, two}) {
			t.Errorf("got %+v %v", got, err)
		}
		if err := s.RemoveLicense(ctx, "lic_1"); err != nil {
			t.Error(err)
		}
		if err := s.RemoveLicense(ctx, "lic_1"); !errs.Is(err, errs.NotFound) {
			t.Errorf("removed twice: %v", err)
		}
		if got, err = s.Licenses(ctx); err != nil || !slices.Equal(got, []license.Kept{two}) {
			t.Errorf("got %+v %v", got, err)
		}
	})
	t.Run("not more than there may be", func(t *testing.T) {
		s, ctx := fresh(t), t.Context()
		for i := range license.MaxLicenses {
			k := one
			k.ID, k.Digest = "lic_"+strconv.Itoa(i), strconv.Itoa(i)
			if err := s.AddLicense(ctx, k); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.AddLicense(ctx, one); errs.As(err).Code != "license.too_many" {
			t.Errorf("one too many: %v", err)
		}
	})
	t.Run("a trial begins once", func(t *testing.T) {
		s, ctx := fresh(t), t.Context()
		for _, when := range []time.Time{at, at.Add(time.Hour)} {
			if err := s.BeginTrial(ctx, "acme/crm", when); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Trials(ctx)
		if err != nil || len(got) != 1 || !got["acme/crm"].Equal(at) {
			t.Errorf("got %v %v", got, err)
		}
	})
	t.Run("the highest time", func(t *testing.T) {
		s, ctx := fresh(t), t.Context()
		for _, step := range []struct{ note, want time.Time }{
			{time.Time{}, time.Time{}},
			{at, at},
			{at.Add(-time.Hour), at},
			{time.Time{}, at},
			{at.Add(time.Hour), at.Add(time.Hour)},
		} {
			got, err := s.Seen(ctx, step.note)
			if err != nil || !got.Equal(step.want) {
				t.Errorf("noting %v: %v %v, want %v", step.note, got, err, step.want)
			}
		}
	})
}
