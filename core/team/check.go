package team

import (
	"fmt"
	"slices"

	"github.com/patchbay-im/patchbay/core/identity"
)

// wrong collects what is wrong with a request.
type wrong struct {
	identity.Wrong
}

func (w *wrong) err() error {
	return w.Refused("team.invalid", "Some values are not accepted.")
}

// list returns ids sorted, each once.
func list[T ~string](w *wrong, pointer string, ids []T, limit int) []T {
	out := slices.Clone(ids)
	slices.Sort(out)
	if out = slices.Compact(out); len(out) > limit {
		w.Refuse(pointer, "too_many", fmt.Sprintf("has %d entries; at most %d", len(out), limit))
	}
	return out
}
