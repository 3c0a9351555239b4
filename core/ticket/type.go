package ticket

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// TypeID names a ticket type: tty_.
type TypeID string

// Limits of types.
const (
	MaxTypes           = 100 // of a workspace, archived ones included
	MaxTypeFields      = 50
	MaxTypeName        = 60
	MaxTypeDescription = 300
)

// Type is a kind of tickets with the custom fields that they have.
type Type struct {
	Workspace   identity.WorkspaceID
	ID          TypeID
	Name        string // unique among those that are not archived, whatever the case
	Description string
	Fields      []Field
	Default     bool      // of new tickets that name none; one type always is
	ArchivedAt  time.Time // zero = in use; an archived one takes no new tickets
	CreatedAt   time.Time
}

// Field is a custom field of a type. A key means the same in every type of a
// workspace, so that tickets of several types can be filtered by it, and
// a ticket that changes its type keeps what fits.
type Field struct {
	Key      string // a lower-case letter, then letters, digits and _; unique in the type
	Name     string
	Type     catalog.Type
	Options  []string // of a list
	Required bool     // before a ticket is solved or closed
	Public   bool     // the customer sees it on their page
}

// Field returns the field with a key.
func (t Type) Field(key string) (Field, bool) {
	i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.Key == key })
	if i < 0 {
		return Field{}, false
	}
	return t.Fields[i], true
}

// definitions are the fields as catalog checks values.
func (t Type) definitions() catalog.Definitions {
	out := make(catalog.Definitions, len(t.Fields))
	for i, f := range t.Fields {
		out[i] = f.definition()
	}
	return out
}

func (f Field) definition() catalog.Attribute {
	return catalog.Attribute{Key: f.Key, Name: f.Name, Type: f.Type, Options: f.Options}
}

// fits reports whether a value that was stored may stay under the field.
func (f Field) fits(v any) bool {
	_, complaint := f.definition().Value(v)
	return complaint == ""
}

// complete is an error when a required field has no value. It is asked for when
// the work ends, not when it begins: whoever reports something need not know.
func (t Type) complete(values map[string]any) error {
	var r errs.Refusals
	for _, f := range t.Fields {
		if f.Required && values[f.Key] == nil {
			r.Refuse("/fields/"+f.Key, "required", "is needed before the ticket is solved: "+f.Name)
		}
	}
	return r.Refused("ticket.fields_required", "Fill in the required fields before you solve the ticket.")
}

// TypeDraft is what somebody wants of a type; nil leaves a part as it is.
type TypeDraft struct {
	Name        *string
	Description *string
	Fields      *[]Field
	Default     *bool
	Archived    *bool
}

// apply changes the type, or says what is wrong. others are the workspace's
// other types.
func (d TypeDraft) apply(t *Type, others []Type, at time.Time) error {
	w := wrong{}
	if d.Name != nil {
		t.Name = w.Name("/name", *d.Name, MaxTypeName)
	}
	if d.Description != nil {
		t.Description = w.Text("/description", strings.TrimSpace(*d.Description), MaxTypeDescription, true)
	}
	if d.Fields != nil {
		t.Fields = w.fields(*d.Fields, others)
	}
	if err := d.archive(t, at); err != nil {
		return err
	}
	if d.Default != nil {
		if !*d.Default && t.Default {
			w.Refuse("/default", "not_allowed", "one type must be the default: make another one it instead")
		}
		if *d.Default && !t.ArchivedAt.IsZero() {
			w.Refuse("/default", "archived", "an archived type cannot be the default")
		}
		t.Default = *d.Default
	}
	for _, o := range others {
		if o.ArchivedAt.IsZero() && t.ArchivedAt.IsZero() && strings.EqualFold(o.Name, t.Name) {
			w.Refuse("/name", "taken", "is the name of another type")
		}
	}
	return w.Refused("ticket_type.invalid", "Some values are not accepted.")
}

func (d TypeDraft) archive(t *Type, at time.Time) error {
	switch {
	case d.Archived == nil:
	case *d.Archived && t.Default:
		return errs.New(errs.Conflict, "ticket_type.default", "This is the type of new tickets. Make another one the default first.")
	case !*d.Archived:
		t.ArchivedAt = time.Time{}
	case t.ArchivedAt.IsZero():
		t.ArchivedAt = at
	}
	return nil
}

// wrong collects what is wrong with a request.
type wrong struct {
	identity.Wrong
}

// fields checks the fields of a type. A key that another type has must have
// the same kind of value there.
func (w *wrong) fields(fields []Field, others []Type) []Field {
	if len(fields) > MaxTypeFields {
		w.Refuse("/fields", "too_many", fmt.Sprintf("has more than %d entries", MaxTypeFields))
		return nil
	}
	out := make([]Field, len(fields))
	for i, f := range fields {
		at := fmt.Sprintf("/fields/%d", i)
		f.Name = w.Name(at+"/name", f.Name, catalog.MaxName)
		if !catalog.ValidKey(f.Key) {
			w.Refuse(at+"/key", "format", fmt.Sprintf("must be a lower-case letter, then letters, digits and _; at most %d characters", catalog.MaxKey))
		}
		if slices.ContainsFunc(out[:i], func(o Field) bool { return o.Key == f.Key }) {
			w.Refuse(at+"/key", "duplicate", "is there twice")
		}
		for _, o := range others {
			if other, ok := o.Field(f.Key); ok && other.Type != f.Type {
				w.Refuse(at+"/type", "ticket_type.key_type", fmt.Sprintf("must be %s: the type %q has a field with this key", other.Type, o.Name))
				break
			}
		}
		if !slices.Contains([]catalog.Type{catalog.Text, catalog.Number, catalog.Boolean, catalog.Date, catalog.List, catalog.Link}, f.Type) {
			w.Refuse(at+"/type", "enum", "must be text, number, boolean, date, list or link")
		}
		f.Options = w.options(at+"/options", f)
		out[i] = f
	}
	return out
}

// options are what a list may be: each once, in the order given.
func (w *wrong) options(at string, f Field) []string {
	if f.Type != catalog.List {
		if len(f.Options) > 0 {
			w.Refuse(at, "not_allowed", "only a list has options")
		}
		return nil
	}
	if len(f.Options) == 0 || len(f.Options) > catalog.MaxOptions {
		w.Refuse(at, "count", fmt.Sprintf("a list has 1 to %d options", catalog.MaxOptions))
		return nil
	}
	out := make([]string, len(f.Options))
	for i, o := range f.Options {
		pointer := fmt.Sprintf("%s/%d", at, i)
		out[i] = w.Name(pointer, o, catalog.MaxName)
		if slices.Contains(out[:i], out[i]) {
			w.Refuse(pointer, "duplicate", "is there twice")
		}
	}
	return out
}

// General is the type that a workspace is born with.
func General(workspace identity.WorkspaceID, locale string, at time.Time) Type {
	name := "General"
	if strings.HasPrefix(locale, "zh") {
		name = "通用"
	}
	return Type{
		Workspace: workspace, ID: TypeID("tty_" + strings.TrimPrefix(string(workspace), "wsp_")), Name: name, Default: true, CreatedAt: at,
	}
}
