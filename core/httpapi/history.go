package httpapi

import (
	"strconv"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

// HistoryInput names a part of a history of changes.
type HistoryInput struct {
	After  string `query:"after" pattern:"^[0-9]{1,19}$" doc:"Changes with a greater seq, the oldest first."`
	Before uint64 `query:"before" doc:"Changes with a smaller seq, the newest of them."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// stretch is the part with one change more, which tells whether there are more.
func (in HistoryInput) stretch() (conversation.Range, error) {
	r := conversation.Range{Before: in.Before, Limit: in.Limit + 1}
	if in.After != "" {
		after, err := strconv.ParseUint(in.After, 10, 64)
		if err != nil {
			return r, errs.New(errs.Invalid, "request.invalid", "after is too large.")
		}
		r.After = &after
	}
	return r, nil
}

// shown turns what a stretch had into what is shown of it, and says whether
// there is more in the direction that was asked for.
func shown[C, W any](changes []C, in HistoryInput, of func(C) W) (items []W, more bool) {
	if more = len(changes) > in.Limit; more && in.After != "" {
		changes = changes[:in.Limit]
	} else if more {
		changes = changes[len(changes)-in.Limit:]
	}
	items = make([]W, len(changes))
	for i, c := range changes {
		items[i] = of(c)
	}
	return items, more
}
