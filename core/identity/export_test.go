package identity

import (
	"context"
	"time"
)

// Occupy takes a hash's turn until release is called.
func (h *Hasher) Occupy() (release func()) {
	h.line.enter(context.Background(), Comer{Known: true})
	return h.line.exit
}

// CacheLife is how long another node's change may be missed.
const CacheLife = cacheLife

// TOTP returns the code that an app shows at a time.
func TOTP(secret []byte, at time.Time) string { return totpCode(secret, totpStep(at)) }
