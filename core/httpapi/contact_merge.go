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

func (s *Server) mergeRoutes() {
	tags := []string{"contacts"}
	member(s, huma.Operation{Method: http.MethodPost, Path: contactsPath + "/{contact}/merge", Summary: "Merge a contact into another", Tags: tags},
		identity.ContactMerge, s.mergeContact)
	member(s, huma.Operation{Method: http.MethodPost, Path: apiPrefix + "/workspaces/{workspace}/merges/{merge}/undo", Summary: "Undo a merge of contacts", Tags: tags},
		identity.ContactMerge, s.undoMerge)
	member(s, huma.Operation{Method: http.MethodGet, Path: contactsPath + "/{contact}/merges", Summary: "List the merges of a contact", Tags: tags},
		identity.ContactRead, s.listMerges)
	member(s, huma.Operation{Method: http.MethodGet, Path: contactsPath + "/{contact}/duplicates", Summary: "List contacts that may be the same person", Tags: tags},
		identity.ContactRead, s.listDuplicates)
}

type mergeContactInput struct {
	ContactPath
	Body struct {
		Into string `json:"into" doc:"The contact that stays."`
	}
}

// mergedBody is a merge that was made.
type mergedBody struct {
	MergeID string      `json:"merge_id"`
	Contact contactBody `json:"contact" doc:"The contact that stays."`
}

func (s *Server) mergeContact(ctx context.Context, scope identity.Scope, in *mergeContactInput) (*body[mergedBody], error) {
	m, c, err := s.Merging.Merge(ctx, scope, in.id(), contact.ID(in.Body.Into))
	if err != nil {
		return nil, err
	}
	c, ids, err := s.Contacts.Get(ctx, scope, c.ID)
	if err != nil {
		return nil, err
	}
	return &body[mergedBody]{Body: mergedBody{MergeID: string(m.ID), Contact: contactOf(c, ids)}}, nil
}

// MergePath is the path parameters of one merge.
type MergePath struct {
	Workspace string `path:"workspace"`
	Merge     string `path:"merge"`
}

// unmergedBody is a merge that was undone.
type unmergedBody struct {
	Contact contactBody `json:"contact" doc:"The contact that stands for itself again."`
	From    contactBody `json:"from" doc:"The contact that it was merged into."`
}

func (s *Server) undoMerge(ctx context.Context, scope identity.Scope, in *MergePath) (*body[unmergedBody], error) {
	source, from, err := s.Merging.Undo(ctx, scope, contact.MergeID(in.Merge))
	if err != nil {
		return nil, err
	}
	out := &body[unmergedBody]{}
	for _, side := range []struct {
		id contact.ID
		to *contactBody
	}{{source.ID, &out.Body.Contact}, {from.ID, &out.Body.From}} {
		c, ids, err := s.Contacts.Get(ctx, scope, side.id)
		if err != nil {
			return nil, err
		}
		*side.to = contactOf(c, ids)
	}
	return out, nil
}

// mergeBody is a merge of two contacts.
type mergeBody struct {
	ID       string          `json:"id"`
	Source   wire.ContactRef `json:"source" doc:"The contact that was merged."`
	TargetID string          `json:"target_id"`
	Actor    wire.Actor      `json:"actor"`
	At       time.Time       `json:"at"`
	UndoneAt *time.Time      `json:"undone_at,omitempty"`
}

func mergeOf(m contact.Merge) mergeBody {
	return mergeBody{
		ID: string(m.ID), Source: wire.ContactRef{ID: string(m.Source), Name: m.SourceName}, TargetID: string(m.Target),
		Actor: wire.Actor{Kind: string(m.Actor.Kind), ID: m.Actor.ID, Name: m.Actor.Name}, At: wire.Stamp(m.At), UndoneAt: stamp(m.UndoneAt),
	}
}

func (s *Server) listMerges(ctx context.Context, scope identity.Scope, in *ContactPath) (*body[list[mergeBody]], error) {
	all, err := s.Merging.List(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return wholeList(all, mergeOf), nil
}

// wholeList is a list that has one page.
func wholeList[T, B any](all []T, view func(T) B) *body[list[B]] {
	out := &body[list[B]]{Body: list[B]{Items: make([]B, len(all))}}
	for i, v := range all {
		out.Body.Items[i] = view(v)
	}
	return out
}

// duplicateBody is a contact that may be the same person.
type duplicateBody struct {
	Contact contactBody `json:"contact"`
	Reason  string      `json:"reason" enum:"email,phone,name" doc:"What the two have in common."`
}

func (s *Server) listDuplicates(ctx context.Context, scope identity.Scope, in *ContactPath) (*body[list[duplicateBody]], error) {
	all, err := s.Merging.Duplicates(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return wholeList(all, func(d contact.Duplicate) duplicateBody {
		return duplicateBody{Contact: contactOf(d.Contact, nil), Reason: d.Reason}
	}), nil
}
