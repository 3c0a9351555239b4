package expr

import (
	"errors"
	"strconv"
	"strings"
)

// Pointer is a JSON pointer (RFC 6901); empty, it is the whole value.
type Pointer []string

// ParsePointer reads a pointer.
func ParsePointer(s string) (Pointer, error) {
	if s == "" {
		return nil, nil
	}
	if !strings.HasPrefix(s, "/") {
		return nil, errors.New(`is no JSON pointer: it begins with "/"`)
	}
	out := strings.Split(s[1:], "/")
	if len(out) > maxDepth {
		return nil, errors.New("is a JSON pointer with too many steps")
	}
	for i := range out {
		out[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(out[i])
	}
	return out, nil
}

// In returns what the pointer points at. A list that is met where a name is
// looked for stands for its first entry.
func (p Pointer) In(value any) (any, bool) {
	for _, step := range p {
		var there bool
		if list, ok := value.([]any); ok {
			value, there = inList(list, step)
		} else if object, ok := value.(map[string]any); ok {
			value, there = object[step]
		}
		if !there {
			return nil, false
		}
	}
	return value, true
}

func inList(list []any, step string) (any, bool) {
	i, err := strconv.Atoi(step)
	switch {
	case err == nil && i >= 0 && i < len(list):
		return list[i], true
	case err == nil || len(list) == 0:
		return nil, false
	default:
		first, ok := list[0].(map[string]any)
		if !ok {
			return nil, false
		}
		v, there := first[step]
		return v, there
	}
}

// Put writes a value at the pointer in an object, making objects on its way.
func (p Pointer) Put(into map[string]any, value any) {
	for i, step := range p {
		if i == len(p)-1 {
			into[step] = value
			return
		}
		next, ok := into[step].(map[string]any)
		if !ok {
			next = map[string]any{}
			into[step] = next
		}
		into = next
	}
}
