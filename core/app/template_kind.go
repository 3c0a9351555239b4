package app

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// kindOf is a template.Kind of values of one Go type. Its JSON is the normal
// form: the fields in the order of the struct.
type kindOf[T any, ID ~string] struct {
	tidy   func(*T)                                                       // into the form in which it is stored; nil = it is
	named  func(T) string                                                 // by what people know it
	all    func(context.Context, identity.Scope, T) (map[string]T, error) // by id; those that could have the name of a value, at least
	one    func(context.Context, identity.Scope, ID) (T, error)           // nil = look among all
	create func(context.Context, identity.Scope, T) (ID, error)
	update func(context.Context, identity.Scope, ID, T) error
	remove func(context.Context, identity.Scope, ID) error
}

func (k kindOf[T, ID]) read(value json.RawMessage) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, errs.Wrap(err, errs.Unavailable, "template.broken", "The template is broken: "+err.Error()+". Tell its author.")
	}
	if k.tidy != nil {
		k.tidy(&v)
	}
	if k.named(v) == "" {
		return v, errs.New(errs.Unavailable, "template.broken", "The template is broken: an object has no name. Tell its author.")
	}
	return v, nil
}

// Normal implements template.Kind.
func (k kindOf[T, ID]) Normal(value json.RawMessage) (json.RawMessage, error) {
	v, err := k.read(value)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// Find implements template.Kind.
func (k kindOf[T, ID]) Find(ctx context.Context, scope identity.Scope, value json.RawMessage) (string, bool, error) {
	wanted, err := k.read(value)
	if err != nil {
		return "", false, err
	}
	all, err := k.all(ctx, scope, wanted)
	for id, v := range all {
		if strings.EqualFold(k.named(v), k.named(wanted)) {
			return id, true, nil
		}
	}
	return "", false, err
}

// Read implements template.Kind.
func (k kindOf[T, ID]) Read(ctx context.Context, scope identity.Scope, id string) (json.RawMessage, bool, error) {
	v, found, err := k.get(ctx, scope, id)
	if err != nil || !found {
		return nil, false, err
	}
	raw, err := json.Marshal(v)
	return raw, true, err
}

func (k kindOf[T, ID]) get(ctx context.Context, scope identity.Scope, id string) (T, bool, error) {
	if k.one != nil {
		v, err := k.one(ctx, scope, ID(id))
		if errs.Is(err, errs.NotFound) {
			return v, false, nil
		}
		return v, err == nil, err
	}
	var none T
	all, err := k.all(ctx, scope, none)
	v, found := all[id]
	return v, found, err
}

// Create implements template.Kind.
func (k kindOf[T, ID]) Create(ctx context.Context, scope identity.Scope, value json.RawMessage) (string, error) {
	v, err := k.read(value)
	if err != nil {
		return "", err
	}
	id, err := k.create(ctx, scope, v)
	return string(id), err
}

// Update implements template.Kind.
func (k kindOf[T, ID]) Update(ctx context.Context, scope identity.Scope, id string, value json.RawMessage) error {
	v, err := k.read(value)
	if err != nil {
		return err
	}
	return k.update(ctx, scope, ID(id), v)
}

// Delete implements template.Kind.
func (k kindOf[T, ID]) Delete(ctx context.Context, scope identity.Scope, id string) error {
	return k.remove(ctx, scope, ID(id))
}

// byID lists what a workspace has as templates have it.
func byID[From, T any, ID ~string](all []From, err error, id func(From) ID, of func(From) T) (map[string]T, error) {
	out := make(map[string]T, len(all))
	for _, v := range all {
		out[string(id(v))] = of(v)
	}
	return out, err
}
