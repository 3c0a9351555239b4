package expr

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// If is the key of an object that makes the rest of it depend: the object is
// left out when a name in the value has no value, or an empty one.
const If = "$if"

// maxDepth bounds how deep a body nests.
const maxDepth = 16

// Fault is something wrong in a document.
type Fault struct {
	Pointer string // JSON pointer
	Message string
}

// Node is a compiled JSON value with texts in it. It is safe for concurrent use.
type Node struct {
	constant any
	text     *Text
	list     []*Node
	object   map[string]*Node
	when     *Text
}

// CompileNode reads a value; pointer says where it stands.
func CompileNode(value any, pointer string) (*Node, []Fault) {
	return compileNode(value, pointer, 0)
}

func compileNode(value any, pointer string, depth int) (*Node, []Fault) {
	if depth > maxDepth {
		return nil, []Fault{{pointer, "nests deeper than " + strconv.Itoa(maxDepth)}}
	}
	switch v := value.(type) {
	case string:
		t, err := Compile(v)
		if err != nil {
			return nil, []Fault{{pointer, err.Error()}}
		}
		return &Node{text: t}, nil
	case []any:
		n, faults := &Node{list: make([]*Node, len(v))}, []Fault(nil)
		for i := range v {
			var f []Fault
			n.list[i], f = compileNode(v[i], pointer+"/"+strconv.Itoa(i), depth+1)
			faults = append(faults, f...)
		}
		return n, faults
	case map[string]any:
		return compileObject(v, pointer, depth)
	default:
		return &Node{constant: v}, nil
	}
}

func compileObject(v map[string]any, pointer string, depth int) (*Node, []Fault) {
	n, faults := &Node{object: make(map[string]*Node, len(v))}, []Fault(nil)
	for _, key := range slices.Sorted(maps.Keys(v)) {
		at := pointer + "/" + Escape(key)
		if key != If {
			var f []Fault
			n.object[key], f = compileNode(v[key], at, depth+1)
			faults = append(faults, f...)
			continue
		}
		name, ok := v[key].(string)
		if !ok || !isName(name) {
			faults = append(faults, Fault{at, "must be a name, for example field.email"})
			continue
		}
		n.when = &Text{parts: []part{{name: name}}}
	}
	return n, faults
}

// Escape writes a key as a part of a JSON pointer (RFC 6901).
func Escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// Use is a name and where it is used.
type Use struct {
	Name    string
	Pointer string
}

// Uses lists the names a value uses.
func (n *Node) Uses(pointer string) []Use {
	var out []Use
	for _, t := range []*Text{n.text, n.when} {
		if t != nil {
			for _, name := range t.Names() {
				out = append(out, Use{name, pointer})
			}
		}
	}
	for i, child := range n.list {
		out = append(out, child.Uses(pointer+"/"+strconv.Itoa(i))...)
	}
	for _, key := range slices.Sorted(maps.Keys(n.object)) {
		out = append(out, n.object[key].Uses(pointer+"/"+Escape(key))...)
	}
	return out
}

// Value evaluates the node. A member of an object and an entry of a list whose
// text is one placeholder without a value is left out.
func (n *Node) Value(scope Scope) (any, bool, error) {
	switch {
	case n.when != nil && n.when.Lacks(scope):
		return nil, false, nil
	case n.text != nil:
		return n.text.Value(scope)
	case n.list != nil:
		out := make([]any, 0, len(n.list))
		for _, child := range n.list {
			v, there, err := child.Value(scope)
			if err != nil {
				return nil, false, err
			}
			if there {
				out = append(out, v)
			}
		}
		return out, true, nil
	case n.object != nil:
		out := make(map[string]any, len(n.object))
		for key, child := range n.object {
			v, there, err := child.Value(scope)
			if err != nil {
				return nil, false, err
			}
			if there {
				out[key] = v
			}
		}
		return out, true, nil
	default:
		return n.constant, true, nil
	}
}
