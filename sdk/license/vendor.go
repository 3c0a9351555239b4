package license

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/host"
)

// Vendor is what a program knows of the licenses of its own product, compiled
// into it.
type Vendor struct {
	Product   string              // commerce.product of the manifest
	Keys      []ed25519.PublicKey // ParseKey; a new key is added before the first license is signed with it
	Released  time.Time           // when this version was released; zero = every license with maintenance covers it
	GraceDays int                 // 0 = DefaultGraceDays
}

// Read verifies a token and returns the license. It does not look at the time:
// At does. White space around the token counts for nothing.
func (v Vendor) Read(token string) (License, error) {
	c, err := verify(strings.TrimSpace(token), v.Keys)
	if err != nil {
		return License{}, err
	}
	l := c.license()
	if err := l.check(); err != nil {
		return License{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if l.Product != v.Product {
		return License{}, fmt.Errorf("%w: %s, and this is %s", ErrProduct, l.Product, v.Product)
	}
	return l, nil
}

// State says where a license stands.
type State string

// The states.
const (
	None    State = "none"    // there is no license
	NotYet  State = "not_yet" // it begins later, or the computer's clock is behind
	Trial   State = "trial"   // it works until it expires
	Valid   State = "valid"   // it works
	Grace   State = "grace"   // it has expired, and everything still works until GraceUntil
	Expired State = "expired" // it has expired
	TooNew  State = "too_new" // this version was released after the maintenance ended: an older one runs for ever
)

// Works reports whether everything works in a state.
func (s State) Works() bool { return s == Trial || s == Valid || s == Grace }

// Standing is where a license stands at a moment.
type Standing struct {
	State State
	// Perpetual: it works for ever, because the version was released before the
	// maintenance ended.
	Perpetual  bool
	GraceUntil time.Time // in Grace
	License    License   // zero without one
}

// At says where a license stands.
//
//   - Before it begins, or a day before it was issued: NotYet. A clock that was
//     turned back is found out so.
//   - Until it expires: Valid, or Trial.
//   - After, for versions released before MaintainedUntil: Valid for ever.
//   - After, for the others: Grace for its days, then Expired.
//   - One that never expires and has a MaintainedUntil: Valid for versions
//     released before, TooNew for later ones, after the days of grace.
func (v Vendor) At(l License, now time.Time) Standing {
	out := Standing{License: l}
	covered := !l.MaintainedUntil.IsZero() && v.Released.Before(l.MaintainedUntil)
	switch {
	case now.Before(l.IssuedAt.Add(-skew)), !l.NotBefore.IsZero() && now.Before(l.NotBefore):
		out.State = NotYet
	case l.ExpiresAt.IsZero() && (covered || l.MaintainedUntil.IsZero()), !l.ExpiresAt.IsZero() && now.Before(l.ExpiresAt):
		out.State, out.Perpetual = Valid, l.ExpiresAt.IsZero()
		if l.Trial {
			out.State = Trial
		}
	case covered && !l.Trial:
		out.State, out.Perpetual = Valid, true
	default:
		out.State = v.after(l, now, &out)
	}
	return out
}

// after is the state when a license does not cover the version any more.
func (v Vendor) after(l License, now time.Time, out *Standing) State {
	end, gone := l.ExpiresAt, Expired
	if end.IsZero() { // the maintenance has ended, and the version is newer
		end, gone = l.MaintainedUntil, TooNew
	}
	days := l.GraceDays
	if days == 0 {
		days = v.GraceDays
	}
	if days == 0 {
		days = DefaultGraceDays
	}
	if until := end.AddDate(0, 0, days); now.Before(until) {
		out.GraceUntil = until
		return Grace
	}
	return gone
}

// Ask asks the host for the token of the installation, verifies it and says
// where it stands. Without a token the state is None; a trial that the host
// grants by commerce.trial_days is the host's word alone, and comes as Trial
// with no License.
func (v Vendor) Ask(ctx context.Context, licenses host.Licenses, now time.Time) (Standing, error) {
	e, err := licenses.Entitlement(ctx)
	if err != nil {
		return Standing{State: None}, err
	}
	if e.Token == "" {
		if e.State == host.EntitlementTrial {
			return Standing{State: Trial, License: License{Product: v.Product, Trial: true, ExpiresAt: e.ExpiresAt}}, nil
		}
		return Standing{State: None}, nil
	}
	l, err := v.Read(e.Token)
	if err != nil {
		return Standing{State: None}, err
	}
	return v.At(l, now), nil
}
