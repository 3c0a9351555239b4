// Package license is what vendors of paid plugins have sold to this
// installation: tokens that they signed, what those say at a moment, and what
// follows when they have run out. Whatever a license says, messages come in,
// webhooks go out, and data is kept and exported.
package license

import (
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// PluginID is "<publisher>/<name>".
type PluginID string

// State says where the license of a plugin stands.
type State string

// The states.
const (
	None    State = "none"    // none was given and no trial runs, or none is needed
	NotYet  State = "not_yet" // of a license alone: it begins later
	Trial   State = "trial"   // the vendor's token says so, or the days of the manifest run
	Valid   State = "valid"   // also for versions that a license with maintenance covers for ever
	Grace   State = "grace"   // it has expired, and everything still works until GraceUntil
	Expired State = "expired" // what the manifest says on expiry applies
)

// worth orders the states: what a plugin's best license is.
func (s State) worth() int {
	switch s {
	case Valid:
		return 5
	case Trial:
		return 4
	case Grace:
		return 3
	case Expired:
		return 2
	case NotYet:
		return 1
	case None:
	}
	return 0
}

// Entitlement is what a plugin's license says now.
type Entitlement struct {
	State           State
	Edition         string // the vendor's own words, as the features and the limits
	Features        []string
	Limits          map[string]int64
	Customer        string
	ExpiresAt       time.Time // zero = never
	MaintainedUntil time.Time // versions released before run for ever; zero = no such promise
	GraceUntil      time.Time // in the state Grace
	Perpetual       bool      // this version runs for ever
	TooNew          bool      // in Grace and Expired: a version of before MaintainedUntil runs for ever
	Token           string    // as the vendor signed it; "" = none. A secret.
}

// OnExpiry says what goes on without a license.
type OnExpiry string

// What goes on.
const (
	ReceiveOnly OnExpiry = "receive_only" // messages come in; nothing new is sent, what waits still leaves
	ReadOnly    OnExpiry = "read_only"    // it looks things up and writes nothing; bots rest
)

// Terms are how a plugin is sold, from its manifest.
type Terms struct {
	Plugin    PluginID
	Product   string // that licenses name
	Model     string // "subscription" or "one_time"
	OnExpiry  OnExpiry
	BuyURL    string // "" = none is told
	TrialDays int    // 0 = there is no trial without a license
}

// Document is a license that was verified.
type Document struct {
	Number   string // the vendor's
	Vendor   string
	Product  string
	Trial    bool
	IssuedAt time.Time
	BeginsAt time.Time // zero = at once
	// At says what it says at a moment, to the version of the plugin that runs.
	At func(now time.Time) Entitlement
}

// Standing is where a paid plugin stands.
type Standing struct {
	Terms
	Entitlement
	// HostTrial: no license was given yet, and the days of the manifest run.
	HostTrial bool
}

// Barred says why a plugin does less than it could; nil when it does everything.
func (s Standing) Barred() error {
	switch s.State {
	case Trial, Valid, Grace:
		return nil
	case None, NotYet, Expired:
	}
	code, what := CodeExpired, "has expired"
	if s.State != Expired {
		code, what = CodeMissing, "is missing"
	}
	left := "It looks things up and writes nothing"
	if s.OnExpiry == ReceiveOnly {
		left = "Messages still come in, and nothing new is sent,"
	}
	return errs.New(errs.Conflict, code, "The license of the plugin "+string(s.Plugin)+" "+what+". "+left+" until an administrator adds one.")
}

// Codes of what a plugin does not do without a license.
const (
	CodeExpired = "license.expired"
	CodeMissing = "license.missing"
)

// Kept is a license as it is stored.
type Kept struct {
	ID      string // lic_
	Product string
	Digest  string // SHA-256 of the token, in hex: the same token is kept once
	Sealed  string // the token
	AddedAt time.Time
	AddedBy string // the name of who added it
}

// License is a license that was added, as administrators see it: never the token.
type License struct {
	Kept
	Plugin      PluginID // "" = no installed plugin takes it
	Document    Document // zero when Problem says why it cannot be read
	Entitlement Entitlement
	Problem     string
}

// MaxLicenses is how many licenses an installation keeps.
const MaxLicenses = 200
