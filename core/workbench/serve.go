package workbench

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

//go:embed page
var files embed.FS

// maxRequest bounds what the page may post, in bytes.
const maxRequest = 1 << 20

// Bench is what the page shows, and does.
type Bench interface {
	// State returns all that the page shows, as JSON has it.
	State(ctx context.Context) any
	// Do does something that the page offers, by name. What is not offered is
	// errs.NotFound.
	Do(ctx context.Context, name string, args json.RawMessage) (any, error)
	// Console returns an address that signs in to the console, once.
	Console(ctx context.Context) (string, error)
}

// Handler serves the page at an address of this machine. It answers nobody who
// came by another name than that: a page of elsewhere must not press its buttons.
func Handler(address string, b Bench) http.Handler {
	page, err := fs.Sub(files, "page")
	if err != nil { // it is embedded
		page = files
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(page))
	mux.HandleFunc("GET /api/state", func(w http.ResponseWriter, r *http.Request) { answer(w, http.StatusOK, b.State(r.Context())) })
	mux.HandleFunc("POST /api/do/{name}", func(w http.ResponseWriter, r *http.Request) { do(w, r, b) })
	mux.HandleFunc("GET /console", func(w http.ResponseWriter, r *http.Request) {
		to, err := b.Console(r.Context())
		if err != nil {
			refuse(w, err)
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	return guard(address, mux)
}

func do(w http.ResponseWriter, r *http.Request, b Bench) {
	args, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		refuse(w, errs.Wrap(err, errs.Invalid, "workbench.body", "The request is too large, or was cut off."))
		return
	}
	out, err := b.Do(r.Context(), r.PathValue("name"), args)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, out)
}

// guard keeps pages of elsewhere out: by the name in the Host header, which DNS
// cannot forge for a browser, and by where a request comes from.
func guard(address string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !ours(address, r.Host) || r.Header.Get("Origin") != "" && r.Header.Get("Origin") != "http://"+r.Host || r.Header.Get("Sec-Fetch-Site") == "cross-site" {
			http.Error(w, "This page is opened by its own address.", http.StatusForbidden)
			return
		}
		if r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			http.Error(w, "Post JSON.", http.StatusUnsupportedMediaType)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ours reports whether a Host header names the address, or localhost at its port.
func ours(address, host string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && (host == address || host == net.JoinHostPort("localhost", port))
}

// problem is what went wrong, for the page.
type problem struct {
	Detail string         `json:"detail"`
	Code   string         `json:"code,omitempty"`
	Fields []problemField `json:"fields,omitempty"`
}

type problemField struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

func refuse(w http.ResponseWriter, err error) {
	p := problem{Detail: err.Error()}
	status := http.StatusBadGateway
	if e, ok := errors.AsType[*errs.Error](err); ok {
		p.Detail, p.Code = e.Message, e.Code
		if e.Kind == errs.Internal {
			p.Detail = err.Error() // the reader is the author
		}
		for _, f := range e.Fields {
			p.Fields = append(p.Fields, problemField{f.Pointer, f.Detail})
		}
		switch e.Kind { //nolint:exhaustive // the rest is somebody else's fault
		case errs.Invalid, errs.Conflict:
			status = http.StatusUnprocessableEntity
		case errs.NotFound:
			status = http.StatusNotFound
		}
	}
	answer(w, status, p)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a page that was closed
}

// Serve serves the page until ctx ends.
func Serve(ctx context.Context, l net.Listener, b Bench) error {
	server := &http.Server{
		Handler: Handler(l.Addr().String(), b), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // what the page asks for now is of no use
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err //nolint:wrapcheck // it names the listener
	}
	return nil
}

// URL is the page's.
func URL(l net.Listener) string { return (&url.URL{Scheme: "http", Host: l.Addr().String()}).String() }
