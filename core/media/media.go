// Package media is the files that messages carry: what may come in, what it is
// taken for, and who may see it. A file's name and its sender's word about its
// type are never believed.
package media

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// ID names an attachment: att_.
type ID string

// Kind is how clients show an attachment.
type Kind string

// The kinds. Only an Image has a preview that is shown inline, and that one
// was drawn by us.
const (
	Image Kind = "image"
	Audio Kind = "audio"
	Video Kind = "video"
	File  Kind = "file"
)

// Attachment is a stored file.
type Attachment struct {
	Workspace  identity.WorkspaceID
	ID         ID
	Name       string // cleaned, for display only; at most 120 characters
	Type       string // MIME type as sniffed
	Size       int64  // bytes
	Kind       Kind
	Width      int // pixels of an image; 0 = unknown
	Height     int
	Duration   time.Duration // of audio and video; 0 = unknown
	HasPreview bool          // a re-encoded raster is kept beside the file
	SHA256     string        // of the file, hex
	CreatedAt  time.Time
}
