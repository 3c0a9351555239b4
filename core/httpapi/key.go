package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// KeyBody is an API key without its secret.
type KeyBody struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Prefix      string     `json:"prefix" doc:"How the key begins. The rest is shown once, when it is made."`
	Scopes      []string   `json:"scopes"`
	CreatedBy   string     `json:"created_by" doc:"The member it acts for."`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
	LastUsedAt  *time.Time `json:"last_used_at,omitempty" doc:"To the minute."`
	LastAddress string     `json:"last_address,omitempty"`
	RevokedAt   *time.Time `json:"revoked_at,omitempty"`
}

// madeKeyBody is a new API key with its secret.
type madeKeyBody struct {
	KeyBody
	Secret string `json:"secret" doc:"The whole key: Authorization: Bearer <secret>. It is shown this once."`
}

func keyOf(k identity.APIKey) KeyBody {
	return KeyBody{
		ID: string(k.ID), Name: k.Name, Prefix: k.Prefix(), Scopes: strs(k.Scopes), CreatedBy: string(k.Member), CreatedAt: wire.Stamp(k.CreatedAt),
		ExpiresAt: stampOf(k.ExpiresAt), LastUsedAt: stampOf(k.LastUsedAt), LastAddress: k.LastAddress, RevokedAt: stampOf(k.RevokedAt),
	}
}

func stampOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	at := wire.Stamp(t)
	return &at
}

func (s *Server) keyRoutes() {
	base := apiPrefix + "/workspaces/{workspace}/api-keys"
	tags := []string{"api keys"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base, Summary: "List API keys", Tags: tags,
		Description: "One's own; with apikey.manage those of everybody. Revoked and expired ones are listed too.",
	}, identity.APIKeyOwn, s.listKeys)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base, Summary: "Make an API key", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "It acts as you, with those of the permissions named that you hold yourself. A key makes no keys.",
	}, identity.APIKeyOwn, s.createKey)
	member(s, huma.Operation{
		Method: http.MethodDelete, Path: base + "/{key}", Summary: "Revoke an API key", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "At once and for good.",
	}, identity.APIKeyOwn, s.revokeKey)
}

type listKeysInput struct {
	Workspace string `path:"workspace"`
	Paging
}

func (s *Server) listKeys(ctx context.Context, scope identity.Scope, in *listKeysInput) (*body[list[KeyBody]], error) {
	return asList(keyOf)(s.Identity.Keys.List(ctx, scope, in.request()))
}

type createKeyInput struct {
	Workspace string `path:"workspace"`
	Body      struct {
		Name      string     `json:"name"`
		Scopes    []string   `json:"scopes" maxItems:"100" doc:"Permissions, see GET /permissions."`
		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Absent: never."`
	}
}

func (s *Server) createKey(ctx context.Context, scope identity.Scope, in *createKeyInput) (*body[madeKeyBody], error) {
	n := identity.NewKey{Name: in.Body.Name}
	for _, p := range in.Body.Scopes {
		n.Scopes = append(n.Scopes, identity.Permission(p))
	}
	if in.Body.ExpiresAt != nil {
		n.ExpiresAt = *in.Body.ExpiresAt
	}
	k, secret, err := s.Identity.Keys.Create(ctx, scope, n)
	if err != nil {
		return nil, err
	}
	return &body[madeKeyBody]{Body: madeKeyBody{keyOf(k), secret}}, nil
}

type keyPath struct {
	Workspace string `path:"workspace"`
	Key       string `path:"key"`
}

func (s *Server) revokeKey(ctx context.Context, scope identity.Scope, in *keyPath) (*struct{}, error) {
	return nil, s.Identity.Keys.Revoke(ctx, scope, identity.KeyID(in.Key))
}

// keyIn returns the API key in an Authorization header.
func keyIn(authorization string) (string, bool) {
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	return token, ok && strings.HasPrefix(token, identity.KeyPrefix)
}

// enterByKey admits a program to a route of a workspace.
func (s *Server) enterByKey(ctx huma.Context, token string, p identity.Permission, spend func(thing, who string) error) (huma.Context, error) {
	k, scope, err := s.Identity.Keys.Scope(ctx.Context(), token, identity.WorkspaceID(ctx.Param("workspace")))
	if err != nil {
		return ctx, err
	}
	if err := spend(limitMember, string(k.ID)); err != nil {
		return ctx, err
	}
	client := clientOf(ctx.Context())
	client.Via = string(k.ID)
	ctx = huma.WithContext(ctx, identity.WithClient(ctx.Context(), client))
	return huma.WithValue(ctx, keyScope, scope), scope.Require(p)
}
