package media

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
)

// Tx is the attachments' side of a transaction of the conversation store.
type Tx interface {
	// Take gives attachments to a message, in this order, and returns them. It
	// takes all or none: CheckIDs' errors, and those of Refusal, which name the
	// first that cannot be taken. What is taken stays for good.
	Take(ctx context.Context, by Uploader, ids []ID, to Place) ([]Attachment, error)
	// Hold keeps attachments, which nobody took yet, from being swept before
	// the given time, for a draft or a scheduled message, and returns them in
	// this order. It never shortens their time. Errors as those of Take.
	Hold(ctx context.Context, by Uploader, ids []ID, until time.Time) ([]Attachment, error)
}

// CheckIDs refuses more than MaxPerMessage attachments (attachment.too_many),
// what is no id (attachment.unknown) and one that is named twice (attachment.twice).
func CheckIDs(ids []ID) error {
	if len(ids) > MaxPerMessage {
		return errs.New(errs.Invalid, "attachment.too_many", fmt.Sprintf("A message carries at most %d files.", MaxPerMessage)).
			WithFields(errs.Field{Pointer: "/attachment_ids", Code: "too_many", Detail: fmt.Sprintf("There are %d.", len(ids))})
	}
	for i, name := range ids {
		if !id.Valid("att", string(name)) {
			return Refusal(i, false, "")
		}
		if slices.Contains(ids[:i], name) {
			return refused(i, "twice", "The same file is named twice.")
		}
	}
	return nil
}

// Refusal says why the attachment at an index of a request cannot be taken:
// attachment.unknown (absent, or brought by somebody else), unfinished or
// taken. It returns nil for one that can. found tells whether by brought it.
func Refusal(index int, found bool, state State) error {
	switch {
	case !found:
		return refused(index, "unknown", "This file is not here, or somebody else brought it. Upload it again.")
	case state == Uploading:
		return refused(index, "unfinished", "This file has not arrived completely yet. Finish the upload, then send.")
	case state == Taken:
		return refused(index, "taken", "This file belongs to another message already. Upload it again to send it once more.")
	default:
		return nil
	}
}

func refused(index int, code, sentence string) error {
	return errs.New(errs.Invalid, "attachment."+code, sentence).
		WithFields(errs.Field{Pointer: fmt.Sprintf("/attachment_ids/%d", index), Code: code, Detail: sentence})
}
