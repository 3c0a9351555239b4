package scaffold

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Module is the one that plugins in Go import.
const Module = "github.com/patchbay-im/patchbay"

// linked names the modules that a plugin and its tests are made of, beside the
// SDK's. Their versions are the checkout's. A test builds every kind of plugin
// with these and no others.
func linked() []string {
	return []string{
		"github.com/Masterminds/semver/v3",
		"github.com/fatih/color",
		"github.com/golang/protobuf",
		"github.com/hashicorp/go-hclog",
		"github.com/hashicorp/go-plugin",
		"github.com/hashicorp/yamux",
		"github.com/mattn/go-colorable",
		"github.com/mattn/go-isatty",
		"github.com/oklog/run",
		"github.com/santhosh-tekuri/jsonschema/v6",
		"go.yaml.in/yaml/v3",
		"golang.org/x/net",
		"golang.org/x/sys",
		"golang.org/x/text",
		"google.golang.org/genproto/googleapis/rpc",
		"google.golang.org/grpc",
		"google.golang.org/protobuf",
	}
}

// FindCheckout returns the checkout that a program was built in: the folder
// above it that holds the module; "" = there is none.
func FindCheckout(program string) string {
	if target, err := filepath.EvalSymlinks(program); err == nil {
		program = target
	}
	for dir := filepath.Dir(program); ; dir = filepath.Dir(dir) {
		if checkout(dir) == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// checkout says why a folder is no checkout; nil when it is one.
func checkout(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod")) //nolint:gosec // the author's own machine
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no go.mod: --replace names a checkout of Patchbay", dir)
	}
	if err != nil {
		return fmt.Errorf("read the checkout: %w", err)
	}
	if first, _, _ := bytes.Cut(data, []byte("\n")); strings.TrimSpace(string(first)) != "module "+Module {
		return fmt.Errorf("%s holds %q, not Patchbay: --replace names a checkout of %s", dir, strings.TrimSpace(string(first)), Module)
	}
	return nil
}

// module adds go.mod, and go.sum where a checkout says what is in it.
func (p plugin) module(files map[string][]byte) error {
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n\ngo %s\n\nrequire %s %s\n", p.Module, goVersion, Module, p.Version)
	if p.Replace == "" {
		files["go.mod"] = []byte(b.String())
		return nil
	}
	dir, err := filepath.Abs(p.Replace)
	if err != nil {
		return fmt.Errorf("find the checkout %s: %w", p.Replace, err)
	}
	if err := checkout(dir); err != nil {
		return err
	}
	wanted, err := required(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "\nrequire (\n%s)\n\n// Until there is a release.\nreplace %s => %s\n", wanted, Module, quoted(dir))
	files["go.mod"] = []byte(b.String())
	files["go.sum"], err = sums(dir)
	return err
}

// goVersion is that of the SDK's own go.mod; a test compares.
const goVersion = "1.26.0"

// quoted writes a path as go.mod has it.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t\"'`(),[]") {
		return fmt.Sprintf("%q", path)
	}
	return path
}

// required returns the lines of go.mod for what is linked.
func required(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod")) //nolint:gosec // the author's own machine
	if err != nil {
		return "", fmt.Errorf("read the checkout: %w", err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		if len(words) >= 2 && slices.Contains(linked(), words[0]) {
			out = append(out, fmt.Sprintf("\t%s %s // indirect\n", words[0], words[1]))
		}
	}
	slices.Sort(out)
	return strings.Join(out, ""), nil
}

// sums returns the lines of go.sum for what is linked.
func sums(dir string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, "go.sum")) //nolint:gosec // as above
	if err != nil {
		return nil, fmt.Errorf("read the checkout: %w", err)
	}
	var b bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		if name, _, ok := strings.Cut(lines.Text(), " "); ok && slices.Contains(linked(), name) {
			b.WriteString(lines.Text() + "\n")
		}
	}
	return b.Bytes(), lines.Err()
}
