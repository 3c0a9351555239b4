package kubeschema

import (
	"slices"
	"strings"
)

const quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity"

// kept are the keywords that mean the same in OpenAPI and JSON schema. Rules
// that combine schemas (anyOf and so on) are left to the API server.
func kept() []string {
	return []string{
		"type", "enum", "required", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
	}
}

// convert makes one node strict. within names the definitions it stands in: a
// definition inside itself is left open.
func (c *converter) convert(node object, within []string) object {
	if ref := text(node["$ref"]); ref != "" {
		return c.reference(strings.TrimPrefix(ref, "#/definitions/"), within)
	}
	if node["x-kubernetes-int-or-string"] == true || text(node["format"]) == "int-or-string" {
		return object{"type": []string{"string", "integer"}}
	}
	out := object{}
	for _, k := range kept() {
		if v, ok := node[k]; ok {
			out[k] = v
		}
	}
	if items, ok := node["items"].(object); ok {
		out["items"] = c.convert(items, within)
	}
	c.fields(node, out, within)
	return out
}

func (c *converter) fields(node, out object, within []string) {
	properties, described := node["properties"].(object)
	if described {
		converted := object{}
		for name, p := range properties {
			if p, ok := p.(object); ok {
				converted[name] = c.convert(p, within)
			}
		}
		out["properties"] = converted
	}
	rest, mapped := node["additionalProperties"].(object)
	switch {
	case mapped:
		out["additionalProperties"] = c.convert(rest, within)
	case described && node["x-kubernetes-preserve-unknown-fields"] != true:
		out["additionalProperties"] = false
	}
}

func (c *converter) reference(name string, within []string) object {
	target, ok := c.definitions[name].(object)
	if !ok || slices.Contains(within, name) {
		return object{}
	}
	if name == quantity {
		return object{"type": []string{"string", "number"}}
	}
	return c.convert(target, append(slices.Clone(within), name))
}
