// Package templatetest is the conformance suite of the template ports and fakes
// in memory that pass it.
package templatetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/template"
)

// Fake keeps installations in memory. It implements template.Store and is safe
// for concurrent use.
type Fake struct {
	mu       sync.Mutex
	installs map[place]template.Install
	objects  map[place]map[string]template.Tracked
}

type place struct {
	workspace identity.WorkspaceID
	ref       template.Ref
}

// NewFake returns an empty Fake.
func NewFake() *Fake {
	return &Fake{installs: make(map[place]template.Install), objects: make(map[place]map[string]template.Tracked)}
}

// Installs implements template.Store.
func (f *Fake) Installs(_ context.Context, w identity.WorkspaceID) ([]template.Install, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []template.Install
	for at, i := range f.installs {
		if at.workspace == w {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b template.Install) int {
		return strings.Compare(a.Plugin+" "+a.Name, b.Plugin+" "+b.Name)
	})
	return out, nil
}

// Install implements template.Store.
func (f *Fake) Install(_ context.Context, w identity.WorkspaceID, ref template.Ref) (template.Install, []template.Tracked, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.installs[place{w, ref}]
	if !ok {
		return i, nil, errs.Absent()
	}
	var out []template.Tracked
	for _, key := range slices.Sorted(maps.Keys(f.objects[place{w, ref}])) {
		out = append(out, f.objects[place{w, ref}][key])
	}
	return i, out, nil
}

// Begin implements template.Store.
func (f *Fake) Begin(_ context.Context, w identity.WorkspaceID, i template.Install, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := place{w, i.Ref}
	if old, ok := f.installs[at]; ok && old.State == template.Applying && old.Until.After(now) {
		return template.Busy()
	}
	f.installs[at] = i
	return nil
}

// Track implements template.Store.
func (f *Fake) Track(_ context.Context, w identity.WorkspaceID, ref template.Ref, t template.Tracked) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := place{w, ref}
	if _, ok := f.installs[at]; !ok {
		return errs.Absent()
	}
	if f.objects[at] == nil {
		f.objects[at] = make(map[string]template.Tracked)
	}
	f.objects[at][t.Kind+"/"+t.Key] = t
	return nil
}

// Untrack implements template.Store.
func (f *Fake) Untrack(_ context.Context, w identity.WorkspaceID, ref template.Ref, kind, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.objects[place{w, ref}], kind+"/"+key)
	return nil
}

// Finish implements template.Store.
func (f *Fake) Finish(_ context.Context, w identity.WorkspaceID, i template.Install, _ event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.installs[place{w, i.Ref}]; !ok {
		return errs.Absent()
	}
	f.installs[place{w, i.Ref}] = i
	return nil
}

// Remove implements template.Store.
func (f *Fake) Remove(_ context.Context, w identity.WorkspaceID, ref template.Ref, _ event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.installs[place{w, ref}]; !ok {
		return errs.Absent()
	}
	delete(f.installs, place{w, ref})
	delete(f.objects, place{w, ref})
	return nil
}

// Things is a template.Kind in memory: objects with a name that is unique, and
// a text, and a reference. It is safe for concurrent use.
type Things struct {
	mu    sync.Mutex
	made  int
	all   map[string]Thing
	Fails error // answers every Create and Delete
}

// Thing is one object.
type Thing struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Of   string `json:"of"`
}

// NewThings returns an empty Things.
func NewThings() *Things { return &Things{all: make(map[string]Thing)} }

// All returns the things by name.
func (k *Things) All() map[string]Thing {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make(map[string]Thing)
	for _, t := range k.all {
		out[t.Name] = t
	}
	return out
}

// Put is a person who makes or changes a thing.
func (k *Things) Put(t Thing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, old := range k.all {
		if old.Name == t.Name {
			k.all[id] = t
			return
		}
	}
	k.made++
	k.all[fmt.Sprint("person-", k.made)] = t
}

// Drop is a person who deletes a thing.
func (k *Things) Drop(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.all, func(_ string, t Thing) bool { return t.Name == name })
}

// Normal implements template.Kind.
func (k *Things) Normal(value json.RawMessage) (json.RawMessage, error) {
	var t Thing
	if err := json.Unmarshal(value, &t); err != nil || t.Name == "" {
		return nil, errs.New(errs.Invalid, "thing.invalid", "A thing has a name.")
	}
	return json.Marshal(t)
}

// Find implements template.Kind.
func (k *Things) Find(_ context.Context, _ identity.Scope, value json.RawMessage) (string, bool, error) {
	var wanted Thing
	if err := json.Unmarshal(value, &wanted); err != nil {
		return "", false, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, t := range k.all {
		if t.Name == wanted.Name {
			return id, true, nil
		}
	}
	return "", false, nil
}

// Read implements template.Kind.
func (k *Things) Read(_ context.Context, _ identity.Scope, id string) (json.RawMessage, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.all[id]
	if !ok {
		return nil, false, nil
	}
	raw, err := json.Marshal(t)
	return raw, true, err
}

// Create implements template.Kind.
func (k *Things) Create(_ context.Context, _ identity.Scope, value json.RawMessage) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.Fails != nil {
		return "", k.Fails
	}
	k.made++
	id := fmt.Sprint("thing-", k.made)
	return id, k.set(id, value)
}

func (k *Things) set(id string, value json.RawMessage) error {
	var t Thing
	if err := json.Unmarshal(value, &t); err != nil {
		return err
	}
	k.all[id] = t
	return nil
}

// Update implements template.Kind.
func (k *Things) Update(_ context.Context, _ identity.Scope, id string, value json.RawMessage) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.set(id, value)
}

// Delete implements template.Kind.
func (k *Things) Delete(_ context.Context, _ identity.Scope, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.Fails != nil {
		return k.Fails
	}
	delete(k.all, id)
	return nil
}
