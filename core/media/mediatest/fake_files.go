package mediatest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/media"
)

// FakeFiles keeps bytes in memory. It implements media.Files.
type FakeFiles struct {
	Now  func() time.Time
	Room int64 // what Free answers

	mu    sync.Mutex
	parts map[fakePart]fakeFile
}

type fakePart struct {
	id   media.ID
	part media.Part
}

type fakeFile struct {
	data     []byte
	modified time.Time
}

// NewFakeFiles returns no files, on a disk with much room.
func NewFakeFiles(now func() time.Time) *FakeFiles {
	return &FakeFiles{Now: now, Room: 1 << 40, parts: make(map[fakePart]fakeFile)}
}

func (f *FakeFiles) put(id media.ID, p media.Part, data []byte) {
	f.parts[fakePart{id, p}] = fakeFile{data, f.Now()}
}

// Write implements media.Files.
func (f *FakeFiles) Write(id media.ID, at int64, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	had := f.parts[fakePart{id, media.Incoming}].data
	if at == 0 {
		had = nil
	}
	if int64(len(had)) < at {
		return media.ErrLost
	}
	all := slices.Concat(had[:at], data)
	if len(had) > len(all) {
		all = append(all, had[len(all):]...)
	}
	f.put(id, media.Incoming, all)
	return nil
}

type fakeContent struct{ *bytes.Reader }

func (fakeContent) Close() error { return nil }

// Open implements media.Files.
func (f *FakeFiles) Open(id media.ID, p media.Part) (media.Content, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, ok := f.parts[fakePart{id, p}]
	if !ok {
		return nil, media.ErrLost
	}
	return fakeContent{bytes.NewReader(file.data)}, nil
}

// Draw implements media.Files.
func (f *FakeFiles) Draw(id media.ID, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(id, media.Drawing, bytes.Clone(data))
	return nil
}

// Keep implements media.Files.
func (f *FakeFiles) Keep(id media.ID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if file, ok := f.parts[fakePart{id, media.Incoming}]; ok {
		delete(f.parts, fakePart{id, media.Incoming})
		f.parts[fakePart{id, media.Original}] = file
	} else if _, ok := f.parts[fakePart{id, media.Original}]; !ok {
		return media.ErrLost
	}
	return nil
}

// Remove implements media.Files.
func (f *FakeFiles) Remove(id media.ID) error {
	for _, p := range []media.Part{media.Incoming, media.Original, media.Drawing} {
		f.Lose(id, p)
	}
	return nil
}

// Walk implements media.Files.
func (f *FakeFiles) Walk(fn func(id media.ID, modified time.Time) error) error {
	f.mu.Lock()
	type found struct {
		id       media.ID
		modified time.Time
	}
	var all []found
	for k, file := range f.parts {
		all = append(all, found{k.id, file.modified})
	}
	f.mu.Unlock()
	for _, x := range all {
		if err := fn(x.id, x.modified); err != nil {
			return err
		}
	}
	return nil
}

// Free implements media.Files.
func (f *FakeFiles) Free() (int64, error) { return f.Room, nil }

// Lose takes one part away, as a broken disk does.
func (f *FakeFiles) Lose(id media.ID, p media.Part) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.parts, fakePart{id, p})
}

// Cut leaves n bytes of a part.
func (f *FakeFiles) Cut(id media.ID, p media.Part, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file := f.parts[fakePart{id, p}]
	file.data = file.data[:n]
	f.parts[fakePart{id, p}] = file
}

// Parts lists what there is, as "<attachment> <part>".
func (f *FakeFiles) Parts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for k := range f.parts {
		out = append(out, fmt.Sprint(k.id, " ", k.part))
	}
	slices.Sort(out)
	return out
}
