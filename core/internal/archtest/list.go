package archtest

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// List finds every package of the module that lies in the folder root, with
// what it imports under any build tag and on any system. It reads the files
// itself instead of asking the go command, so that the test cache knows when
// the answer may have changed.
func List(root, module string) ([]Package, error) {
	all := build.Default
	all.UseAllFiles = true // a violation behind a build tag is one too
	var out []Package
	err := filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case dir != root && (skipped(entry.Name()) || ownModule(dir)):
			return filepath.SkipDir
		}
		found, err := all.ImportDir(dir, 0)
		if noGo := (*build.NoGoError)(nil); errors.As(err, &noGo) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		below, err := filepath.Rel(root, dir)
		if err != nil {
			return err
		}
		out = append(out, Package{
			Path:    path.Join(module, filepath.ToSlash(below)),
			Imports: found.Imports,
			Tests:   slices.Compact(slices.Sorted(slices.Values(slices.Concat(found.TestImports, found.XTestImports)))),
		})
		return nil
	})
	return out, err
}

// ownModule reports whether a folder is a module of its own, as that of the
// alerts' tests is: nothing of it is in what ships.
func ownModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// skipped names the folders that the go command does not look into.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules"
}
