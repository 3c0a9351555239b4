package machine_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/machine"
)

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	d := machine.Disk(dir)
	if d.Fault != "" || d.Total <= 0 || d.Free <= 0 || d.Free > d.Total {
		t.Errorf("%+v", d)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	if d := machine.Disk(filepath.Join(dir, "none")); d.Fault == "" || !d.Absent {
		t.Errorf("a folder that is not there: %+v", d)
	}
	if _, err := os.Stat("/proc/self"); err == nil {
		if d := machine.Disk("/proc"); d.Fault == "" { // nobody may write there
			t.Errorf("/proc: %+v", d)
		}
	}
}

func TestLimits(t *testing.T) {
	l := machine.Limits()
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("this system does not tell")
	}
	if l.Files < 3 || l.MostFiles < l.Files || l.Memory < 1<<20 || l.MostMemory < l.Memory || l.Available <= 0 || l.Goroutines < 1 {
		t.Errorf("%+v", l)
	}
}

func TestWhoMayRead(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for name, mode := range map[string]os.FileMode{"closed": 0o600, "group": 0o640, "all": 0o644} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	files = append(files, filepath.Join(dir, "none"))
	slices.Sort(files)
	names := func(mounted bool) string {
		var out []string
		for _, f := range machine.Open(files, func(string) bool { return mounted }) {
			out = append(out, strings.TrimPrefix(f, dir+"/"))
		}
		return strings.Join(out, ", ")
	}
	if got := names(false); got != "all (-rw-r--r--), group (-rw-r-----)" {
		t.Errorf("of ours: %s", got)
	}
	if got := names(true); got != "all (-rw-r--r--)" {
		t.Errorf("of those mounted for a group: %s", got)
	}
}
