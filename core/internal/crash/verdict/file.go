package verdict

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is a file that the server has acknowledged as whole.
type File struct {
	Client   string
	ID       string // of the attachment
	Size     int64
	SHA256   string
	ClientID string // of the message that carries it; "" = none
	// Conversation of that message.
	Conversation string
}

// Attachment is a row of attachment.
type Attachment struct {
	ID, State, SHA256, Preview string
	Size, Received             int64
	Conversation               string // of the message that took it
	Seq                        uint64
}

// Stored is a file on disk.
type Stored struct {
	Attachment string
	Part       string // incoming, original or preview
	Size       int64
	SHA256     string
}

// ReadFiles reads the folder of attachments into the snapshot.
func (s *Snapshot) ReadFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name := e.Name()
		f := Stored{Attachment: strings.TrimSuffix(strings.TrimSuffix(name, ".part"), ".preview"), Part: "original"}
		switch {
		case filepath.Base(filepath.Dir(path)) == "incoming":
			f.Part = "incoming"
		case strings.HasSuffix(name, ".preview"):
			f.Part = "preview"
		}
		f.Size, f.SHA256, err = digest(path)
		s.Files = append(s.Files, f)
		return err
	})
}

func digest(path string) (size int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", fmt.Errorf("open a file: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return 0, "", fmt.Errorf("read %s: %w", path, err)
	}
	return size, hex.EncodeToString(h.Sum(nil)), nil
}

func (s *Snapshot) readAttachments(r *reader) {
	var a Attachment
	r.each(`SELECT attachment_id, state, sha256, preview, size, received, conversation_id, message_seq FROM attachment`,
		[]any{&a.ID, &a.State, &a.SHA256, &a.Preview, &a.Size, &a.Received, &a.Conversation, &a.Seq},
		func() { s.Attachments = append(s.Attachments, a) })
}

// files checks I14.
func (r *Report) files(s *Snapshot, messages map[key][]Message, e Evidence) {
	rows := make(map[string]Attachment, len(s.Attachments))
	for _, a := range s.Attachments {
		rows[a.ID] = a
	}
	disk := make(map[string]Stored, len(s.Files))
	for _, f := range s.Files {
		disk[f.Part+" "+f.Attachment] = f
		if _, ok := rows[f.Attachment]; !ok {
			r.add(Files, "the %s of %s lies on the disk and has no row", f.Part, f.Attachment)
		}
	}
	for _, a := range s.Attachments {
		r.attachment(s, a, disk)
	}
	for _, f := range e.Files {
		a, ok := rows[f.ID]
		if !ok || a.State == "uploading" || a.Size != f.Size || a.SHA256 != f.SHA256 {
			r.add(Files, "%s: %s of %d bytes was acknowledged and is stored as %+v", f.Client, f.ID, f.Size, a)
		}
		r.carried(f, a, messages)
	}
}

// attachment compares a row with the disk and with the message that took it.
func (r *Report) attachment(s *Snapshot, a Attachment, disk map[string]Stored) {
	if a.State == "uploading" {
		f := disk["incoming "+a.ID]
		if whole := disk["original "+a.ID]; f.Size < a.Received && whole.Size < a.Received {
			r.add(Files, "%d bytes of %s were acknowledged, %d are there", a.Received, a.ID, f.Size)
		}
		return
	}
	if f := disk["original "+a.ID]; f.Size != a.Size || f.SHA256 != a.SHA256 {
		r.add(Files, "%s is stored as %d bytes of %s, on the disk are %d of %s", a.ID, a.Size, a.SHA256, f.Size, f.SHA256)
	}
	if a.Preview != "" && disk["preview "+a.ID].Size == 0 {
		r.add(Files, "%s has lost its preview", a.ID)
	}
	if a.State != "taken" {
		return
	}
	for _, m := range s.of(a.Conversation).Messages {
		if m.Seq == a.Seq {
			return
		}
	}
	r.add(Files, "%s was taken by message %d of %s, which is not there", a.ID, a.Seq, a.Conversation)
}

// carried checks that a file went with its message, and with no other.
func (r *Report) carried(f File, a Attachment, messages map[key][]Message) {
	for k, found := range messages {
		if f.ClientID == "" || k.conversation != f.Conversation || k.clientID != f.ClientID {
			continue
		}
		if a.State != "taken" || a.Conversation != f.Conversation || a.Seq != found[0].Seq {
			r.add(Files, "%s: message %s at %d carries %s, which says %+v", f.Client, f.ClientID, found[0].Seq, f.ID, a)
		}
		return
	}
	if a.State == "taken" {
		r.add(Files, "%s: %s was taken by a message that nobody sent", f.Client, f.ID)
	}
}
