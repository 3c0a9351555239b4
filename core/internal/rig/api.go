package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// API is one party that speaks REST: nobody yet, a signed-in member, or a
// visitor. Copies share the connections.
type API struct {
	Base   string // of the server, without a slash at the end
	HTTP   *http.Client
	Header http.Header // sent with every request
}

// NewAPI returns a party that has not shown who it is.
func NewAPI(base string) API {
	return API{Base: base, HTTP: NewHTTP(""), Header: http.Header{}}
}

// NewHTTP returns a client that keeps its connections. from is the local
// address to come from (127.0.0.2, ...); "" = any.
func NewHTTP(from string) *http.Client {
	d := Dialer(from)
	return &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{
		DialContext: d.DialContext, MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true,
	}}
}

// Dialer returns a dialer that comes from a local address.
func Dialer(from string) *net.Dialer {
	d := &net.Dialer{Timeout: 5 * time.Second}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	return d
}

// As returns the same party with a header of its own.
func (a API) As(name, value string) API {
	a.Header = a.Header.Clone()
	a.Header.Set(name, value)
	return a
}

// Answer is what the server said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Replayed reports whether the answer is that of an earlier request.
func (a Answer) Replayed() bool { return a.Header.Get("Idempotency-Replayed") == "true" }

// Problem is an answer that is not a success (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Fields []struct {
		Pointer string `json:"pointer"`
		Code    string `json:"code"`
		Detail  string `json:"detail"`
	} `json:"fields"`

	ContentType string        `json:"-"`
	RetryAfter  time.Duration `json:"-"`
}

// Error returns status, code and detail.
func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// ProblemOf returns the problem in an error chain; nil when the request did
// not get an answer at all.
func ProblemOf(err error) *Problem {
	p, _ := errors.AsType[*Problem](err)
	return p
}

// Call sends in as JSON (nothing when nil) and reads the answer into out
// (unless nil). An answer that is not a success is a *Problem.
func (a API) Call(ctx context.Context, method, path string, in, out any) (Answer, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return Answer{}, fmt.Errorf("encode a request: %w", err)
		}
	}
	answer, err := a.Raw(ctx, method, path, body)
	if err != nil || out == nil {
		return answer, err
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return answer, fmt.Errorf("%s %s answered what is not our JSON: %w: %.200q", method, path, err, answer.Body)
	}
	return answer, nil
}

// Raw is Call with the bytes of the body.
func (a API) Raw(ctx context.Context, method, path string, body []byte) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.Base+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("make a request: %w", err)
	}
	maps.Copy(req.Header, a.Header)
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := a.HTTP.Do(req)
	if err != nil {
		return Answer{}, err //nolint:wrapcheck // it says method and address
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer of %s %s: %w", method, path, err)
	}
	answer := Answer{Status: res.StatusCode, Header: res.Header, Body: text}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return answer, nil
	}
	return answer, problem(answer)
}

func problem(a Answer) *Problem {
	p := &Problem{}
	if err := json.Unmarshal(a.Body, p); err != nil {
		p.Detail = string(a.Body)
	}
	p.Status, p.ContentType = a.Status, a.Header.Get("Content-Type")
	if s, err := strconv.Atoi(a.Header.Get("Retry-After")); err == nil {
		p.RetryAfter = time.Duration(s) * time.Second
	}
	return p
}
