package workbench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long nothing may change before what has changed is told: editors
// and formatters write in several steps.
const quiet = 200 * time.Millisecond

// Watch tells of changed files below a folder, by slash paths, sorted, each
// time nothing more has changed for a moment. The channel is closed when ctx
// ends. Tests, editors' own files, hidden folders and those of modules and
// builds are left out.
func Watch(ctx context.Context, folder string) (<-chan []string, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", folder, err)
	}
	if err := watchBelow(w, folder, folder); err != nil {
		_ = w.Close() // that is the error already
		return nil, err
	}
	out := make(chan []string)
	go func() {
		defer close(out)
		defer w.Close() //nolint:errcheck // nobody watches any more
		follow(ctx, w, folder, out)
	}()
	return out, nil
}

func follow(ctx context.Context, w *fsnotify.Watcher, folder string, out chan<- []string) {
	var changed []string
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if name, ok := seen(w, folder, e); ok && !slices.Contains(changed, name) {
				changed = append(changed, name)
				timer.Reset(quiet)
			}
		case _, ok := <-w.Errors: // an overflow: something has changed
			if ok {
				changed = append(changed, ".")
				timer.Reset(quiet)
			}
		case <-timer.C:
			changed = slices.DeleteFunc(changed, func(name string) bool { return fleeting(folder, name) })
			slices.Sort(changed)
			if !tell(ctx, out, changed) {
				return
			}
			changed = nil
		}
	}
}

// tell hands what has changed over; false when ctx ended before.
func tell(ctx context.Context, out chan<- []string, changed []string) bool {
	if len(changed) == 0 {
		return true
	}
	select {
	case out <- changed:
		return true
	case <-ctx.Done():
		return false
	}
}

// seen returns the name of what has changed, if it counts. A new folder is
// watched from now on.
func seen(w *fsnotify.Watcher, folder string, e fsnotify.Event) (string, bool) {
	if e.Op == fsnotify.Chmod {
		return "", false
	}
	if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
		_ = watchBelow(w, folder, e.Name) // what is in it is seen with the next change
	}
	name, err := filepath.Rel(folder, e.Name)
	name = filepath.ToSlash(name)
	return name, err == nil && counts(name)
}

// fleeting reports whether a file was there only for a moment: many programs
// write beside a file, under a name of no kind, and then rename.
func fleeting(folder, name string) bool {
	_, err := os.Stat(filepath.Join(folder, filepath.FromSlash(name)))
	return errors.Is(err, fs.ErrNotExist) && filepath.Ext(name) == ""
}

// watchBelow watches a folder and those in it.
func watchBelow(w *fsnotify.Watcher, root, dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil //nolint:nilerr // it went away meanwhile
		}
		if path != root && skipped(d.Name()) {
			return fs.SkipDir
		}
		return w.Add(path)
	})
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	return nil
}

func skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") || slices.Contains([]string{"node_modules", "bin", "vendor", "testdata"}, folder)
}

// counts reports whether a change of a file matters to what is built.
func counts(name string) bool {
	for part := range strings.SplitSeq(filepath.ToSlash(filepath.Dir(name)), "/") {
		if part != "." && skipped(part) {
			return false
		}
	}
	base := filepath.Base(name)
	switch {
	case skipped(base), strings.HasPrefix(base, "#"), strings.HasSuffix(base, "~"), strings.HasSuffix(base, ".swp"), strings.HasSuffix(base, ".tmp"):
		return false
	case strings.HasPrefix(base, "__debug_bin"):
		return false // what a debugger builds
	case base == "4913", strings.HasSuffix(base, "_test.go"), base == "README.md", base == "conformance.yaml":
		return false // vim tries 4913
	}
	return true
}
