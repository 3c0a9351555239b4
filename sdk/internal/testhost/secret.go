package testhost

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Token is a token for a far side.
type Token struct {
	Value     string
	ExpiresAt time.Time // zero = not known
}

// SetToken signs an instance in: the field at a JSON pointer has the first
// token, and the next one each time that the far side refuses the one before or
// its time is over. After the last somebody must sign in again. No token at all
// says that right away.
func (h *Host) SetToken(instance, pointer string, tokens ...Token) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens[place{instance, pointer}] = tokens
}

type secrets struct {
	pluginv1.UnimplementedHostSecretServiceServer
	*desk
}

// GetAccessToken returns a token that is valid now.
func (h *secrets) GetAccessToken(_ context.Context, req *pluginv1.GetAccessTokenRequest) (*pluginv1.GetAccessTokenResponse, error) {
	const early = time.Minute
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{req.GetInstanceId(), req.GetPointer()}
	left, known := h.tokens[at]
	if !known && !signed(h.options.Manifest.ConfigSchema, req.GetPointer()) {
		return nil, absent()
	}
	for len(left) > 0 && (left[0].Value == req.GetRefused() || !left[0].ExpiresAt.IsZero() && !h.now().Before(left[0].ExpiresAt.Add(-early))) {
		left = left[1:]
	}
	if known {
		h.tokens[at] = left
	}
	if len(left) == 0 {
		return nil, conflict("connection.auth_expired", "The far side does not let this connection in any more. Sign in again on its page.")
	}
	return &pluginv1.GetAccessTokenResponse{AccessToken: left[0].Value, ExpiresAt: timed(left[0].ExpiresAt)}, nil
}

// signed reports whether a schema has a field with x-oauth at a JSON pointer.
func signed(schema []byte, pointer string) bool {
	at := json.RawMessage(schema)
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		var node struct {
			Properties map[string]json.RawMessage `json:"properties"`
		}
		if json.Unmarshal(at, &node) != nil {
			return false
		}
		at = node.Properties[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
	}
	var field map[string]json.RawMessage
	return json.Unmarshal(at, &field) == nil && field["x-oauth"] != nil
}
