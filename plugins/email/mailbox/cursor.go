package mailbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// place is how far a folder has been read.
type place struct {
	Folder   string    `json:"folder"`
	Validity uint32    `json:"validity"`
	Last     uint32    `json:"last"`           // the UID that was handled last
	Newest   time.Time `json:"newest"`         // when the newest mail that was handled came
	Past     *past     `json:"past,omitempty"` // what of the mail that was there is read
	// Begun is the mail that was handled first in a session, and how often: one
	// that takes the whole process with it must not be tried for ever.
	Begun *begun `json:"begun,omitempty"`
}

// past limits what is read of the mail that was there when a folder was seen for
// the first time, or for the first time under new numbers.
type past struct {
	Until uint32    `json:"until"` // UIDs up to here
	Since time.Time `json:"since"` // that came then or later, by whole days
	Again bool      `json:"again,omitempty"`
}

type begun struct {
	UID   uint32 `json:"uid"`
	Times int    `json:"times"`
}

// overlap is how far back a folder is read again after it was numbered anew.
const overlap = 7 * 24 * time.Hour

// folderKey is the key of a folder's place: of a role by its name, since its
// folder may be renamed; of others by a hash, since names are long.
func folderKey(role Role, name string) string {
	if role != Other {
		return "imap/" + string(role)
	}
	sum := sha256.Sum256([]byte(name))
	return "imap/folder/" + hex.EncodeToString(sum[:12])
}

// load returns a folder's place; nil when it was never read.
func load(ctx context.Context, c Cursors, key string) (*place, error) {
	text, err := c.Load(ctx, key)
	if err != nil || text == nil {
		return nil, kept(err)
	}
	var p place
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, errs.Reject("cursor_damaged", "What was kept of the place in "+key+" cannot be read.").WithCause(err)
	}
	return &p, nil
}

func (p *place) save(ctx context.Context, c Cursors, key string) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return kept(c.Save(ctx, key, text))
}

// kept is the error of who keeps cursors: whatever it is, mail waits.
func kept(err error) error {
	if err == nil {
		return nil
	}
	return errs.Unavailable(err, "The place in the mailbox cannot be read or kept now.")
}
