package mediatest

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/media"
)

// RunFiles holds a store of bytes to media.Files. again opens the same store
// anew, as after a restart.
func RunFiles(t *testing.T, fresh func(t *testing.T) (files media.Files, again func() media.Files)) {
	t.Helper()
	for name, test := range map[string]func(*shelf){
		"an upload grows and is kept":       grows,
		"bytes are written over":            overwrites,
		"at its beginning it begins anew":   anew,
		"a gap is refused":                  gap,
		"a preview is replaced":             redraws,
		"keeping again does nothing":        keepsTwice,
		"removing takes everything":         removes,
		"walking finds every attachment":    walks,
		"what is no id reaches nothing":     noID,
		"what is there outlives a restart":  reopens,
		"the disk has room, and it is told": room,
	} {
		t.Run(name, func(t *testing.T) {
			files, again := fresh(t)
			test(&shelf{T: t, Files: files, again: again, ids: id.NewSource(time.Now)})
		})
	}
}

type shelf struct {
	*testing.T
	media.Files
	again func() media.Files
	ids   id.Source
}

func (s *shelf) id() media.ID { return media.ID(s.ids.New("att")) }

func (s *shelf) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// holds checks what a part holds; nil = there is none.
func (s *shelf) holds(id media.ID, p media.Part, want []byte) {
	s.Helper()
	f, err := s.Open(id, p)
	if want == nil {
		if !errors.Is(err, media.ErrLost) {
			s.Errorf("%s: there is one, or %v", p, err)
		}
		return
	}
	s.ok(err)
	defer func() { _ = f.Close() }()
	got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil || !bytes.Equal(got, want) {
		s.Errorf("%s holds %q, %v; want %q", p, got, err, want)
	}
}

func grows(s *shelf) {
	a := s.id()
	s.ok(s.Write(a, 0, []byte("one ")))
	s.ok(s.Write(a, 4, []byte("two")))
	s.holds(a, media.Incoming, []byte("one two"))
	s.holds(a, media.Original, nil)
	s.ok(s.Keep(a))
	s.holds(a, media.Incoming, nil)
	s.holds(a, media.Original, []byte("one two"))
	s.holds(a, media.Drawing, nil)
}

func anew(s *shelf) {
	a := s.id()
	s.ok(s.Write(a, 0, []byte("much more")))
	s.ok(s.Write(a, 0, []byte("less")))
	s.holds(a, media.Incoming, []byte("less"))
}

func overwrites(s *shelf) {
	a := s.id()
	s.ok(s.Write(a, 0, []byte("one torn")))
	s.ok(s.Write(a, 4, []byte("two ")))
	s.holds(a, media.Incoming, []byte("one two "))
	s.ok(s.Write(a, 4, []byte("TW")))
	s.holds(a, media.Incoming, []byte("one TWo "))
}

func gap(s *shelf) {
	a := s.id()
	if err := s.Write(a, 1, []byte("x")); !errors.Is(err, media.ErrLost) {
		s.Errorf("behind nothing: %v", err)
	}
	s.ok(s.Write(a, 0, []byte("x")))
	if err := s.Write(a, 2, []byte("x")); !errors.Is(err, media.ErrLost) {
		s.Errorf("behind the end: %v", err)
	}
	s.holds(a, media.Incoming, []byte("x"))
}

func redraws(s *shelf) {
	a := s.id()
	s.ok(s.Draw(a, []byte("a long one")))
	s.ok(s.Draw(a, []byte("short")))
	s.holds(a, media.Drawing, []byte("short"))
}

func keepsTwice(s *shelf) {
	a := s.id()
	if err := s.Keep(a); !errors.Is(err, media.ErrLost) {
		s.Errorf("nothing was kept: %v", err)
	}
	s.ok(s.Write(a, 0, []byte("x")))
	s.ok(s.Keep(a))
	s.ok(s.Keep(a))
	s.holds(a, media.Original, []byte("x"))
}

func removes(s *shelf) {
	a, b := s.id(), s.id()
	s.ok(s.Remove(a))
	s.ok(s.Write(a, 0, []byte("x")))
	s.ok(s.Draw(a, []byte("y")))
	s.ok(s.Keep(a))
	s.ok(s.Write(a, 0, []byte("z")))
	s.ok(s.Write(b, 0, []byte("b")))
	s.ok(s.Remove(a))
	s.ok(s.Remove(a))
	for _, p := range []media.Part{media.Incoming, media.Original, media.Drawing} {
		s.holds(a, p, nil)
	}
	s.holds(b, media.Incoming, []byte("b"))
}

func walks(s *shelf) {
	a, b := s.id(), s.id()
	s.ok(s.Write(a, 0, []byte("x")))
	s.ok(s.Draw(b, []byte("y")))
	s.ok(s.Write(b, 0, []byte("z")))
	s.ok(s.Keep(b))
	times := map[media.ID]int{}
	s.ok(s.Walk(func(id media.ID, modified time.Time) error {
		times[id]++
		if age := time.Since(modified); age > time.Hour || age < -time.Hour {
			s.Errorf("%s is %v old", id, age)
		}
		return nil
	}))
	if len(times) != 2 || times[a] != 1 || times[b] != 2 {
		s.Errorf("walked over %v", times)
	}
	stop := errors.New("stop")
	if err := s.Walk(func(media.ID, time.Time) error { return stop }); !errors.Is(err, stop) {
		s.Errorf("a walk that is stopped: %v", err)
	}
}

func noID(s *shelf) {
	for _, bad := range []media.ID{"", "att_", "../../etc/passwd", "att_../../x", "upl_01JD3X4Z5Y6W7V8T9S0R1Q2P3N", "att_01JD3X4Z5Y6W7V8T9S0R1Q2P3N/.."} {
		if f, err := s.Open(bad, media.Original); err == nil {
			_ = f.Close()
			s.Errorf("%q was opened", bad)
		}
	}
}

func reopens(s *shelf) {
	a, b := s.id(), s.id()
	s.ok(s.Write(a, 0, []byte("half")))
	s.ok(s.Write(b, 0, []byte("whole")))
	s.ok(s.Draw(b, []byte("drawn")))
	s.ok(s.Keep(b))
	s.Files = s.again()
	s.holds(a, media.Incoming, []byte("half"))
	s.holds(b, media.Original, []byte("whole"))
	s.holds(b, media.Drawing, []byte("drawn"))
	s.ok(s.Write(a, 4, []byte("+")))
	s.ok(s.Keep(a))
	s.holds(a, media.Original, []byte("half+"))
}

func room(s *shelf) {
	if free, err := s.Free(); err != nil || free < 1<<20 {
		s.Errorf("free: %d, %v", free, err)
	}
}
