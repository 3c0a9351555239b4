package far

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// maxAddress bounds an address, in bytes.
const maxAddress = 8000

// request builds a request.
func (c *Client) request(ctx context.Context, r *mapping.Request, scope expr.Scope, signed bool) (*http.Request, error) {
	address, err := c.address(r, scope, signed)
	if err != nil {
		return nil, unusable(err)
	}
	body, kind, err := payload(r, scope)
	if err != nil {
		return nil, unusable(err)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, address, body)
	if err != nil {
		return nil, errs.Reject("bad_config", "The mapping makes an address that is none.")
	}
	req.Header.Set("Accept", "application/json")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	sets := []map[string]*expr.Text{c.mapping.Headers, r.Headers}
	if signed {
		sets = append(sets, c.mapping.Auth.Headers)
		if err := c.credentials(req, scope); err != nil {
			return nil, unusable(err)
		}
	}
	for _, set := range sets {
		for name, text := range set {
			if err := setHeader(req, name, text, scope); err != nil {
				return nil, unusable(err)
			}
		}
	}
	return req, nil
}

// unusable tells of values that the mapping cannot place.
func unusable(err error) error {
	if errors.Is(err, expr.ErrUnusable) {
		return errs.Reject(errs.CodeBadRequest, "A value does not fit where the mapping puts it.").WithCause(err)
	}
	return err
}

func setHeader(req *http.Request, name string, text *expr.Text, scope expr.Scope) error {
	value, err := text.String(scope, func(s string) (string, error) {
		if strings.ContainsAny(s, "\r\n\x00") {
			return "", expr.ErrUnusable
		}
		return s, nil
	})
	if err == nil && value != "" {
		req.Header.Set(name, value)
	}
	return err
}

// address puts base, path and query together. Values are escaped; one that is
// nothing or dots, or has a slash, could lead elsewhere and is refused in a path.
func (c *Client) address(r *mapping.Request, scope expr.Scope, signed bool) (string, error) {
	path, err := r.Path.String(scope, func(s string) (string, error) {
		if strings.Trim(s, ".") == "" || strings.ContainsAny(s, "/\\\x00") {
			return "", expr.ErrUnusable
		}
		return url.PathEscape(s), nil
	})
	if err != nil {
		return "", err
	}
	query := url.Values{}
	sets := []map[string]*expr.Text{r.Query}
	if signed {
		sets = append(sets, c.mapping.Auth.Query)
		if c.mapping.Auth.Type == mapping.AuthQuery {
			sets = append(sets, map[string]*expr.Text{c.mapping.Auth.Name: c.mapping.Auth.Value})
		}
	}
	for _, set := range sets {
		if err := fill(query, set, scope); err != nil {
			return "", err
		}
	}
	out := c.base.String() + path
	if len(query) > 0 {
		out += "?" + query.Encode()
	}
	if len(out) > maxAddress {
		return "", errs.Reject(errs.CodeBadRequest, "The mapping makes an address that is too long.")
	}
	return out, nil
}

// fill adds the texts that have a value. A list gives its name once for each entry.
func fill(into url.Values, set map[string]*expr.Text, scope expr.Scope) error {
	for name, text := range set {
		v, there, err := text.Value(scope)
		if err != nil {
			return err
		}
		if !there || v == nil {
			continue
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, entry := range list {
			into.Add(name, expr.Plain(entry))
		}
	}
	return nil
}

func payload(r *mapping.Request, scope expr.Scope) (io.Reader, string, error) {
	switch {
	case r.Body != nil:
		v, _, err := r.Body.Value(scope)
		if err != nil {
			return nil, "", err
		}
		encoded, err := json.Marshal(v)
		if err != nil {
			return nil, "", err
		}
		return bytes.NewReader(encoded), "application/json", nil
	case len(r.Form) > 0:
		form := url.Values{}
		if err := fill(form, r.Form, scope); err != nil {
			return nil, "", err
		}
		return strings.NewReader(form.Encode()), "application/x-www-form-urlencoded", nil
	default:
		return nil, "", nil
	}
}

// credentials signs a request.
func (c *Client) credentials(req *http.Request, scope expr.Scope) error {
	a := c.mapping.Auth
	switch a.Type {
	case mapping.AuthBasic:
		username, err := a.Username.String(scope, nil)
		if err != nil {
			return err
		}
		password, err := a.Password.String(scope, nil)
		if err != nil {
			return err
		}
		req.SetBasicAuth(username, password)
	case mapping.AuthBearer:
		token, err := a.Token.String(scope, nil)
		if err != nil {
			return err
		}
		if strings.ContainsAny(token, "\r\n\x00") {
			return expr.ErrUnusable
		}
		req.Header.Set("Authorization", "Bearer "+token)
	case mapping.AuthHeader:
		return setHeader(req, a.Name, a.Value, scope)
	}
	return nil
}
