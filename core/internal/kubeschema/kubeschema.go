// Package kubeschema turns what Kubernetes publishes about its objects, its
// OpenAPI 2 document and custom resource definitions, into one strict JSON
// schema for each kind: a field that is not described is an error. kubeconform
// reads them where no internet is.
//
// A schema says what a field is, not what is sensible: a request above its
// limit passes here and is refused by an API server. Both layers are tested.
package kubeschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Schemas are JSON schemas by the name kubeconform asks for:
// <kind>[-<first part of the group>]-<version>.json, in lower case.
type Schemas map[string][]byte

const metadata = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

// object is a JSON object of a document that is not ours.
type object = map[string]any

// converter resolves references within one document.
type converter struct{ definitions object }

// FromOpenAPI converts the kinds of an OpenAPI 2 document (Kubernetes'
// api/openapi-spec/swagger.json).
func FromOpenAPI(document []byte) (Schemas, error) {
	c, err := parse(document)
	if err != nil {
		return nil, err
	}
	out := Schemas{}
	for _, name := range slices.Sorted(maps.Keys(c.definitions)) {
		definition, _ := c.definitions[name].(object)
		kinds, _ := definition["x-kubernetes-group-version-kind"].([]any)
		if len(kinds) != 1 { // options of deletion and the like belong to every group
			continue
		}
		k, _ := kinds[0].(object)
		if err := out.add(c.convert(definition, []string{name}), text(k["group"]), text(k["version"]), text(k["kind"])); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the OpenAPI document describes no kind")
	}
	return out, nil
}

func parse(document []byte) (*converter, error) {
	var d struct {
		Definitions object `json:"definitions"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	return &converter{d.Definitions}, nil
}

// definition is what is read of a custom resource definition.
type definition struct {
	Kind string
	Spec struct {
		Group string
		Names struct{ Kind string }

		Versions []struct {
			Name   string
			Served bool
			Schema struct {
				OpenAPI object `yaml:"openAPIV3Schema"`
			}
		}
	}
}

// FromCRDs converts the served versions of the custom resource definitions in
// a YAML stream; other documents in it are passed over. openapi is Kubernetes'
// own document, which describes the metadata of objects.
func FromCRDs(stream io.Reader, openapi []byte) (Schemas, error) {
	c, err := parse(openapi)
	if err != nil {
		return nil, err
	}
	out := Schemas{}
	for d := yaml.NewDecoder(stream); ; {
		var def definition
		err := d.Decode(&def)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the custom resource definitions: %w", err)
		}
		if def.Kind != "CustomResourceDefinition" {
			continue
		}
		if err := c.versions(def, out); err != nil {
			return nil, err
		}
	}
}

func (c *converter) versions(def definition, out Schemas) error {
	for _, v := range def.Spec.Versions {
		properties, ok := v.Schema.OpenAPI["properties"].(object)
		if !ok || !v.Served {
			continue
		}
		properties["metadata"] = object{"$ref": "#/definitions/" + metadata}
		if err := out.add(c.convert(v.Schema.OpenAPI, nil), def.Spec.Group, v.Name, def.Spec.Names.Kind); err != nil {
			return err
		}
	}
	return nil
}

// add files a schema under its name and fixes what its objects call themselves.
func (s Schemas) add(schema object, group, version, kind string) error {
	apiVersion, suffix := version, "-"+version
	if group != "" {
		first, _, _ := strings.Cut(group, ".")
		apiVersion, suffix = group+"/"+version, "-"+first+"-"+version
	}
	if p, ok := schema["properties"].(object); ok {
		p["apiVersion"] = object{"enum": []string{apiVersion}}
		p["kind"] = object{"enum": []string{kind}}
		schema["required"] = union(schema["required"], "apiVersion", "kind", "metadata")
	}
	encoded, err := json.Marshal(schema)
	if err != nil {
		return fmt.Errorf("encode the schema of %s: %w", kind, err)
	}
	s[strings.ToLower(kind+suffix)+".json"] = encoded
	return nil
}

func union(list any, more ...string) []string {
	all, _ := list.([]any)
	for _, v := range all {
		more = append(more, text(v))
	}
	slices.Sort(more)
	return slices.Compact(more)
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
