package template

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Op is what is done with an object.
type Op string

// What is done.
const (
	Create Op = "create"
	Update Op = "update"
	Delete Op = "delete"
	Keep   Op = "keep"
)

// Reason is why.
type Reason string

// The reasons.
const (
	New             Reason = "new"              // the template has it, the workspace does not
	TemplateChanged Reason = "template_changed" // a newer template has it otherwise
	GoneFrom        Reason = "gone_from_template"
	Removed         Reason = "removed"           // the template is being removed
	Unchanged       Reason = "unchanged"         // as the template has it
	ExistsAlready   Reason = "exists_already"    // somebody made one of this name: it is theirs
	ChangedByPerson Reason = "changed_by_person" // since the template wrote it
	DeletedByPerson Reason = "deleted_by_person" // since the template made it
	Needs           Reason = "needs"             // it refers to something that is not there
)

// Change is what becomes of one object.
type Change struct {
	Kind, Key string
	ID        string // "" = there is none yet
	Op        Op
	Reason    Reason
	Before    json.RawMessage // as the workspace has it; nil = it has not
	After     json.RawMessage // as it will be; nil = it will not
	Fields    []Field         // of an update, and of what a person changed

	track  Tracked // to be kept, when Op is Keep; of the others Wrote is
	forget bool    // it is people's from now on
}

// Field is one part of an object.
type Field struct {
	Name string
	Kept bool // a person changed it: it stays
}

// Plan is what applying or removing a template would do now.
type Plan struct {
	Ref
	Version string
	From    string // the version in use; "" = none
	Ask     Ask
	Changes []Change
	Hash    string // of all of it: what was looked at is what is applied
}

// planner makes the plan of one template.
type planner struct {
	*Service
	scope   identity.Scope
	tracked map[string]Tracked // by kind and key
	ids     map[string]string  // ids of objects by "kind/key"
	coming  map[string]bool    // objects that the template makes
}

func name(kind, key string) string { return kind + "/" + key }

// plan compares what the template wants with what there is.
func (p *planner) plan(ctx context.Context, objects []Object) ([]Change, error) {
	var out []Change
	for _, o := range p.inOrder(objects) {
		c, err := p.compare(ctx, o)
		if err != nil {
			return nil, err
		}
		switch {
		case c.ID != "":
			p.ids[name(o.Kind, o.Key)] = c.ID
		case c.Op != Create: // nothing can refer to it
			delete(p.coming, name(o.Kind, o.Key))
		}
		out = append(out, c)
	}
	gone := maps.Clone(p.tracked)
	for _, o := range objects {
		delete(gone, name(o.Kind, o.Key))
	}
	left, err := p.leave(ctx, slices.Collect(maps.Values(gone)), GoneFrom)
	return append(out, left...), err
}

// inOrder sorts objects by the order of their kinds, and leaves it otherwise.
func (p *planner) inOrder(objects []Object) []Object {
	out := slices.Clone(objects)
	slices.SortStableFunc(out, func(a, b Object) int { return p.place(a.Kind) - p.place(b.Kind) })
	return out
}

func (p *planner) place(kind string) int {
	return slices.IndexFunc(p.kinds, func(n Named) bool { return n.Name == kind })
}

// compare decides about one object of the template.
func (p *planner) compare(ctx context.Context, o Object) (Change, error) {
	c := Change{Kind: o.Kind, Key: o.Key}
	kind := p.kinds[p.place(o.Kind)].Kind
	resolved, missing := p.resolve(o.Value)
	next, err := kind.Normal(resolved)
	if err != nil {
		return c, err
	}
	t, known := p.tracked[name(o.Kind, o.Key)]
	if !known || t.ID == "" {
		return p.unknown(ctx, c, next, missing, known)
	}
	c.ID, c.track = t.ID, t
	current, found, err := kind.Read(ctx, p.scope, t.ID)
	switch {
	case err != nil:
		return c, err
	case !found:
		c.ID, c.Op, c.Reason = "", Keep, DeletedByPerson
		return c, nil
	case !t.Owned:
		c.Op, c.Reason, c.Before, c.After = Keep, ExistsAlready, current, current
		return c, nil
	case missing:
		c.Op, c.Reason, c.Before, c.After = Keep, Needs, current, current
		return c, nil
	}
	return merge(c, t, current, next)
}

