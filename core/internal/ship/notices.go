package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/patchbay-im/patchbay/core/internal/ship/sbom"
)

// notices collects the licences of the modules that programs are made of, as
// most of them ask of whoever passes a binary on.
func notices(ctx context.Context, programs []string) ([]byte, error) {
	modules, _, err := sbom.Modules(programs)
	if err != nil {
		return nil, err
	}
	cache, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("ask where modules lie: %w", err)
	}
	var out bytes.Buffer
	out.WriteString("Patchbay contains the following modules of others, each under its own licence.\n")
	var missing error
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		dir := filepath.Join(strings.TrimSpace(string(cache)), escaped(path)+"@"+escaped(modules[path].Version))
		texts, err := licences(dir)
		if err != nil || len(texts) == 0 {
			missing = errors.Join(missing, fmt.Errorf("%s has no licence in %s: %w", path, dir, err))
			continue
		}
		fmt.Fprintf(&out, "\n%s\n%s %s\n", strings.Repeat("=", 72), path, modules[path].Version)
		for _, text := range texts {
			fmt.Fprintf(&out, "\n%s\n", bytes.TrimSpace(text))
		}
	}
	return out.Bytes(), missing
}

// licences returns the texts in a module's own folder.
func licences(dir string) ([][]byte, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the module is not in the cache: go mod download")
	}
	if err != nil {
		return nil, err
	}
	named := regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|copyright)`)
	var out [][]byte
	for _, e := range entries {
		if !e.Type().IsRegular() || !named.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// escaped writes a module's path or version as the cache does: !a for A.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
