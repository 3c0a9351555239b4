package trytontest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
)

// Session is somebody who signed in: what tests see and change Tryton with,
// beside the plugin.
type Session struct {
	tryton *Tryton
	header string
}

// SignIn opens a session.
func (t *Tryton) SignIn(ctx context.Context, user, password string) (*Session, error) {
	s := &Session{tryton: t}
	var who []any
	if err := s.Call(ctx, "common.db.login", &who, user, map[string]any{"password": password}, "en"); err != nil {
		return nil, err
	}
	if len(who) != 2 {
		return nil, fmt.Errorf("the sign-in answered %v", who)
	}
	s.header = "Session " + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s:%v:%v", user, who[0], who[1]))
	return s, nil
}

// Call calls a method of Tryton's JSON-RPC and decodes its result.
func (s *Session) Call(ctx context.Context, method string, into any, params ...any) error {
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.tryton.URL+"/"+s.tryton.Database+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if s.header != "" {
		req.Header.Set("Authorization", s.header)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", method, resp.StatusCode)
	}
	var answer struct {
		Result json.RawMessage
		Error  json.RawMessage
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if len(answer.Error) > 0 {
		return fmt.Errorf("%s: %s", method, answer.Error)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Result, into)
}
