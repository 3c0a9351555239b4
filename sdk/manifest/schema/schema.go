// Package schema checks configurations against the JSON Schema (2020-12) of a
// manifest. Regular expressions are RE2, formats are asserted, and nothing is
// fetched: a schema may refer only to itself.
package schema

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Schema is a compiled schema. It is safe for concurrent use.
type Schema struct {
	compiled *jsonschema.Schema
}

// Problem is one fault of a configuration.
type Problem struct {
	Pointer string // JSON pointer (RFC 6901) into the configuration; "" = the whole
	Message string
}

// Compile reads a schema.
func Compile(raw []byte) (*Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("the schema is not JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(nothing{})
	const here = "patchbay:config_schema"
	if err := c.AddResource(here, document); err != nil {
		return nil, fmt.Errorf("add the schema: %w", err)
	}
	compiled, err := c.Compile(here)
	if err != nil {
		return nil, fmt.Errorf("the schema does not compile: %w", err)
	}
	return &Schema{compiled: compiled}, nil
}

// nothing is a loader that loads nothing.
type nothing struct{}

func (nothing) Load(address string) (any, error) {
	return nil, fmt.Errorf("%s: a schema may refer only to itself", address)
}

// Validate returns the faults of a configuration, in the order of their
// pointers; none when it will do.
func (s *Schema) Validate(config []byte) []Problem {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(config))
	if err != nil {
		return []Problem{{Message: "is not JSON: " + err.Error()}}
	}
	err = s.compiled.Validate(value)
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return []Problem{{Message: err.Error()}}
	}
	out := leaves(failed)
	slices.SortStableFunc(out, func(a, b Problem) int { return strings.Compare(a.Pointer, b.Pointer) })
	return slices.Compact(out)
}

// leaves returns the faults at the ends of the tree: what is above them only
// says that there are some.
func leaves(e *jsonschema.ValidationError) []Problem {
	if len(e.Causes) > 0 {
		var out []Problem
		for _, cause := range e.Causes {
			out = append(out, leaves(cause)...)
		}
		return out
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		return each(e.InstanceLocation, k.Missing, "is missing")
	case *kind.AdditionalProperties:
		return each(e.InstanceLocation, k.Properties, "is not known here")
	default:
		return []Problem{{Pointer: pointer(e.InstanceLocation), Message: words(e)}}
	}
}

func each(at, names []string, message string) []Problem {
	out := make([]Problem, len(names))
	for i, name := range names {
		out[i] = Problem{Pointer: pointer(append(slices.Clone(at), name)), Message: message}
	}
	return out
}

func pointer(path []string) string {
	var b strings.Builder
	for _, token := range path {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(token))
	}
	return b.String()
}
