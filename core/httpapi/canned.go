package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/wire"
)

// CannedBody is a reply that is written once and sent often.
type CannedBody struct {
	ID        string    `json:"id"`
	Shortcut  string    `json:"shortcut" doc:"What an agent types after a slash."`
	Title     string    `json:"title"`
	Text      string    `json:"text" doc:"May hold variables such as {{contact.name}}, which clients fill in."`
	Scope     string    `json:"scope" enum:"personal,team,workspace"`
	TeamID    string    `json:"team_id,omitempty"`
	Locale    string    `json:"locale,omitempty"`
	Uses      uint64    `json:"uses"`
	UpdatedAt time.Time `json:"updated_at"`
}

// cannedWrittenBody is a stored reply with what its author should know.
type cannedWrittenBody struct {
	CannedBody
	Warnings []cannedWarning `json:"warnings" nullable:"false" doc:"Variables that nobody fills in; they stay visible in what is sent."`
}

type cannedWarning struct {
	Code     string `json:"code" enum:"variable.unknown"`
	Variable string `json:"variable"`
	Detail   string `json:"detail" doc:"A sentence that may be shown."`
}

func cannedOf(c catalog.Canned) CannedBody {
	return CannedBody{
		ID: string(c.ID), Shortcut: c.Shortcut, Title: c.Title, Text: c.Text, Scope: string(c.Scope), TeamID: string(c.Team),
		Locale: c.Locale, Uses: c.Uses, UpdatedAt: wire.Stamp(c.UpdatedAt),
	}
}

func cannedWrittenOf(w catalog.Written) cannedWrittenBody {
	out := cannedWrittenBody{CannedBody: cannedOf(w.Canned), Warnings: make([]cannedWarning, len(w.Unknown))}
	for i, name := range w.Unknown {
		out.Warnings[i] = cannedWarning{
			Code: "variable.unknown", Variable: name,
			Detail: "Nothing is known to fill in for {{" + name + "}}. It stays in the text as it is.",
		}
	}
	return out
}

func (s *Server) cannedRoutes() {
	path, tags := apiPrefix+"/workspaces/{workspace}/canned", []string{"catalog"}
	op := func(method, path, summary string, status int) huma.Operation {
		return huma.Operation{Method: method, Path: path, Summary: summary, Tags: tags, DefaultStatus: status}
	}
	find := op(http.MethodGet, path, "Find canned replies", 0)
	find.Description = "With q the best come first, on one page. Of several with one shortcut the narrowest is shown alone, unless scope is given."
	member(s, find, identity.CatalogRead, s.findCanned)
	write := op(http.MethodPost, path, "Write a canned reply", http.StatusCreated)
	write.Description = "One that others use needs the permission to manage the catalogue."
	member(s, write, identity.ConversationReply, s.createCanned)
	member(s, op(http.MethodPatch, path+"/{canned}", "Change a canned reply", 0), identity.ConversationReply, s.patchCanned)
	member(s, op(http.MethodDelete, path+"/{canned}", "Delete a canned reply", http.StatusNoContent), identity.ConversationReply, s.deleteCanned)
	member(s, op(http.MethodPost, path+"/{canned}/use", "Count that a canned reply was used", http.StatusNoContent), identity.ConversationReply, s.useCanned)
}

type findCannedInput struct {
	WorkspacePath
	Paging
	Q     string `query:"q" maxLength:"200" doc:"A beginning of the shortcut, a part of the title or of the text."`
	Scope string `query:"scope" enum:"personal,team,workspace" doc:"Only these, those that a narrower scope hides included."`
}

func (s *Server) findCanned(ctx context.Context, scope identity.Scope, in *findCannedInput) (*body[list[CannedBody]], error) {
	return asList(cannedOf)(s.Catalog.FindCanned(ctx, scope, catalog.CannedSearch{Words: in.Q, Scope: catalog.Scope(in.Scope), Paging: in.request()}))
}

type createCannedInput struct {
	WorkspacePath
	Body struct {
		Shortcut string  `json:"shortcut"`
		Title    string  `json:"title"`
		Text     string  `json:"text"`
		Scope    string  `json:"scope" enum:"personal,team,workspace"`
		TeamID   string  `json:"team_id,omitempty" maxLength:"40" doc:"With scope team."`
		Locale   *string `json:"locale,omitempty"`
	}
}

func (s *Server) createCanned(ctx context.Context, scope identity.Scope, in *createCannedInput) (*body[cannedWrittenBody], error) {
	w, err := s.Catalog.CreateCanned(ctx, scope, catalog.NewCanned{
		Scope: catalog.Scope(in.Body.Scope), Team: team.ID(in.Body.TeamID),
		CannedPatch: catalog.CannedPatch{Shortcut: &in.Body.Shortcut, Title: &in.Body.Title, Text: &in.Body.Text, Locale: in.Body.Locale},
	})
	return oneOf(w, err, cannedWrittenOf)
}

// CannedPath is the path parameters of one canned reply.
type CannedPath struct {
	WorkspacePath
	Canned string `path:"canned"`
}

func (p CannedPath) id() catalog.CannedID { return catalog.CannedID(p.Canned) }

type patchCannedInput struct {
	CannedPath
	Body struct {
		Shortcut *string `json:"shortcut,omitempty"`
		Title    *string `json:"title,omitempty"`
		Text     *string `json:"text,omitempty"`
		Locale   *string `json:"locale,omitempty"`
	}
}

func (s *Server) patchCanned(ctx context.Context, scope identity.Scope, in *patchCannedInput) (*body[cannedWrittenBody], error) {
	w, err := s.Catalog.UpdateCanned(ctx, scope, in.id(), catalog.CannedPatch(in.Body))
	return oneOf(w, err, cannedWrittenOf)
}

func (s *Server) deleteCanned(ctx context.Context, scope identity.Scope, in *CannedPath) (*struct{}, error) {
	return nil, s.Catalog.DeleteCanned(ctx, scope, in.id())
}

func (s *Server) useCanned(ctx context.Context, scope identity.Scope, in *CannedPath) (*struct{}, error) {
	return nil, s.Catalog.UseCanned(ctx, scope, in.id())
}
