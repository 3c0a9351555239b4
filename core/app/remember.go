package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/patchbay-im/patchbay/core/machine"
	"github.com/patchbay-im/patchbay/core/system"
)

// Files of the data folder in which the examination finds what was before. They
// hold nothing that is missed when they are lost.
const (
	backupNote = ".last-backup.json"
	usageNote  = ".disk-usage.json"
)

// backupFact is what backupNote holds: the last backup that was read back whole.
type backupFact struct {
	At        time.Time `json:"at"`
	Name      string    `json:"name"`
	Encrypted bool      `json:"encrypted"`
}

func lastBackup(c Config) *system.Backup {
	var b backupFact
	_ = readNote(dataPath(c, backupNote), &b) // none is known
	return &system.Backup{At: b.At, Name: filepath.Base(b.Name), Encrypted: b.Encrypted}
}

// usage is how much of the disk was in use at a time.
type usage struct {
	At   time.Time `json:"at"`
	Used int64     `json:"used"` // bytes
}

// The disk is looked at so often, and so many looks are kept: two weeks.
const (
	usageEvery = 6 * time.Hour
	usageKept  = 56
	usageShort = 24 * time.Hour // less says nothing of a day
)

// noteUsage keeps how much of the disk is in use, when it is time to.
func noteUsage(c Config, now time.Time) error {
	var all []usage
	_ = readNote(dataPath(c, usageNote), &all) // begins anew
	if n := len(all); n > 0 && now.Sub(all[n-1].At) < usageEvery && !now.Before(all[n-1].At) {
		return nil
	}
	d := machine.Room(c.DataDir)
	if d.Fault != "" {
		return errors.New(d.Fault)
	}
	all = append(all, usage{now.UTC(), d.Total - d.Free})
	return writeNote(dataPath(c, usageNote), all[max(0, len(all)-usageKept):])
}

// growth is how many bytes of the disk were used up a day, and over what time.
func growth(c Config, now time.Time) (perDay int64, since time.Duration) {
	var all []usage
	if readNote(dataPath(c, usageNote), &all) != nil || len(all) < 2 {
		return 0, 0
	}
	first, last := all[0], all[len(all)-1]
	since = last.At.Sub(first.At)
	if since < usageShort || now.Sub(last.At) > usageShort {
		return 0, 0
	}
	return int64(float64(last.Used-first.Used) / since.Hours() * 24), since
}

func readNote(file string, into any) error {
	text, err := os.ReadFile(file) //nolint:gosec // a name of ours
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// writeNote replaces a note at once.
func writeNote(file string, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".note-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", file, err), os.Remove(f.Name()))
	}
	return nil
}
