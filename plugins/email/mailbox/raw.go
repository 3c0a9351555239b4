package mailbox

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// Role is what a folder is for.
type Role string

// The roles.
const (
	Inbox Role = "inbox"
	Sent  Role = "sent" // what we, or colleagues in other programs, have sent
	Junk  Role = "junk"
	Other Role = "other"
)

// Raw is a mail as the server has it. It is good until Handle returns.
type Raw struct {
	// Key is the mail's own, for this account: the same mail of the same folder
	// has it again, as long as Again is false.
	Key    string
	Folder string
	Role   Role
	At     time.Time // when the server got it; zero = not known (POP3)
	Size   int64     // in bytes, of the whole mail
	// Truncated: the mail is larger than MaxSize, and only its head is here: the
	// headers and the beginning of the first part.
	Truncated bool
	// Again: the server has numbered its mail anew. This one may have been handled
	// under another Key.
	Again bool

	memory []byte
	file   *os.File
	length int64
}

// Open returns the content from its beginning. It may be read by one at a time.
func (r *Raw) Open() io.ReadSeeker {
	if r.file != nil {
		return io.NewSectionReader(r.file, 0, r.length)
	}
	return bytes.NewReader(r.memory)
}

// fill takes the content: in memory up to a size, in a file beyond it; of more
// than most bytes none.
func (r *Raw) fill(from io.Reader, c *Config, most int64) error {
	head, err := io.ReadAll(io.LimitReader(from, min(c.InMemory, most)))
	if err != nil {
		return err
	}
	r.memory, r.length = head, int64(len(head))
	if r.length < min(c.InMemory, most) {
		return nil
	}
	rest := io.LimitReader(from, most-r.length)
	var next [1]byte
	if _, err := io.ReadFull(rest, next[:]); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	if r.file, err = os.CreateTemp(c.SpoolDir, "mail-"); err != nil {
		return unspooled(err)
	}
	r.length, err = io.Copy(r.file, io.MultiReader(bytes.NewReader(head), bytes.NewReader(next[:]), rest))
	r.memory = nil
	if _, ours := errors.AsType[*fs.PathError](err); ours {
		return unspooled(err)
	}
	return err
}

func unspooled(cause error) error {
	return errs.Unavailable(cause, "A mail cannot be put into a file for the moment. Is the disk full?").WithCode("mail_spool")
}

// done lets the content go.
func (r *Raw) done() error {
	r.memory = nil
	if r.file == nil {
		return nil
	}
	err := errors.Join(r.file.Close(), os.Remove(r.file.Name()))
	r.file = nil
	return err
}
