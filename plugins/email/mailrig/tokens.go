package mailrig

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"
)

// tokens answers Dovecot's questions about access tokens (RFC 7662).
type tokens struct {
	url    string
	server *http.Server

	mu    sync.Mutex
	users map[string]string
}

func serveTokens(ctx context.Context) (*tokens, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &tokens{url: "http://" + l.Addr().String() + "/introspect", users: make(map[string]string)}
	t.server = &http.Server{Handler: http.HandlerFunc(t.introspect), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = t.server.Serve(l) }() // ends by close
	return t, nil
}

func (t *tokens) introspect(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	user, ok := t.users[r.PostFormValue("token")]
	t.mu.Unlock()
	answer := map[string]any{"active": ok}
	if ok {
		answer["email"], answer["username"] = user, user
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // Dovecot is gone otherwise
}

func (t *tokens) close() error { return t.server.Close() }

// Token makes an access token that opens a user's account.
func (r *Rig) Token(token, user string) {
	r.tokens.mu.Lock()
	defer r.tokens.mu.Unlock()
	r.tokens.users[token] = user
}

// Revoke makes an access token worthless.
func (r *Rig) Revoke(token string) {
	r.tokens.mu.Lock()
	defer r.tokens.mu.Unlock()
	delete(r.tokens.users, token)
}
