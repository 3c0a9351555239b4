package media

import (
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Upload is an attachment on its way in, or one that has arrived.
type Upload struct {
	Attachment // Name and Size as announced; the rest is told by the content, once it is Ready
	By         Uploader
	State      State
	Received   int64     // bytes that are on disk for certain
	ExpiresAt  time.Time // when it is swept, unless a message takes it
	RemovedAt  time.Time // when its bytes went; zero: they are there
	In         Place     // the message that took it; zero unless Taken
}

// UploadID is the name of an upload: upl_, with the ULID of its attachment.
func UploadID(id ID) string { return "upl" + string(id)[min(len(id), len("att")):] }

// OfUpload returns the attachment that an upload becomes.
func OfUpload(upload string) ID {
	if len(upload) < 4 || upload[:4] != "upl_" {
		return ""
	}
	return ID("att" + upload[3:])
}

// Announcement is what a client says of a file before it sends it.
type Announcement struct {
	Name   string // as the client's system calls it; any text
	Size   int64  // bytes
	SHA256 string // hex; "" = not given. Checked when the file is whole
}

// check refuses what cannot come in at all.
func (a Announcement) check(limit int64) error {
	switch {
	case a.Size < 1:
		return uploadError("empty", "/size", "The file is empty.")
	case a.Size > limit:
		return uploadError("too_large", "/size", "The file is larger than "+InWords(limit)+", which is the most that is taken here.")
	case a.SHA256 != "" && !hexDigest(a.SHA256):
		return uploadError("checksum", "/sha256", "The checksum is not 64 hexadecimal digits in lower case.")
	default:
		return nil
	}
}

func hexDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}

// InWords writes a size for people.
func InWords(bytes int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, " GiB"}, {1 << 20, " MiB"}, {1 << 10, " KiB"}} {
		if bytes >= u.size && bytes%u.size == 0 {
			return strconv.FormatInt(bytes/u.size, 10) + u.name
		}
		if bytes >= u.size {
			return strconv.FormatFloat(float64(bytes)/float64(u.size), 'f', 1, 64) + u.name
		}
	}
	return strconv.FormatInt(bytes, 10) + " bytes"
}

func uploadError(code, pointer, sentence string) error {
	return errs.New(errs.Invalid, "upload."+code, sentence).WithFields(errs.Field{Pointer: pointer, Code: code, Detail: sentence})
}

// wrongOffset tells where an upload goes on.
func wrongOffset(right int64) error {
	return errs.New(errs.Conflict, "upload.offset", "The upload goes on at another place: ask where, and send from there.").
		WithFields(errs.Field{Pointer: "offset", Code: "offset", Detail: strconv.FormatInt(right, 10)})
}

// NoSpace is how a store of files says that the disk is full.
func NoSpace(cause error) error {
	e := errs.Wrap(cause, errs.Unavailable, "upload.no_space", "There is no room for files on the server at the moment. Tell your administrator.")
	e.RetryAfter = time.Minute
	return e
}

// Ref names an attachment over all workspaces.
type Ref struct {
	Workspace identity.WorkspaceID
	ID        ID
}
