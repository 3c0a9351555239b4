package host

import (
	"context"
	"time"
)

// Licenses tell a paid plugin what its vendor sold to this installation, as the
// host understands the license. The host applies commerce.on_expiry of the
// manifest by itself. The host is open source: a plugin that wants to be sure
// verifies Token again with the keys in its own program, with package license.
//
// Permission: license.
type Licenses interface {
	// Entitlement returns what the license says now. It is the same for all
	// instances of the plugin; ask again every few hours and not for each message.
	Entitlement(ctx context.Context) (Entitlement, error)
}

// EntitlementState says where a license stands.
type EntitlementState string

// The states.
const (
	EntitlementNone    EntitlementState = "none"    // none was given and no trial runs
	EntitlementTrial   EntitlementState = "trial"   // with a token of the vendor's, or by commerce.trial_days without one
	EntitlementValid   EntitlementState = "valid"   // bought
	EntitlementGrace   EntitlementState = "grace"   // expired; everything still works until GraceUntil
	EntitlementExpired EntitlementState = "expired" // commerce.on_expiry applies
)

// Entitlement is what a license says.
type Entitlement struct {
	State           EntitlementState
	Edition         string // the vendor's own words, as the features and the limits
	Features        []string
	Limits          map[string]int64
	Customer        string
	ExpiresAt       time.Time // zero = never
	MaintainedUntil time.Time // versions released before run for ever; zero = no such promise
	GraceUntil      time.Time // in EntitlementGrace
	Token           string    // as the vendor signed it; "" = none. It belongs into no log.
}
