package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxSize bounds a manifest, in bytes.
const maxSize = 1 << 20

// Problem is one fault of a manifest.
type Problem struct {
	Line    int // from 1; 0 = the whole file
	Message string
}

// Error is a manifest that is not accepted.
type Error struct {
	File     string
	Problems []Problem
}

// Error lists the problems, one on each line, as compilers do:
// "plugin.yaml:12: unknown key ...".
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		if p.Line > 0 {
			lines[i] = e.File + ":" + strconv.Itoa(p.Line) + ": " + p.Message
		} else {
			lines[i] = e.File + ": " + p.Message
		}
	}
	return strings.Join(lines, "\n")
}

// Read reads and checks a manifest file.
func Read(path string) (Manifest, error) {
	f, err := os.Open(path) //nolint:gosec // the caller's choice
	if err != nil {
		return Manifest{}, fmt.Errorf("open the manifest: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return Manifest{}, fmt.Errorf("read the manifest: %w", err)
	}
	return Parse(filepath.Base(path), data)
}

// Parse reads and checks a manifest, YAML or JSON; file is its name in
// messages. A refused manifest comes back as *Error with every fault found.
func Parse(file string, data []byte) (Manifest, error) {
	if len(data) > maxSize {
		return Manifest{}, &Error{File: file, Problems: []Problem{{Message: "is larger than 1 MiB"}}}
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return Manifest{}, &Error{File: file, Problems: problemsOf(err)}
	}
	if len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		return Manifest{}, &Error{File: file, Problems: []Problem{{Message: "is not a mapping of keys to values"}}}
	}
	var m Manifest
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil {
		return Manifest{}, &Error{File: file, Problems: problemsOf(err)}
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Manifest{}, &Error{File: file, Problems: []Problem{{Message: "holds more than one document"}}}
	}
	c := checker{root: root.Content[0]}
	c.manifest(m)
	if len(c.problems) > 0 {
		return Manifest{}, &Error{File: file, Problems: c.problems}
	}
	return m, nil
}

// Encode returns the manifest as plugin.json: the same bytes for the same
// manifest, so that it can be signed.
func Encode(m Manifest) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	return b.Bytes(), nil
}

// problemsOf reads the line numbers out of the YAML parser's messages.
func problemsOf(err error) []Problem {
	messages := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if typed, ok := errors.AsType[*yaml.TypeError](err); ok {
		messages = typed.Errors
	}
	atLine := regexp.MustCompile(`^line (\d+): (?s)(.*)$`)
	unknown := regexp.MustCompile(`^field (\S+) not found in type \S+$`)
	out := make([]Problem, 0, len(messages))
	for _, message := range messages {
		p := Problem{Message: message}
		if found := atLine.FindStringSubmatch(message); found != nil {
			p.Line, _ = strconv.Atoi(found[1])
			p.Message = found[2]
		}
		if found := unknown.FindStringSubmatch(p.Message); found != nil {
			p.Message = fmt.Sprintf("unknown key %q: check its spelling and where it stands", found[1])
		}
		out = append(out, p)
	}
	return out
}
