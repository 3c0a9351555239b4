package contact

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// NoteID names a note about a contact: nte_.
type NoteID string

// Note is what an agent wrote down about a contact. The customer never sees it.
type Note struct {
	Workspace identity.WorkspaceID
	ID        NoteID
	Contact   ID // it was written about; merging does not change it
	Text      string
	Author    identity.Actor
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Notes is the use cases of notes about contacts.
type Notes struct {
	store NoteStore
	now   func() time.Time
	ids   id.Source
}

// NewNotes returns a Notes.
func NewNotes(store NoteStore, now func() time.Time) *Notes {
	return &Notes{store: store, now: now, ids: id.NewSource(now)}
}

// List returns the notes about a contact, the newest first.
func (n *Notes) List(ctx context.Context, scope identity.Scope, contact ID, p page.Request) (page.Page[Note], error) {
	if err := scope.Require(identity.ContactRead); err != nil {
		return page.Page[Note]{}, err
	}
	if err := Reached(ctx, n.store, scope, contact); err != nil {
		return page.Page[Note]{}, err
	}
	return n.store.Notes(ctx, scope.Workspace, contact, p)
}

// Add writes a note.
func (n *Notes) Add(ctx context.Context, scope identity.Scope, contact ID, text string) (Note, error) {
	if err := scope.Require(identity.ContactWrite); err != nil {
		return Note{}, err
	}
	text, err := checkNote(text)
	if err != nil {
		return Note{}, err
	}
	if err := Reached(ctx, n.store, scope, contact); err != nil {
		return Note{}, err
	}
	now := n.now()
	note := Note{
		Workspace: scope.Workspace, ID: NoteID(n.ids.New("nte")), Contact: contact, Text: text,
		Author: scope.Actor, CreatedAt: now, UpdatedAt: now,
	}
	return note, n.store.AddNote(ctx, note, n.changed(scope.Workspace, contact))
}

// Change replaces the text of a note. Colleagues may correct each other.
func (n *Notes) Change(ctx context.Context, scope identity.Scope, contact ID, id NoteID, text string) (Note, error) {
	if err := scope.Require(identity.ContactWrite); err != nil {
		return Note{}, err
	}
	text, err := checkNote(text)
	if err != nil {
		return Note{}, err
	}
	if err := Reached(ctx, n.store, scope, contact); err != nil {
		return Note{}, err
	}
	return n.store.ChangeNote(ctx, scope.Workspace, contact, id, func(note *Note) (bool, []event.Event, error) {
		note.Text, note.UpdatedAt = text, n.now()
		return false, []event.Event{n.changed(scope.Workspace, contact)}, nil
	})
}

// Delete removes a note.
func (n *Notes) Delete(ctx context.Context, scope identity.Scope, contact ID, id NoteID) error {
	if err := scope.Require(identity.ContactWrite); err != nil {
		return err
	}
	if err := Reached(ctx, n.store, scope, contact); err != nil {
		return err
	}
	_, err := n.store.ChangeNote(ctx, scope.Workspace, contact, id, func(*Note) (bool, []event.Event, error) {
		return true, []event.Event{n.changed(scope.Workspace, contact)}, nil
	})
	return err
}

func (n *Notes) changed(w identity.WorkspaceID, contact ID) event.Event {
	return event.Event{ID: n.ids.New("chg"), Workspace: string(w), Type: Changed, Subject: string(contact), At: n.now(), Data: idData(string(contact))}
}

func checkNote(text string) (string, error) {
	text = strings.TrimSpace(text)
	var c check
	c.text("/text", &text, MaxNote, true)
	if text == "" {
		c.Refuse("/text", "required", "is empty")
	}
	if err := c.err("note.invalid"); err != nil {
		return "", err
	}
	return text, nil
}

// errMerged is the answer to a change of a contact that was merged.
func errMerged() error {
	return errs.New(errs.Conflict, "contact.merged", "This contact was merged into another. Change that one, or undo the merge.")
}