// unknown decides about an object that the template has not made yet, as far
// as is known. pending: it was about to be made when the application was cut
// off, so what is there may be the template's.
func (p *planner) unknown(ctx context.Context, c Change, next json.RawMessage, missing, pending bool) (Change, error) {
	kind := p.kinds[p.place(c.Kind)].Kind
	id, found, err := kind.Find(ctx, p.scope, next)
	if err != nil {
		return c, err
	}
	if !found {
		c.Op, c.Reason, c.After = Create, New, next
		c.track = Tracked{Kind: c.Kind, Key: c.Key, Wrote: next, Owned: true}
		if missing {
			c.Op, c.Reason, c.After = Keep, Needs, nil
		}
		return c, nil
	}
	current, _, err := kind.Read(ctx, p.scope, id)
	if err != nil {
		return c, err
	}
	c.ID, c.Op, c.Reason, c.Before, c.After = id, Keep, ExistsAlready, current, current
	c.track = Tracked{Kind: c.Kind, Key: c.Key, ID: id}
	if pending && same(current, next) {
		c.Reason = Unchanged
		c.track.Wrote, c.track.Base, c.track.Owned = next, current, true
	}
	return c, nil
}

// merge brings what the template says now together with what it said before
// and what the workspace has, field by field: what a person changed stays, the
// rest follows the template.
func merge(c Change, t Tracked, current, next json.RawMessage) (Change, error) {
	wrote, base, is, wants := fieldsOf(t.Wrote), fieldsOf(t.Base), fieldsOf(current), fieldsOf(next)
	after, says := maps.Clone(is), maps.Clone(wrote)
	changed, kept := false, false
	for _, field := range slices.Sorted(maps.Keys(wants)) {
		person := !bytes.Equal(is[field], base[field])
		switch {
		case bytes.Equal(wants[field], wrote[field]):
			if person {
				kept = true
				c.Fields = append(c.Fields, Field{Name: field, Kept: true})
			}
		case bytes.Equal(wants[field], is[field]): // by chance, or by a person who thought the same
			says[field] = wants[field]
		case person:
			kept = true
			c.Fields = append(c.Fields, Field{Name: field, Kept: true})
		default:
			changed = true
			after[field], says[field] = wants[field], wants[field]
			c.Fields = append(c.Fields, Field{Name: field})
		}
	}
	c.Before, c.Op, c.Reason = current, Keep, Unchanged
	if kept {
		c.Reason = ChangedByPerson
	}
	if changed {
		c.Op, c.Reason = Update, TemplateChanged
	}
	var err error
	if c.After, err = encode(after); err != nil {
		return c, err
	}
	c.track.Wrote, err = encode(says)
	return c, err
}

// fieldsOf reads an object; what is none has no fields.
func fieldsOf(value json.RawMessage) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage)
	if json.Unmarshal(value, &out) != nil {
		return make(map[string]json.RawMessage)
	}
	return out
}

func encode(fields map[string]json.RawMessage) (json.RawMessage, error) {
	out, err := json.Marshal(fields)
	if err != nil {
		return nil, errs.Wrap(err, errs.Internal, "internal", "The template could not be compared.")
	}
	return out, nil
}

// leave decides about objects that the template has no more, the last made
// first: what is as the template wrote it goes, the rest is people's now.
func (p *planner) leave(ctx context.Context, gone []Tracked, why Reason) ([]Change, error) {
	slices.SortFunc(gone, func(a, b Tracked) int {
		if by := p.place(b.Kind) - p.place(a.Kind); by != 0 {
			return by
		}
		return strings.Compare(a.Key, b.Key)
	})
	var out []Change
	for _, t := range gone {
		c := Change{Kind: t.Kind, Key: t.Key, ID: t.ID, Op: Keep, Reason: ExistsAlready, forget: true}
		place := p.place(t.Kind)
		if t.ID == "" || place < 0 { // never made, or of a kind that is no more
			continue
		}
		current, found, err := p.kinds[place].Kind.Read(ctx, p.scope, t.ID)
		if err != nil {
			return nil, err
		}
		c.Before, c.After = current, current
		switch {
		case !found:
			c.ID, c.Reason = "", DeletedByPerson
		case !t.Owned:
		case same(current, t.Base):
			c.Op, c.Reason, c.After = Delete, why, nil
		default:
			c.Reason = ChangedByPerson
		}
		out = append(out, c)
	}
	return out, nil
}

// same reports whether two values have the same fields.
func same(a, b json.RawMessage) bool {
	return maps.EqualFunc(fieldsOf(a), fieldsOf(b), func(v, w json.RawMessage) bool { return bytes.Equal(v, w) })
}

// hash names a plan by all that somebody could have read in it.
func (p Plan) hash() (string, error) {
	p.Hash = ""
	raw, err := json.Marshal(p)
	if err != nil {
		return "", errs.Wrap(err, errs.Internal, "internal", "The template could not be compared.")
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
