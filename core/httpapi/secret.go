package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// newSecretBody is a new identity secret.
type newSecretBody struct {
	Secret string `json:"secret" doc:"The key of HS256, exactly as it stands. It is shown this once."`
	KID    string `json:"kid"`
}

// secretBody is what is known of an identity secret later.
type secretBody struct {
	KID       string     `json:"kid"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it stops working; absent for the current one."`
}

// secretsBody lists the identity secrets that work.
type secretsBody struct {
	KIDs []secretBody `json:"kids"`
}

func (s *Server) secretRoutes() {
	path := apiPrefix + "/workspaces/{workspace}/inboxes/{inbox}/identity-secret"
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path, Summary: "Make a new identity secret", Tags: []string{"inboxes"}, DefaultStatus: http.StatusCreated,
		Description: "The previous one works for 24 hours more.",
	},
		identity.InboxManage, s.createSecret)
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "List the identity secrets that work", Tags: []string{"inboxes"}},
		identity.InboxManage, s.listSecrets)
	member(s, huma.Operation{Method: http.MethodDelete, Path: path + "/{kid}", Summary: "End an identity secret at once", Tags: []string{"inboxes"}, DefaultStatus: http.StatusNoContent},
		identity.InboxManage, s.deleteSecret)
}

func (s *Server) createSecret(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[newSecretBody], error) {
	secret, made, err := s.Secrets.Create(ctx, scope, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	return &body[newSecretBody]{Body: newSecretBody{Secret: secret, KID: made.KID}}, nil
}

func (s *Server) listSecrets(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[secretsBody], error) {
	all, err := s.Secrets.List(ctx, scope, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	out := &body[secretsBody]{Body: secretsBody{KIDs: []secretBody{}}}
	for _, k := range all {
		b := secretBody{KID: k.KID, CreatedAt: wire.Stamp(k.CreatedAt)}
		if !k.ExpiresAt.IsZero() {
			end := wire.Stamp(k.ExpiresAt)
			b.ExpiresAt = &end
		}
		out.Body.KIDs = append(out.Body.KIDs, b)
	}
	return out, nil
}

type secretInput struct {
	InboxPath
	KID string `path:"kid"`
}

func (s *Server) deleteSecret(ctx context.Context, scope identity.Scope, in *secretInput) (*struct{}, error) {
	return nil, s.Secrets.Delete(ctx, scope, channel.InboxID(in.Inbox), in.KID)
}
