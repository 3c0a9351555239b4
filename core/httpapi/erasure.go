package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// erasureCounts is how much an erasure takes.
type erasureCounts struct {
	Contacts      int64 `json:"contacts" doc:"The contact and those merged into it."`
	Identities    int64 `json:"identities"`
	Conversations int64 `json:"conversations"`
	Messages      int64 `json:"messages"`
	Tickets       int64 `json:"tickets"`
	Files         int64 `json:"files"`
	Notes         int64 `json:"notes"`
	PageViews     int64 `json:"page_views"`
	Sessions      int64 `json:"sessions" doc:"Of visitors."`
}

func erasureCountsOf(c erasure.Counts) erasureCounts {
	return erasureCounts{
		Contacts: c["contacts"], Identities: c["identities"], Conversations: c["conversations"], Messages: c["messages"], Tickets: c["tickets"],
		Files: c["files"], Notes: c["notes"], PageViews: c["page_views"], Sessions: c["sessions"],
	}
}

// erasurePreviewBody is what an erasure would take.
type erasurePreviewBody struct {
	ContactID  string        `json:"contact_id"`
	MergedInto string        `json:"merged_into,omitempty" doc:"Erase this contact instead: it stands for the other."`
	Counts     erasureCounts `json:"counts"`
}

// erasureBody is the record of an erasure. It holds nothing of the person.
type erasureBody struct {
	ID         string        `json:"id"`
	ContactID  string        `json:"contact_id"`
	Counts     erasureCounts `json:"counts"`
	Proof      string        `json:"proof" doc:"Keyed hash of what identified the person."`
	By         erasureActor  `json:"by"`
	Reason     string        `json:"reason,omitempty" enum:"request,consent,unneeded,mistake"`
	At         time.Time     `json:"at"`
	FinishedAt *time.Time    `json:"finished_at,omitempty" doc:"When files, free pages and the search index held nothing any more; absent until then."`
}

// erasureActor is who erased.
type erasureActor struct {
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

func erasureOf(r erasure.Record) erasureBody {
	b := erasureBody{
		ID: string(r.ID), ContactID: string(r.Contact), Counts: erasureCountsOf(r.Counts), Proof: r.Proof,
		By: erasureActor{Kind: string(r.Actor.Kind), ID: r.Actor.ID, Name: r.Actor.Name}, Reason: string(r.Reason), At: wire.Stamp(r.At),
	}
	if !r.ScrubbedAt.IsZero() {
		at := wire.Stamp(r.ScrubbedAt)
		b.FinishedAt = &at
	}
	return b
}

func (s *Server) erasureRoutes() {
	member(s, huma.Operation{Method: http.MethodGet, Path: contactsPath + "/{contact}/erase", Summary: "See what an erasure would take", Tags: []string{"contacts"}},
		identity.ContactErase, s.previewErasure)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: contactsPath + "/{contact}/erase", Summary: "Erase a contact for good", Tags: []string{"contacts"},
		Description: "Everything they said and were told, their files and their traces go. It cannot be undone; a record without the person stays.",
	},
		identity.ContactErase, s.eraseContact)
	member(s, huma.Operation{Method: http.MethodGet, Path: apiPrefix + "/workspaces/{workspace}/erasures", Summary: "List erasures", Tags: []string{"contacts"}},
		identity.ContactErase, s.listErasures)
}

func (s *Server) previewErasure(ctx context.Context, scope identity.Scope, in *ContactPath) (*body[erasurePreviewBody], error) {
	u, err := s.Erasures.Preview(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return &body[erasurePreviewBody]{Body: erasurePreviewBody{
		ContactID: string(u.Contact), MergedInto: string(u.MergedTo), Counts: erasureCountsOf(u.Counts),
	}}, nil
}

type eraseInput struct {
	ContactPath
	Body struct {
		Confirm string `json:"confirm" minLength:"1" maxLength:"500" doc:"The contact's name, e-mail, phone or id, exactly as it is."`
		Reason  string `json:"reason,omitempty" enum:"request,consent,unneeded,mistake" doc:"Why: they asked, they took their consent back, the data are of no use any more, it was spam or a mistake. Kept with the record."`
	}
}

func (s *Server) eraseContact(ctx context.Context, scope identity.Scope, in *eraseInput) (*body[erasureBody], error) {
	return asOne(erasureOf)(s.Erasures.Erase(ctx, scope, in.id(), erasure.Order{Confirm: in.Body.Confirm, Reason: erasure.Reason(in.Body.Reason)}))
}

type listErasuresInput struct {
	Workspace string `path:"workspace"`
	Paging
}

func (s *Server) listErasures(ctx context.Context, scope identity.Scope, in *listErasuresInput) (*body[list[erasureBody]], error) {
	return asList(erasureOf)(s.Erasures.List(ctx, scope, in.request()))
}
