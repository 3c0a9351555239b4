package filter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Codes of what is wrong with a tree.
const (
	CodeSyntax = "filter.syntax" // no JSON, or no node
	CodeField  = "filter.field"
	CodeOp     = "filter.op"
	CodeValue  = "filter.value"
	CodeDepth  = "filter.depth" // too deep, too many conditions, or too long
)

// Parse reads a tree and checks it against the registry: every field, operator
// and value. A refusal is errs.Invalid with one of the codes above and a JSON
// pointer into the tree. The tree comes back in its normal form: joins in
// joins of the same kind, double negations and joins of one are taken away.
// Empty input and JSON null select everything.
func Parse(raw []byte, fields Registry) (Node, error) {
	if len(raw) > MaxBytes {
		return Node{}, wrong(CodeDepth, "", fmt.Sprintf("The filter is longer than %d bytes.", MaxBytes))
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return Node{}, nil
	}
	p := parser{fields: fields}
	n, err := p.node(raw, "", 1)
	if err != nil {
		return Node{}, err
	}
	return n.normal(), nil
}

func wrong(code, pointer, sentence string) error {
	return errs.New(errs.Invalid, code, sentence).
		WithFields(errs.Field{Pointer: pointer, Code: strings.TrimPrefix(code, "filter."), Detail: sentence})
}

type parser struct {
	fields Registry
	leaves int
}

func (p *parser) node(raw []byte, at string, depth int) (Node, error) {
	if depth > MaxDepth {
		return Node{}, wrong(CodeDepth, at, fmt.Sprintf("A filter is at most %d levels deep.", MaxDepth))
	}
	members, err := object(raw)
	if err != nil {
		return Node{}, wrong(CodeSyntax, at, `A node is an object: {"and":[…]}, {"or":[…]}, {"not":…} or {"field":…,"op":…,"value":…}.`)
	}
	for _, join := range []Join{And, Or, Not} {
		inner, ok := members[string(join)]
		switch {
		case !ok:
		case len(members) > 1:
			return Node{}, wrong(CodeSyntax, at, fmt.Sprintf("A node with %q has no other member.", join))
		case join == Not:
			child, err := p.node(inner, at+"/not", depth+1)
			return Node{Join: Not, Children: []Node{child}}, err
		default:
			return p.join(join, inner, at+"/"+string(join), depth)
		}
	}
	return p.leaf(members, at)
}

func (p *parser) join(join Join, raw []byte, at string, depth int) (Node, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil || parts == nil {
		return Node{}, wrong(CodeSyntax, at, fmt.Sprintf("%q takes a list of nodes.", join))
	}
	if len(parts) == 0 && join == Or {
		return Node{}, wrong(CodeSyntax, at, `"or" of nothing would select nothing: give it a node.`)
	}
	n := Node{Join: join}
	for i, part := range parts {
		child, err := p.node(part, at+"/"+strconv.Itoa(i), depth+1)
		if err != nil {
			return Node{}, err
		}
		n.Children = append(n.Children, child)
	}
	return n, nil
}

// object reads the members of a JSON object, each named once.
func object(raw []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return nil, errNoObject()
	}
	out := make(map[string]json.RawMessage)
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errNoObject()
		}
		key, _ := name.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNoObject()
		}
		if _, twice := out[key]; twice {
			return nil, errNoObject()
		}
		out[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errNoObject()
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errNoObject()
	}
	return out, nil
}

func errNoObject() error { return errs.New(errs.Invalid, CodeSyntax, "This is no object.") }

func (p *parser) leaf(members map[string]json.RawMessage, at string) (Node, error) {
	if p.leaves++; p.leaves > MaxLeaves {
		return Node{}, wrong(CodeDepth, at, fmt.Sprintf("A filter has at most %d conditions.", MaxLeaves))
	}
	for name := range members {
		if name != "field" && name != "op" && name != "value" {
			return Node{}, wrong(CodeSyntax, at, `A condition has "field", "op" and "value" and nothing else.`)
		}
	}
	var name, op string
	if json.Unmarshal(members["field"], &name) != nil || name == "" {
		return Node{}, wrong(CodeField, at+"/field", "Name a field.")
	}
	f, ok := p.fields[name]
	if !ok {
		return Node{}, wrong(CodeField, at+"/field", "There is no such field to filter by.")
	}
	if json.Unmarshal(members["op"], &op) != nil || !slices.Contains(f.Kind.Ops(), Op(op)) {
		return Node{}, wrong(CodeOp, at+"/op", fmt.Sprintf("A field of this kind (%s) takes %s.", f.Kind, words(f.Kind.Ops())))
	}
	c, err := Condition{Field: f, Op: Op(op)}.read(members["value"], at+"/value")
	if err != nil {
		return Node{}, err
	}
	return Node{Leaf: c}, nil
}

func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

// normal returns the normal form of a tree.
func (n Node) normal() Node {
	if n.Join == "" {
		return n
	}
	children := make([]Node, 0, len(n.Children))
	for _, c := range n.Children {
		c = c.normal()
		if c.Join == n.Join && n.Join != Not {
			children = append(children, c.Children...)
			continue
		}
		children = append(children, c)
	}
	switch {
	case n.Join == Not && children[0].Join == Not:
		return children[0].Children[0]
	case n.Join != Not && len(children) == 1:
		return children[0]
	default:
		return Node{Join: n.Join, Children: children}
	}
}
