package template

import (
	"encoding/json"
	"strings"
)

// refPrefix begins a string that stands for the id of another object.
const refPrefix = "ref:"

// resolve puts ids in the place of references, at any depth; missing reports
// that one leads to an object that is not there. Such a reference stays as it
// is.
func (p *planner) resolve(value json.RawMessage) (out json.RawMessage, missing bool) {
	var tree any
	if json.Unmarshal(value, &tree) != nil {
		return value, false // Normal refuses it
	}
	tree = p.walk(tree, &missing)
	raw, err := json.Marshal(tree)
	if err != nil {
		return value, missing
	}
	return raw, missing
}

func (p *planner) walk(v any, missing *bool) any {
	switch x := v.(type) {
	case map[string]any:
		for key, item := range x {
			x[key] = p.walk(item, missing)
		}
	case []any:
		for i, item := range x {
			x[i] = p.walk(item, missing)
		}
	case string:
		target, ok := strings.CutPrefix(x, refPrefix)
		if !ok {
			return x
		}
		if id := p.ids[target]; id != "" {
			return id
		}
		if !p.coming[target] {
			*missing = true
		}
	}
	return v
}
