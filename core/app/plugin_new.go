package app

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/patchbay-im/patchbay/core/scaffold"
)

// NewPlugin is a plugin to begin with.
type NewPlugin struct {
	Name, Dir, Module, Publisher string
	Kinds                        []string
	// Replace is a checkout to build the plugin with. "" = the release of
	// Version; of a program that was built in a checkout, that one.
	Replace string
	Version string
	Out     io.Writer
}

// PluginKinds lists what a plugin can be.
func PluginKinds() []string { return scaffold.Kinds() }

// Write writes its files and says what to do next.
func (n NewPlugin) Write() error {
	if n.Replace == "" && strings.Contains(n.Version, "+") {
		exe, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
		n.Replace = scaffold.FindCheckout(exe)
	}
	made, err := scaffold.New(scaffold.Options{
		Name: n.Name, Kinds: n.Kinds, Dir: n.Dir, Module: n.Module, Publisher: n.Publisher, Version: n.Version, Replace: n.Replace,
	})
	if err != nil {
		return err //nolint:wrapcheck // it says what to do
	}
	dir := made.Dir
	if wd, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(wd, dir); err == nil && !strings.HasPrefix(short, "..") {
			dir = short
		}
	}
	say(n.Out, "%s (%s) is in %s:\n", made.ID, strings.Join(made.Kinds, ", "), dir)
	for _, f := range made.Files {
		say(n.Out, "  %s\n", f)
	}
	if n.Replace != "" {
		say(n.Out, "go.mod builds it with the checkout %s (replace), until there is a release.\n", n.Replace)
	}
	say(n.Out, "Next:\n")
	if dir != "." {
		say(n.Out, "  cd %s\n", dir)
	}
	if !made.Sums {
		say(n.Out, "  go mod tidy\n")
	}
	say(n.Out, "  go test ./...\n  patchbay plugin dev\n")
	return nil
}
