package kubeschema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/kubeschema"
)

// document describes one kind as Kubernetes does: references, a quantity, a
// port that may have a name, a map, and a definition inside itself.
const document = `{"definitions": {
  "io.k8s.api.apps.v1.Thing": {
    "type": "object", "required": ["spec"],
    "properties": {
      "apiVersion": {"type": "string"}, "kind": {"type": "string"},
      "metadata": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
      "spec": {"type": "object", "properties": {
        "size": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity"},
        "port": {"type": "string", "format": "int-or-string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "tree": {"$ref": "#/definitions/Tree"}}}},
    "x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Thing"}]},
  "Tree": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/definitions/Tree"}}}},
  "Common": {"type": "object", "x-kubernetes-group-version-kind": [{"kind": "A"}, {"kind": "B"}]},
  "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"},
  "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": {"type": "object", "properties": {"name": {"type": "string"}}}
}}`

func TestKindsAreStrict(t *testing.T) {
	got, err := kubeschema.FromOpenAPI([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("%d schemas, not one: what belongs to every group is no kind", len(got))
	}
	equal(t, got["thing-apps-v1.json"], `{
	  "type": "object", "required": ["apiVersion", "kind", "metadata", "spec"], "additionalProperties": false,
	  "properties": {
	    "apiVersion": {"enum": ["apps/v1"]}, "kind": {"enum": ["Thing"]},
	    "metadata": {"type": "object", "additionalProperties": false, "properties": {"name": {"type": "string"}}},
	    "spec": {"type": "object", "additionalProperties": false, "properties": {
	      "size": {"type": ["string", "number"]}, "port": {"type": ["string", "integer"]},
	      "labels": {"type": "object", "additionalProperties": {"type": "string"}},
	      "tree": {"type": "object", "additionalProperties": false, "properties": {"children": {"type": "array", "items": {}}}}}}}}`)
}

const definitions = `
kind: Note
---
kind: CustomResourceDefinition
spec:
  group: example.com
  names: {kind: Route}
  versions:
    - {name: v1alpha1, served: false, schema: {openAPIV3Schema: {properties: {spec: {type: object}}}}}
    - name: v1
      served: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            metadata: {type: object}
            spec:
              type: object
              properties:
                port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: string}}}
`

func TestServedVersionsOfCustomResources(t *testing.T) {
	got, err := kubeschema.FromCRDs(strings.NewReader(definitions), []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("%d schemas, not one: a version that is not served has none", len(got))
	}
	equal(t, got["route-example-v1.json"], `{
	  "type": "object", "required": ["apiVersion", "kind", "metadata"], "additionalProperties": false,
	  "properties": {
	    "apiVersion": {"enum": ["example.com/v1"]}, "kind": {"enum": ["Route"]},
	    "metadata": {"type": "object", "additionalProperties": false, "properties": {"name": {"type": "string"}}},
	    "spec": {"type": "object", "additionalProperties": false, "properties": {
	      "port": {"type": ["string", "integer"]},
	      "free": {"type": "object", "properties": {"a": {"type": "string"}}}}}}}`)
}

func TestWhatIsNoDocument(t *testing.T) {
	for _, bad := range []string{"", "{}", `{"definitions": {"A": {}}}`, "[]"} {
		if got, err := kubeschema.FromOpenAPI([]byte(bad)); err == nil {
			t.Errorf("%q gave %d schemas", bad, len(got))
		}
	}
	if _, err := kubeschema.FromCRDs(strings.NewReader("a: [b"), []byte(document)); err == nil {
		t.Error("broken YAML was read")
	}
}

func equal(t *testing.T, got []byte, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
