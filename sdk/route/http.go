package route

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// HTTP returns a Route that asks a net/http handler, a mux for example. The
// instance is in the request's context: see InstanceOf.
func HTTP(h http.Handler) Route { return adapted{h} }

type adapted struct{ handler http.Handler }

type instanceKey struct{}

// InstanceOf returns the instance that a request of HTTP came in by.
func InstanceOf(r *http.Request) instance.Instance {
	in, _ := r.Context().Value(instanceKey{}).(instance.Instance)
	return in
}

// Handle asks the handler.
func (a adapted) Handle(ctx context.Context, req Request) (Response, error) {
	target, err := url.ParseRequestURI(req.Path)
	if err != nil {
		target = &url.URL{Path: req.Path}
	}
	target.RawQuery = req.RawQuery
	r, err := http.NewRequestWithContext(context.WithValue(ctx, instanceKey{}, req.Instance), req.Method, "/", bytes.NewReader(req.Body))
	if err != nil {
		return Response{}, errs.Reject(errs.CodeBadRequest, "The request is malformed.").WithCause(err)
	}
	r.URL, r.RequestURI, r.RemoteAddr, r.Host = target, target.RequestURI(), req.Remote, req.Header.Get("Host")
	for name, values := range req.Header {
		r.Header[name] = slices.Clone(values)
	}
	w := &writer{header: make(http.Header)}
	a.handler.ServeHTTP(w, r)
	if w.tooLong {
		return Response{}, fmt.Errorf("the answer to %s has more than %d bytes", req.Path, MaxBody)
	}
	w.WriteHeader(http.StatusOK)
	return Response{Status: w.status, Header: w.sent, Body: w.body.Bytes()}, nil
}

// writer keeps what a handler writes.
type writer struct {
	header  http.Header
	sent    http.Header // as they were when the status was written
	status  int
	body    bytes.Buffer
	tooLong bool
}

// Header returns the headers, to be changed until the status is written.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader keeps the first status; informational ones go nowhere.
func (w *writer) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write keeps a part of the body, up to MaxBody.
func (w *writer) Write(p []byte) (int, error) {
	if w.status == 0 && w.header.Get("Content-Type") == "" {
		w.header.Set("Content-Type", http.DetectContentType(p))
	}
	w.WriteHeader(http.StatusOK)
	if w.body.Len()+len(p) > MaxBody {
		w.tooLong = true
		return 0, errors.New("the answer is too long")
	}
	return w.body.Write(p)
}
