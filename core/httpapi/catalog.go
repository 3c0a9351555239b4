package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// labelBody is a mark on conversations.
type labelBody struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Color       string    `json:"color" doc:"#rrggbb"`
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
}

func labelOf(l catalog.Label) labelBody {
	return labelBody{ID: string(l.ID), Name: l.Name, Color: l.Color, Description: l.Description, CreatedAt: wire.Stamp(l.CreatedAt)}
}

// attributeBody is the definition of a custom attribute.
type attributeBody struct {
	ID        string    `json:"id"`
	Target    string    `json:"target" enum:"conversation,contact"`
	Key       string    `json:"key"`
	Name      string    `json:"name"`
	Type      string    `json:"type" enum:"text,number,boolean,date,list,link"`
	Options   []string  `json:"options,omitempty" nullable:"false" doc:"Of a list: what it may be."`
	Required  bool      `json:"required" doc:"Clients ask for it before a conversation is resolved or a contact saved."`
	CreatedAt time.Time `json:"created_at"`
}

func attributeOf(a catalog.Attribute) attributeBody {
	return attributeBody{
		ID: string(a.ID), Target: string(a.Target), Key: a.Key, Name: a.Name, Type: string(a.Type),
		Options: a.Options, Required: a.Required, CreatedAt: wire.Stamp(a.CreatedAt),
	}
}

// all is a list that is never long: it comes whole.
type all[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

func allOf[T, V any](list []T, err error, view func(T) V) (*body[all[V]], error) {
	if err != nil {
		return nil, err
	}
	out := &body[all[V]]{Body: all[V]{Items: make([]V, len(list))}}
	for i, item := range list {
		out.Body.Items[i] = view(item)
	}
	return out, nil
}

func oneOf[T, V any](item T, err error, view func(T) V) (*body[V], error) {
	if err != nil {
		return nil, err
	}
	return &body[V]{Body: view(item)}, nil
}

func (s *Server) catalogRoutes() {
	path, tags := apiPrefix+"/workspaces/{workspace}", []string{"catalog"}
	read, manage := identity.CatalogRead, identity.CatalogManage
	op := func(method, path, summary string, status int) huma.Operation {
		return huma.Operation{Method: method, Path: path, Summary: summary, Tags: tags, DefaultStatus: status}
	}
	member(s, op(http.MethodGet, path+"/labels", "List labels", 0), read, s.listLabels)
	member(s, op(http.MethodPost, path+"/labels", "Make a label", http.StatusCreated), manage, s.createLabel)
	member(s, op(http.MethodPatch, path+"/labels/{label}", "Change a label", 0), manage, s.patchLabel)
	member(s, op(http.MethodDelete, path+"/labels/{label}", "Delete a label everywhere", http.StatusNoContent), manage, s.deleteLabel)
	member(s, op(http.MethodGet, path+"/attributes", "List definitions of custom attributes", 0), read, s.listAttributes)
	member(s, op(http.MethodPost, path+"/attributes", "Define a custom attribute", http.StatusCreated), manage, s.createAttribute)
	member(s, op(http.MethodPatch, path+"/attributes/{attribute}", "Change a definition", 0), manage, s.patchAttribute)
	member(s, op(http.MethodDelete, path+"/attributes/{attribute}", "Delete a definition", http.StatusNoContent), manage, s.deleteAttribute)
}

func (s *Server) listLabels(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[all[labelBody]], error) {
	list, err := s.Catalog.Labels(ctx, scope)
	return allOf(list, err, labelOf)
}

// LabelPath is the path parameters of one label.
type LabelPath struct {
	WorkspacePath
	Label string `path:"label"`
}

type createLabelInput struct {
	WorkspacePath
	Body struct {
		Name        string  `json:"name"`
		Color       string  `json:"color" doc:"#rrggbb"`
		Description *string `json:"description,omitempty"`
	}
}

func (s *Server) createLabel(ctx context.Context, scope identity.Scope, in *createLabelInput) (*body[labelBody], error) {
	l, err := s.Catalog.CreateLabel(ctx, scope, catalog.LabelPatch{Name: &in.Body.Name, Color: &in.Body.Color, Description: in.Body.Description})
	return oneOf(l, err, labelOf)
}

type patchLabelInput struct {
	LabelPath
	Body struct {
		Name        *string `json:"name,omitempty"`
		Color       *string `json:"color,omitempty" doc:"#rrggbb"`
		Description *string `json:"description,omitempty"`
	}
}

func (s *Server) patchLabel(ctx context.Context, scope identity.Scope, in *patchLabelInput) (*body[labelBody], error) {
	l, err := s.Catalog.UpdateLabel(ctx, scope, catalog.LabelID(in.Label), catalog.LabelPatch(in.Body))
	return oneOf(l, err, labelOf)
}

func (s *Server) deleteLabel(ctx context.Context, scope identity.Scope, in *LabelPath) (*struct{}, error) {
	return nil, s.Catalog.DeleteLabel(ctx, scope, catalog.LabelID(in.Label))
}

type listAttributesInput struct {
	WorkspacePath
	Target string `query:"target" enum:"conversation,contact" doc:"Only these."`
}

func (s *Server) listAttributes(ctx context.Context, scope identity.Scope, in *listAttributesInput) (*body[all[attributeBody]], error) {
	list, err := s.Catalog.Attributes(ctx, scope, catalog.Target(in.Target))
	return allOf(list, err, attributeOf)
}

type createAttributeInput struct {
	WorkspacePath
	Body struct {
		Target   string   `json:"target" enum:"conversation,contact"`
		Key      string   `json:"key" doc:"A lower-case letter, then letters, digits and _; it never changes."`
		Name     string   `json:"name"`
		Type     string   `json:"type" enum:"text,number,boolean,date,list,link" doc:"It never changes."`
		Options  []string `json:"options,omitempty" nullable:"false"`
		Required bool     `json:"required,omitempty"`
	}
}

func (s *Server) createAttribute(ctx context.Context, scope identity.Scope, in *createAttributeInput) (*body[attributeBody], error) {
	a, err := s.Catalog.CreateAttribute(ctx, scope, catalog.NewAttribute{
		Target: catalog.Target(in.Body.Target), Key: in.Body.Key, Name: in.Body.Name, Type: catalog.Type(in.Body.Type),
		Options: in.Body.Options, Required: in.Body.Required,
	})
	return oneOf(a, err, attributeOf)
}

// AttributePath is the path parameters of one definition.
type AttributePath struct {
	WorkspacePath
	Attribute string `path:"attribute"`
}

type patchAttributeInput struct {
	AttributePath
	Body struct {
		Name     *string   `json:"name,omitempty"`
		Options  *[]string `json:"options,omitempty"`
		Required *bool     `json:"required,omitempty"`
	}
}

func (s *Server) patchAttribute(ctx context.Context, scope identity.Scope, in *patchAttributeInput) (*body[attributeBody], error) {
	a, err := s.Catalog.UpdateAttribute(ctx, scope, catalog.AttributeID(in.Attribute), catalog.AttributePatch(in.Body))
	return oneOf(a, err, attributeOf)
}

func (s *Server) deleteAttribute(ctx context.Context, scope identity.Scope, in *AttributePath) (*struct{}, error) {
	return nil, s.Catalog.DeleteAttribute(ctx, scope, catalog.AttributeID(in.Attribute))
}
