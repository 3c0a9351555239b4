package program_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/program"
)

// folder is where files of attachments lie.
type folder string

func (f folder) Path(id media.ID, p media.Part) (string, error) {
	return filepath.Join(string(f), string(id)+"."+string(p)), nil
}

func (f folder) put(t *testing.T, id media.ID, text string) {
	t.Helper()
	path, _ := f.Path(id, media.Original)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// script is a command that runs lines of a shell; "$1" is the file.
func script(lines string, timeout time.Duration, atOnce int) program.Command {
	return program.Command{Argv: []string{"sh", "-c", lines, "scanner"}, Timeout: timeout, AtOnce: atOnce}
}

func TestWhatAScannerSays(t *testing.T) {
	files := folder(t.TempDir())
	files.put(t, "att_1", "EICAR")
	for name, c := range map[string]struct {
		lines    string
		infected bool
		finding  string
		failed   string
	}{
		"clean":          {lines: "echo fine", finding: ""},
		"infected":       {lines: `grep -q EICAR "$1" && echo "$1: Eicar-Test-Signature FOUND" && exit 1`, infected: true, finding: "Eicar-Test-Signature FOUND"},
		"nothing said":   {lines: "exit 1", infected: true},
		"not plain":      {lines: `printf '\n\033[31m\342\200\256bad\tname\377\033[0m\nmore\n'; exit 1`, infected: true, finding: "[31m bad name [0m"},
		"far too much":   {lines: "yes x | tr -d '\\n' | head -c 100000; exit 1", infected: true, finding: strings.Repeat("x", 199) + "…"},
		"no verdict":     {lines: "echo 'ERROR: no daemon' >&2; exit 2", failed: "ended with 2: ERROR: no daemon"},
		"killed":         {lines: "kill -9 $$", failed: "-1"},
		"our secrets":    {lines: `test -z "$PATCHBAY_ADMIN_PASSWORD"`},
		"children of it": {lines: "sleep 600 & sleep 600", failed: "did not end within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATCHBAY_ADMIN_PASSWORD", "hunter2")
			timeout := time.Minute
			if strings.Contains(c.failed, "within") {
				timeout = 200 * time.Millisecond
			}
			v, err := program.NewScanner(script(c.lines, timeout, 1), files).Scan(t.Context(), "att_1", media.Original)
			if c.failed != "" {
				if err == nil || !strings.Contains(err.Error(), c.failed) {
					t.Fatalf("%+v, %v", v, err)
				}
				return
			}
			if err != nil || v.Infected != c.infected || v.Finding != c.finding {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

func TestAScannerThatIsNotThere(t *testing.T) {
	s := program.NewScanner(program.Command{Argv: []string{"/nowhere/scanner"}, Timeout: time.Minute, AtOnce: 1}, folder(t.TempDir()))
	if v, err := s.Scan(t.Context(), "att_1", media.Original); err == nil || v.Infected {
		t.Errorf("%+v, %v", v, err)
	}
}

// So many run at a time, and who waits may give up.
func TestScannersAtATime(t *testing.T) {
	files := folder(t.TempDir())
	began := filepath.Join(string(files), "began")
	gate := filepath.Join(string(files), "gate")
	s := program.NewScanner(script(`echo x >> `+began+`; while [ ! -e `+gate+` ]; do sleep 0.05; done`, time.Minute, 2), files)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if _, err := s.Scan(t.Context(), "att_1", media.Original); err != nil {
				t.Error(err)
			}
		})
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if b, _ := os.ReadFile(began); len(b) == 4 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("two do not run")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Scan(ctx, "att_1", media.Original); err == nil {
		t.Error("a third one ran")
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	all.Wait()
}

func TestTry(t *testing.T) {
	for lines, want := range map[string]string{`test -f "$1"`: "", "exit 1": "harmless", "exit 2": "ended with 2"} {
		err := program.Try(t.Context(), script(lines, time.Minute, 1))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", lines, err)
		}
	}
	if err := program.Try(t.Context(), program.Command{Argv: []string{"no-such-scanner"}, Timeout: time.Minute}); err == nil {
		t.Error("it is not there")
	}
}
