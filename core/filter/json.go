package filter

import (
	"encoding/json"
	"time"
)

// MarshalJSON writes the tree as Parse reads it, in one form for all trees
// that mean the same by their normal form. A tree that selects everything is
// {"and":[]}.
func (n Node) MarshalJSON() ([]byte, error) {
	switch {
	case n.Leaf.Op != "":
		return n.Leaf.marshal()
	case n.Join == Not:
		return json.Marshal(map[Join]Node{Not: n.Children[0]})
	case len(n.Children) == 0:
		return []byte(`{"and":[]}`), nil
	default:
		return json.Marshal(map[Join][]Node{n.Join: n.Children})
	}
}

func (c Condition) marshal() ([]byte, error) {
	out := struct {
		Field string `json:"field"`
		Op    Op     `json:"op"`
		Value any    `json:"value,omitempty"`
	}{Field: c.Field.Full(), Op: c.Op}
	values := make([]any, len(c.Values))
	for i, v := range c.Values {
		values[i] = c.Field.plain(v)
	}
	switch c.Op {
	case IsSet, IsNotSet:
	case In, NotIn, HasAny, Between:
		out.Value = values
	default:
		out.Value = values[0]
	}
	return json.Marshal(out)
}

// plain is a value as JSON has it.
func (f Field) plain(v Value) any {
	switch {
	case v.IsAgo && v.Ago < 0:
		return map[string]string{"in": spanText(-v.Ago)}
	case v.IsAgo:
		return map[string]string{"ago": spanText(v.Ago)}
	case f.Kind == Number:
		return v.Number
	case f.Kind == Bool:
		return v.Bool
	case f.Kind == Time:
		return v.Time.Format(time.RFC3339Nano)
	default:
		return v.Text
	}
}
