// Package media is the files that messages carry: what may come in, what it is
// taken for, and who may see it. A file's name and its sender's word about its
// type are never believed.
//
// A file is brought in by an upload, in pieces (Service.Begin, Append). When
// the last piece is there the content decides what it is: an attachment that
// is Ready. It belongs to whoever brought it until one message takes it (Tx),
// in the transaction that saves the message. What no message takes is swept.
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

// State is how far an attachment has come.
type State string

// The states, in the only order in which they follow each other.
const (
	Uploading State = "uploading" // bytes are missing, or not looked at yet
	Ready     State = "ready"     // whole and sniffed; belongs to its uploader
	Taken     State = "taken"     // part of a message
)

// MaxPerMessage is how many attachments one message carries.
const MaxPerMessage = 10

// MaxBrought is how many one carries that a channel brought.
const MaxBrought = 100

// Arrival is how far the bytes of a file have come that a channel named or
// brought. Of what is not Here nobody is given a byte. A Failed one whose bytes
// are here (SHA256 is known) was not scanned; of one whose bytes are not, name,
// type, size and kind are the channel's word.
type Arrival string

// The arrivals.
const (
	Here     Arrival = ""
	Fetching Arrival = "fetching" // the channel is asked for them, again and again
	Failed   Arrival = "failed"   // it is not asked any more, unless somebody wants it
	Gone     Arrival = "gone"     // the far side has them no more
	Scanning Arrival = "scanning" // they are here, and kept back until a scanner has seen them
	Infected Arrival = "infected" // they are here, and kept back for good
)

// State is the arrival as clients know it: ready where there is none.
func (a Attachment) State() string {
	if a.Arrival == Here {
		return "ready"
	}
	return string(a.Arrival)
}

// Renewed is a Failed attachment that is tried again: Scanning when its bytes
// are here, else Fetching.
func (a Attachment) Renewed() Attachment {
	a.Arrival, a.Trouble = Fetching, Trouble{}
	if a.SHA256 != "" {
		a.Arrival = Scanning
	}
	return a
}

// Trouble says why a file is not here.
type Trouble struct {
	Code   string
	Detail string // a sentence for agents
}

// Attachment is a stored file, whole and sniffed, unless its Arrival says otherwise.
type Attachment struct {
	Workspace identity.WorkspaceID
	ID        ID
	Name      string // cleaned, for display only; at most 120 characters
	Type      string // MIME type as sniffed
	Size      int64  // bytes
	Kind      Kind
	Width     int // pixels of an image as it is shown; 0 = unknown
	Height    int
	Duration  time.Duration // of audio and video; 0 = unknown
	Preview   string        // MIME type of what is kept beside the file to be shown: a raster drawn anew, or a sound that browsers play; "" = there is none
	SHA256    string        // of the file, hex
	CreatedAt time.Time
	Role      Role   // of a file that a channel brought
	ContentID string // the HTML of its message shows it under cid:<this>; "" = it does not
	Arrival   Arrival
	Trouble   Trouble // why a file is not here; the zero value where nothing is wrong
	// Ticket opens the bytes to whoever holds it: see Signer. The store signs
	// what it reads; it is stored nowhere and compared by nobody.
	Ticket string
}

// HasPreview reports whether a re-encoded raster, or of Audio a playable twin, is
// kept beside the file.
func (a Attachment) HasPreview() bool { return a.Preview != "" }

// UploaderKind is what kind of party brings a file.
type UploaderKind string

// The kinds of uploaders.
const (
	ByMember  UploaderKind = "member"
	ByVisitor UploaderKind = "visitor"
	ByPlugin  UploaderKind = "plugin" // an inbox or a connection, by what its plugin brings
)

// Role is what a file is to the message that brought it.
type Role string

// The roles. "" = a file among others.
const (
	RoleVoice    Role = "voice"    // a recorded message, not a file that holds sound
	RoleOriginal Role = "original" // the whole message as it came
	RoleEarlier  Role = "earlier"  // the message had it before it was edited or taken back
)

// Brought is a file that a channel brought with a message, or named.
type Brought struct {
	ID        ID
	Role      Role
	ContentID string
	Fetch     Fetch // of one that it named: ID is new then
}

// Fetch is what a channel says of a file that it names by a reference, which is
// "" of one whose bytes it brought.
type Fetch struct {
	Reference string
	Name      string    // as told; "" = not known yet
	Type      string    // as told
	Size      int64     // bytes; 0 = not known yet
	At        time.Time // when the channel is asked first
	Until     time.Time // when it is asked no more
}

// Uploader is who brought a file. Nobody else may give it to a message.
type Uploader struct {
	Kind UploaderKind
	ID   string // of the member, of the visitor session, or of the connection
}

// Place is the message that carries attachments.
type Place struct {
	Conversation string // its id
	Seq          uint64 // of the message's change
}
