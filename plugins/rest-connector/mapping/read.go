package mapping

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
)

//go:embed schema.yaml
var schemaSource []byte

// maxFaults bounds how many faults are told at once.
const maxFaults = 30

// Reader reads mappings. It is safe for concurrent use.
type Reader struct {
	schema *schema.Schema
}

// NewReader returns a reader.
func NewReader() (*Reader, error) {
	var raw any
	if err := yaml.Unmarshal(schemaSource, &raw); err != nil {
		return nil, fmt.Errorf("the schema of mappings: %w", err)
	}
	encoded, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("the schema of mappings: %w", err)
	}
	compiled, err := schema.Compile(encoded)
	if err != nil {
		return nil, fmt.Errorf("the schema of mappings: %w", err)
	}
	return &Reader{schema: compiled}, nil
}

// Fault is something wrong in a mapping.
type Fault struct {
	Pointer string // JSON pointer into the document; "" = the whole
	Line    int    // 0 = not known
	Message string
}

// String writes the fault as an administrator reads it.
func (f Fault) String() string {
	s := f.Pointer
	if f.Line > 0 {
		s = strings.TrimSpace(fmt.Sprintf("line %d, %s", f.Line, s))
	}
	if s == "" {
		return f.Message
	}
	return strings.TrimSuffix(s, ",") + ": " + f.Message
}

// Read reads a document in YAML or JSON. With faults, there is no mapping.
func (r *Reader) Read(text []byte) (*Mapping, []Fault) {
	if len(text) > MaxSize {
		return nil, []Fault{{Message: fmt.Sprintf("is larger than %d KiB", MaxSize>>10)}}
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, []Fault{{Message: "is neither YAML nor JSON: " + strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	var raw any
	if err := tree.Decode(&raw); err != nil {
		return nil, []Fault{{Message: strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	encoded, err := json.Marshal(raw)
	if err != nil {
		return nil, []Fault{{Message: "has keys that are not text"}}
	}
	if len(encoded) > 4*MaxSize {
		return nil, []Fault{{Message: "grows too large by its aliases"}}
	}
	var faults []Fault
	for _, p := range r.schema.Validate(encoded) {
		faults = append(faults, Fault{Pointer: p.Pointer, Message: p.Message})
	}
	var m *Mapping
	if len(faults) == 0 {
		m, faults = compile(encoded)
	}
	if len(faults) == 0 {
		return m, nil
	}
	for i := range faults {
		faults[i].Line = lineOf(&tree, faults[i].Pointer)
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return a.Line - b.Line })
	return nil, faults[:min(len(faults), maxFaults)]
}

func compile(encoded []byte) (*Mapping, []Fault) {
	var d document
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&d); err != nil {
		return nil, []Fault{{Message: err.Error()}}
	}
	c := &compiler{}
	m := c.mapping(d)
	return m, c.faults
}

// lineOf returns the line where a pointer leads, or where it stops leading.
func lineOf(tree *yaml.Node, pointer string) int {
	at := tree
	if at.Kind == yaml.DocumentNode && len(at.Content) > 0 {
		at = at.Content[0]
	}
	steps, err := expr.ParsePointer(pointer)
	if err != nil {
		return at.Line
	}
	line := at.Line
	for _, step := range steps {
		if at.Kind == yaml.AliasNode {
			at = at.Alias
		}
		next, where := child(at, step)
		if next == nil {
			return line
		}
		at, line = next, where
	}
	return line
}

func child(at *yaml.Node, step string) (*yaml.Node, int) {
	switch at.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(at.Content); i += 2 {
			if at.Content[i].Value == step {
				return at.Content[i+1], at.Content[i].Line
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(at.Content) {
			return at.Content[i], at.Content[i].Line
		}
	default:
	}
	return nil, 0
}
