// Package document reads files that people write, in YAML or JSON, into types
// that have their shape in JSON.
package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// Read decodes one document into a pointer to a type with json tags. It refuses
// what is no YAML, has more than one document or none, repeats a key, or has a
// key or a type that the value does not know; the error says where.
func Read(data []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var tree, more any
	switch err := d.Decode(&tree); {
	case errors.Is(err, io.EOF) || err == nil && tree == nil:
		return errors.New("is empty")
	case err != nil:
		return fmt.Errorf("is not valid YAML: %w", err)
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return errors.New("has more than one document")
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return fmt.Errorf("has what JSON cannot say: %w", err)
	}
	j := json.NewDecoder(bytes.NewReader(text))
	j.DisallowUnknownFields()
	err = j.Decode(into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is %s, and should be %s", wrong.Field, wrong.Value, kind(wrong.Type.Kind().String()))
	}
	if err != nil {
		return fmt.Errorf("does not fit: %w", err)
	}
	return nil
}

// kind says a Go kind in words.
func kind(of string) string {
	switch of {
	case "struct", "map":
		return "an object"
	case "slice", "array":
		return "a list"
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "float64", "float32":
		return "a number"
	default:
		return "a whole number"
	}
}
