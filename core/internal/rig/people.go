package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Prefix of the REST API.
const Prefix = "/api/v1"

// Member is a signed-in member of one workspace.
type Member struct {
	API
	ID        string
	Workspace string
}

// At is a path of the member's workspace.
func (m Member) At(path string) string { return Prefix + "/workspaces/" + m.Workspace + path }

// LiveURL is the address of the member's socket.
func (m Member) LiveURL() string {
	return "ws" + strings.TrimPrefix(m.Base, "http") + m.At("/live")
}

func (a API) signedIn(ctx context.Context, path string, in any) (Member, error) {
	var me Me
	answer, err := a.Call(ctx, http.MethodPost, path, in, &me)
	if err != nil {
		return Member{}, err
	}
	if len(me.Memberships) == 0 {
		return Member{}, errors.New("the account has no workspace")
	}
	cookie, _, _ := strings.Cut(answer.Header.Get("Set-Cookie"), ";")
	return Member{API: a.As("Cookie", cookie), ID: me.Memberships[0].MemberID, Workspace: me.Memberships[0].Workspace.ID}, nil
}

// SignIn signs an account in by its password.
func (a API) SignIn(ctx context.Context, email, password string) (Member, error) {
	return a.signedIn(ctx, Prefix+"/session", map[string]string{"email": email, "password": password})
}

// Invite adds a colleague: an invitation, accepted at once.
func (m Member) Invite(ctx context.Context, email, name, role, password string) (Member, error) {
	var invitation struct {
		Link string `json:"link"`
	}
	if _, err := m.Call(ctx, http.MethodPost, m.At("/invitations"), map[string]string{"email": email, "role": role}, &invitation); err != nil {
		return Member{}, fmt.Errorf("invite %s: %w", email, err)
	}
	link, err := url.Parse(invitation.Link)
	if err != nil {
		return Member{}, fmt.Errorf("read the link of an invitation: %w", err)
	}
	token := link.Query().Get("token")
	if token == "" {
		token = link.Fragment
	}
	return NewAPI(m.Base).signedIn(ctx, Prefix+"/invitations/accept", map[string]string{"token": token, "name": name, "password": password})
}

// Connect makes an inbox, once its plugin runs.
func (m Member) Connect(ctx context.Context, name, plugin string, config map[string]any) (Inbox, error) {
	if err := m.await(ctx, plugin); err != nil {
		return Inbox{}, fmt.Errorf("wait for %s: %w", plugin, err)
	}
	var inbox Inbox
	_, err := m.Call(ctx, http.MethodPost, m.At("/inboxes"), map[string]any{"name": name, "plugin": plugin, "config": config}, &inbox)
	return inbox, err
}

// await waits until a channel's plugin runs.
func (m Member) await(ctx context.Context, plugin string) error {
	return Until(ctx, time.Minute, func() (bool, error) {
		var list struct {
			Items []struct {
				Plugin    string `json:"plugin"`
				Available bool   `json:"available"`
			} `json:"items"`
		}
		_, err := m.Call(ctx, http.MethodGet, m.At("/channels"), nil, &list)
		for _, c := range list.Items {
			if c.Plugin == plugin && c.Available {
				return true, nil
			}
		}
		return false, err
	})
}

// OpenSession lets a visitor in. token is of an earlier session, or "".
func (a API) OpenSession(ctx context.Context, inbox, token string) (Visitor, error) {
	var v Visitor
	_, err := a.Call(ctx, http.MethodPost, Prefix+"/live/"+inbox+"/sessions", map[string]string{
		"page_url": "https://shop.example/tea", "page_title": "Tea", "locale": "en", "token": token,
	}, &v)
	return v, err
}

// VisitorURL is the address of a visitor's socket.
func (a API) VisitorURL(inbox string) string {
	return "ws" + strings.TrimPrefix(a.Base, "http") + Prefix + "/live/" + inbox + "/socket"
}
