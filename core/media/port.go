package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Tx is the attachments' side of a transaction of the conversation store.
type Tx interface {
	// Take gives attachments to a message, in this order, and returns them. It
	// takes all or none: CheckIDs' errors, and those of Refusal, which name the
	// first that cannot be taken. What is taken stays for good.
	Take(ctx context.Context, by Uploader, ids []ID, to Place) ([]Attachment, error)
	// Bring is Take for what a channel brought with a message: up to MaxBrought,
	// with what the channel says of each. One that it named is new: it is Taken
	// and Fetching at once, and due.
	Bring(ctx context.Context, by Uploader, files []Brought, to Place) ([]Attachment, error)
	// Retire takes what a message carries away from it (RoleEarlier): neither is it
	// among its files any more, nor does an address show it.
	Retire(ctx context.Context, from Place) error
	// Named lists the references of the files that a message has and that its
	// channel named, in their order; "" of one that it brought.
	Named(ctx context.Context, in Place) ([]string, error)
	// Hold keeps attachments, which nobody took yet, from being swept before
	// the given time, for a draft or a scheduled message, and returns them in
	// this order. It never shortens their time. Errors as those of Take.
	Hold(ctx context.Context, by Uploader, ids []ID, until time.Time) ([]Attachment, error)
	// Settle ends an errand: it stores what the file is now, with what is to be
	// done next, and returns the message that has it by now, if one has. It
	// reports whether the errand was still held; where it was not, nothing changes.
	Settle(ctx context.Context, e Errand, now Attachment, next Due) (in Place, held bool, err error)
	// Renew makes a file that is Failed an errand again: Scanning when its bytes
	// are here, else Fetching. It reports whether it was.
	Renew(ctx context.Context, id ID, next Due) (bool, error)
}

// Due is when a file is worked on next, and until when that is tried. The zero
// value: there is nothing more to do.
type Due struct{ At, Until time.Time }

// Errand is a file that its channel is to be asked for (Fetching), or that is to
// be scanned (Scanning).
type Errand struct {
	Upload
	Reference string    // of one to fetch
	Tries     int       // with this one
	GiveUpAt  time.Time // when it is tried no more
	Lease     time.Time // until when it is nobody else's; it names the holding, too
}

// Errands is the list of what is to be fetched and scanned. It is kept with the
// files, so that a crash forgets nothing.
type Errands interface {
	// Claim takes the errand that is due longest, of none of the uploaders to
	// skip, until the end of a lease; nil when nothing is due. What its holder
	// neither settles nor prolongs until then is due again.
	Claim(ctx context.Context, now, lease time.Time, skip []string) (*Errand, error)
	// Prolong moves the end of the lease, which is when the errand is due again,
	// too, and reports whether it was still held.
	Prolong(ctx context.Context, e *Errand, until time.Time) (bool, error)
}

// CheckIDs refuses more than MaxPerMessage attachments (attachment.too_many),
// what is no id (attachment.unknown) and one that is named twice (attachment.twice).
func CheckIDs(ids []ID) error { return checkIDs(ids, MaxPerMessage) }

// CheckBrought is CheckIDs for what a channel brought.
func CheckBrought(ids []ID) error { return checkIDs(ids, MaxBrought) }

func checkIDs(ids []ID, most int) error {
	if len(ids) > most {
		return errs.New(errs.Invalid, "attachment.too_many", fmt.Sprintf("A message carries at most %d files.", most)).
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

// Store keeps what is known of uploads and attachments.
type Store interface {
	// Begin stores a new upload: Uploading, nothing received.
	Begin(ctx context.Context, u Upload) error
	// Upload returns one in any state, or errs.Absent.
	Upload(ctx context.Context, workspace identity.WorkspaceID, id ID) (Upload, error)
	// Advance moves Received of one that is Uploading. It conflicts
	// (upload.moved) when Received is not from, or the upload is done.
	Advance(ctx context.Context, workspace identity.WorkspaceID, id ID, from, to int64) error
	// Finish makes an upload Ready and stores what its content says, and what is
	// to be done with it next. It conflicts like Advance when it is not Uploading.
	Finish(ctx context.Context, a Attachment, next Due) error
	// Discard removes one that no message has taken, and reports whether there was one.
	Discard(ctx context.Context, workspace identity.WorkspaceID, id ID) (bool, error)
	// Find returns an attachment by its bare id, which is globally unique, in
	// any state, or errs.Absent: for those who hold its ticket.
	Find(ctx context.Context, id ID) (Upload, error)
}

// Ledger is Store as the sweeper sees it.
type Ledger interface {
	// Expired lists uploads and attachments that no message took in time.
	Expired(ctx context.Context, now time.Time, limit int) ([]Ref, error)
	// Forfeit removes one of those if it still is, and reports whether it was:
	// a draft or a scheduled message may hold it since, or a message have it.
	Forfeit(ctx context.Context, r Ref, now time.Time) (bool, error)
	// Whole lists attachments that are Ready or Taken and whose bytes are here,
	// shown or kept back, in order of their ids, after the given one.
	Whole(ctx context.Context, after ID, limit int) ([]Attachment, error)
	// Known tells which of the given attachments have a row, in any state.
	Known(ctx context.Context, ids []ID) (map[ID]bool, error)
}

// Part is one of the files that belong to an attachment.
type Part string

// The parts.
const (
	Incoming Part = "incoming" // what an upload has brought so far
	Original Part = "original" // the whole file, byte for byte
	Drawing  Part = "preview"  // the re-encoded raster, or the playable twin
)

// Content is an open file.
type Content interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// ErrLost tells that less of a file is there than its row promises.
var ErrLost = errors.New("media: a file is gone or cut off")

// ErrHeld tells that a backup copies files, so none is removed. Rows are gone
// first and Reconcile takes files without a row, so whoever is told this may
// leave it at that.
var ErrHeld = errors.New("media: a backup holds the files")

// Files keeps the bytes, under names made of the attachments' ids alone. What a
// method has done is on disk when it returns. A full disk is NoSpace.
type Files interface {
	// Write puts bytes into an upload at an offset, which must not lie beyond
	// its end: ErrLost. At 0 it begins anew.
	Write(id ID, at int64, data []byte) error
	// Open opens a part for reading; ErrLost when there is none.
	Open(id ID, p Part) (Content, error)
	// Draw stores the preview, in place of an earlier one.
	Draw(id ID, data []byte) error
	// Keep makes the upload the original. Doing it again does nothing.
	Keep(id ID) error
	// Remove removes all parts. What is not there is removed already. ErrHeld
	// while a backup copies files: nothing is removed then.
	Remove(id ID) error
	// Walk calls fn for every file with the attachment it belongs to ("" = it
	// has no name of ours) and when it was last written, until fn fails.
	Walk(fn func(id ID, modified time.Time) error) error
	// Free returns how many bytes the disk has room for.
	Free() (int64, error)
}
