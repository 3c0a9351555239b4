package identity

import (
	"time"

	"github.com/patchbay-im/patchbay/core/id"
)

// clock gives the services their time and identifiers.
type clock struct {
	now func() time.Time
	ids id.Source
}

// time returns the present as it is stored: UTC, whole milliseconds.
func (c clock) time() time.Time { return c.now().UTC().Truncate(time.Millisecond) }
