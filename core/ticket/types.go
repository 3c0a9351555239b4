package ticket

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Types lists the types of a workspace, archived ones too. Needs TicketRead.
func (s *Service) Types(ctx context.Context, scope identity.Scope) ([]Type, error) {
	if err := scope.Require(identity.TicketRead); err != nil {
		return nil, err
	}
	return s.Reader.Types(ctx, scope.Workspace)
}

// CreateType makes a type. Needs TicketManage.
func (s *Service) CreateType(ctx context.Context, scope identity.Scope, d TypeDraft) (Type, error) {
	if d.Name == nil {
		empty := ""
		d.Name = &empty
	}
	return s.changeType(ctx, scope, "", d)
}

// UpdateType changes a type. Tickets keep the values of fields that go: they
// are not shown, and come back with the field. Needs TicketManage.
func (s *Service) UpdateType(ctx context.Context, scope identity.Scope, id TypeID, d TypeDraft) (Type, error) {
	return s.changeType(ctx, scope, id, d)
}

// changeType changes a type, or makes one ("").
func (s *Service) changeType(ctx context.Context, scope identity.Scope, id TypeID, d TypeDraft) (Type, error) {
	if err := scope.Require(identity.TicketManage); err != nil {
		return Type{}, err
	}
	var out Type
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		t := Type{Workspace: scope.Workspace, ID: id, CreatedAt: s.Now()}
		switch {
		case id != "":
			if t, err = typeOf(types, id); err != nil {
				return err
			}
		case len(types) >= MaxTypes:
			return errs.New(errs.Conflict, "ticket_type.too_many", "There are too many ticket types. Delete one that is not used.")
		default:
			t.ID = TypeID(s.ids.New("tty"))
		}
		was, action := t, "ticket_type.updated"
		if id == "" {
			was, action = Type{}, "ticket_type.created"
		}
		others := slices.DeleteFunc(slices.Clone(types), func(o Type) bool { return o.ID == t.ID })
		if err := d.apply(&t, others, s.Now()); err != nil {
			return err
		}
		if err := s.sole(ctx, tx, t, others); err != nil {
			return err
		}
		out = t
		return tx.SaveType(ctx, t, s.typeChanged(t, t.since(ctx, scope, was, action)))
	})
	return out, err
}

// sole takes the mark of the default off the others when a type has it.
func (s *Service) sole(ctx context.Context, tx Tx, t Type, others []Type) error {
	for _, o := range others {
		if !t.Default || !o.Default {
			continue
		}
		o.Default = false
		if err := tx.SaveType(ctx, o, s.typeChanged(o, nil)); err != nil {
			return err
		}
	}
	return nil
}

// DeleteType removes a type that no ticket is of, and archives one that has
// been used. Needs TicketManage.
func (s *Service) DeleteType(ctx context.Context, scope identity.Scope, id TypeID) error {
	if err := scope.Require(identity.TicketManage); err != nil {
		return err
	}
	return s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		types, err := tx.Types(ctx)
		if err != nil {
			return err
		}
		t, err := typeOf(types, id)
		if err != nil {
			return err
		}
		was, yes := t, true
		others := slices.DeleteFunc(slices.Clone(types), func(o Type) bool { return o.ID == t.ID })
		if err := (TypeDraft{Archived: &yes}).apply(&t, others, s.Now()); err != nil {
			return err
		}
		gone, err := tx.DeleteType(ctx, id, s.typeChanged(t, t.since(ctx, scope, t, "ticket_type.deleted")))
		if err != nil || gone {
			return err
		}
		return tx.SaveType(ctx, t, s.typeChanged(t, t.since(ctx, scope, was, "ticket_type.updated")))
	})
}

// since makes the audit record of what became of a type.
func (t Type) since(ctx context.Context, scope identity.Scope, was Type, action string) *event.Record {
	said := make(event.Differences)
	said.Note("name", was.Name, t.Name)
	said.Note("description", was.Description, t.Description)
	said.Note("fields", was.keys(), t.keys())
	said.Note("default", was.Default, t.Default)
	said.Note("archived", !was.ArchivedAt.IsZero(), !t.ArchivedAt.IsZero())
	return identity.Record(ctx, scope, action, event.Party{Kind: "ticket_type", ID: string(t.ID), Name: t.Name}).Say(said)
}

// keys is the fields of a type in a line.
func (t Type) keys() string {
	all := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		all[i] = f.Key + ":" + string(f.Type)
	}
	return strings.Join(all, " ")
}

func (s *Service) typeChanged(t Type, r *event.Record) event.Event {
	return event.Event{
		ID: s.ids.New("chg"), Audit: r, Workspace: string(t.Workspace), Type: TypeChanged, Subject: string(t.ID), At: s.Now(),
		Data: []byte(`{"id":"` + string(t.ID) + `"}`),
	}
}
