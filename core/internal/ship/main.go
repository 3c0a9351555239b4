// Command ship makes what is released, from this tree and nothing else:
//
//	go run ./core/internal/ship -version 0.1.0 -builder bin/patchbay -plugins plugins/webchat -out dist image archives
//
// image: container images on an empty base for two architectures, as an OCI
// layout and as archives to load. archives: a binary with its plugins for each
// system, and the Helm chart. Beside them SBOMs and checksums. The same tree, version and Go give
// the same bytes; SOURCE_DATE_EPOCH is the time of everything inside.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/ship/pack"
)

// ship is one run.
type ship struct {
	version string // semantic, with what it was built from after a +
	out     string // folder for what is made
	work    string // folder for what it is made of
	builder string // a patchbay that runs here: it builds plugins
	plugins []string
	at      time.Time
	only    string // architecture; "" = all

	made []string // names in out
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ship: "+err.Error())
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

func run(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("ship", flag.ContinueOnError)
	s := ship{}
	fs.StringVar(&s.version, "version", "", "semantic version of what is made")
	fs.StringVar(&s.out, "out", "dist", "folder to write to")
	fs.StringVar(&s.builder, "builder", "bin/patchbay", "a patchbay that runs on this machine")
	fs.StringVar(&s.only, "arch", "", "one architecture instead of all")
	plugins := fs.String("plugins", "", "folders of the plugins that ship, with commas between")
	snapshot := fs.Bool("snapshot", false, "not for publication: a version that names no release is accepted")
	if err := fs.Parse(args); err != nil {
		return err
	}
	s.plugins = strings.FieldsFunc(*plugins, func(r rune) bool { return r == ',' })
	if err := releasable(s.version, *snapshot); err != nil {
		return err
	}
	var err error
	if s.at, err = sourceTime(os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return fmt.Errorf("make the folder to write to: %w", err)
	}
	if s.work, err = os.MkdirTemp("", "patchbay-ship-"); err != nil {
		return fmt.Errorf("make a folder to work in: %w", err)
	}
	defer os.RemoveAll(s.work) //nolint:errcheck // temporary
	return s.make(ctx, fs.Args())
}

// releasable refuses a version that must not be published: one that was built
// from something nobody can look up.
func releasable(version string, snapshot bool) error {
	release, build, _ := strings.Cut(version, "+")
	const parts = 3
	if n := strings.SplitN(release, ".", parts); len(n) != parts {
		return fmt.Errorf("-version %q is no semantic version", version)
	}
	if !snapshot && build != "" {
		return fmt.Errorf("%q was built from %s, which is no release. Build from a clean tree with VERSION=%s, or say -snapshot", version, build, release)
	}
	return nil
}

// sourceTime is the time in what is made: the commit's, as reproducible builds
// pass it, or the beginning of time.
func sourceTime(epoch string) (time.Time, error) {
	if epoch == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	n, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH %q is not a number of seconds", epoch)
	}
	return time.Unix(n, 0).UTC(), nil
}

func (s *ship) make(ctx context.Context, what []string) error {
	if len(what) == 0 {
		return errors.New("say what to make: image, archives or both")
	}
	for _, w := range what {
		var err error
		switch w {
		case "image":
			err = s.images(ctx)
		case "archives":
			err = s.archives(ctx)
		default:
			err = fmt.Errorf("%q is neither image nor archives", w)
		}
		if err != nil {
			return err
		}
	}
	sums, err := pack.Checksums(s.out, s.made)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("patchbay-%s-checksums.txt", s.fileVersion())
	if err := os.WriteFile(filepath.Join(s.out, name), sums, 0o644); err != nil {
		return fmt.Errorf("write the checksums: %w", err)
	}
	fmt.Printf("%s", sums)
	return nil
}

// fileVersion is the version as names of files and tags of images may have it.
func (s *ship) fileVersion() string { return strings.ReplaceAll(s.version, "+", "_") }

// create writes a file of the release.
func (s *ship) create(name string, write func(*os.File) error) (err error) {
	f, err := os.Create(filepath.Join(s.out, name))
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s.made = append(s.made, name)
	return write(f)
}
