package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// contactNoteBody is what an agent wrote down about a contact.
type contactNoteBody struct {
	ID        string     `json:"id"`
	Text      string     `json:"text"`
	Author    wire.Actor `json:"author"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

func contactNoteOf(n contact.Note) contactNoteBody {
	return contactNoteBody{
		ID: string(n.ID), Text: n.Text, Author: wire.Actor{Kind: string(n.Author.Kind), ID: n.Author.ID, Name: n.Author.Name},
		CreatedAt: wire.Stamp(n.CreatedAt), UpdatedAt: wire.Stamp(n.UpdatedAt),
	}
}

func (s *Server) contactNoteRoutes() {
	path := contactsPath + "/{contact}/notes"
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "List the notes about a contact", Tags: []string{"contacts"}},
		identity.ContactRead, s.listContactNotes)
	member(s, huma.Operation{Method: http.MethodPost, Path: path, Summary: "Write a note about a contact", Tags: []string{"contacts"}, DefaultStatus: http.StatusCreated},
		identity.ContactWrite, s.addContactNote)
	member(s, huma.Operation{Method: http.MethodPatch, Path: path + "/{note}", Summary: "Change a note", Tags: []string{"contacts"}},
		identity.ContactWrite, s.changeContactNote)
	member(s, huma.Operation{Method: http.MethodDelete, Path: path + "/{note}", Summary: "Delete a note", Tags: []string{"contacts"}, DefaultStatus: http.StatusNoContent},
		identity.ContactWrite, s.deleteContactNote)
}

func (s *Server) listContactNotes(ctx context.Context, scope identity.Scope, in *listOfContactInput) (*body[list[contactNoteBody]], error) {
	return asList(contactNoteOf)(s.ContactNotes.List(ctx, scope, in.id(), in.request()))
}

// noteText is the body of a note.
type noteText struct {
	Text string `json:"text"`
}

type addContactNoteInput struct {
	ContactPath
	Body noteText
}

func (s *Server) addContactNote(ctx context.Context, scope identity.Scope, in *addContactNoteInput) (*body[contactNoteBody], error) {
	return asOne(contactNoteOf)(s.ContactNotes.Add(ctx, scope, in.id(), in.Body.Text))
}

// ContactNotePath is the path parameters of one note about a contact.
type ContactNotePath struct {
	ContactPath
	Note string `path:"note"`
}

type changeContactNoteInput struct {
	ContactNotePath
	Body noteText
}

func (s *Server) changeContactNote(ctx context.Context, scope identity.Scope, in *changeContactNoteInput) (*body[contactNoteBody], error) {
	return asOne(contactNoteOf)(s.ContactNotes.Change(ctx, scope, in.id(), contact.NoteID(in.Note), in.Body.Text))
}

func (s *Server) deleteContactNote(ctx context.Context, scope identity.Scope, in *ContactNotePath) (*struct{}, error) {
	return nil, s.ContactNotes.Delete(ctx, scope, in.id(), contact.NoteID(in.Note))
}
