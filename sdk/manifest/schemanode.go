package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds the nesting of a schema.
const maxDepth = 64

// UnmarshalYAML turns YAML into JSON and keeps the order of keys.
func (s *Schema) UnmarshalYAML(node *yaml.Node) error {
	var b bytes.Buffer
	if err := writeJSON(&b, node, 0); err != nil {
		return err
	}
	*s = b.Bytes()
	return nil
}

func writeJSON(b *bytes.Buffer, node *yaml.Node, depth int) error {
	if depth > maxDepth {
		return at(node, "is nested too deeply")
	}
	switch node.Kind {
	case yaml.MappingNode:
		return writeObject(b, node, depth)
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range node.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, item, depth+1); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case yaml.ScalarNode:
		var v any
		if err := node.Decode(&v); err != nil {
			return at(node, err.Error())
		}
		return writeValue(b, node, v)
	case yaml.DocumentNode, yaml.AliasNode:
		return at(node, "aliases have no place in a schema: write it out, or use $defs")
	default:
		return at(node, "is neither a mapping nor a list nor a value")
	}
}

func writeObject(b *bytes.Buffer, node *yaml.Node, depth int) error {
	seen := make(map[string]bool, len(node.Content)/2)
	b.WriteByte('{')
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return at(key, "is no plain key")
		}
		if seen[key.Value] {
			return at(key, fmt.Sprintf("the key %q stands here twice", key.Value))
		}
		seen[key.Value] = true
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeValue(b, key, key.Value); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeJSON(b, node.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeValue(b *bytes.Buffer, node *yaml.Node, v any) error {
	var value bytes.Buffer
	e := json.NewEncoder(&value)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // .inf and .nan
		return at(node, "has no place in JSON")
	}
	b.Write(bytes.TrimSpace(value.Bytes()))
	return nil
}

// at words an error so that problemsOf finds its line.
func at(node *yaml.Node, message string) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %s", node.Line, message)}}
}
