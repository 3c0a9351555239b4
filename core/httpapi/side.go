package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Side is a small server on a port of its own, beside the public one.
type Side struct{ server *http.Server }

// The limits of a side server: its requests are small, and its answers too.
const (
	sideTimeout = 10 * time.Second
	sideHead    = 16 << 10
)

func newSide(h http.Handler, log *slog.Logger) *Side {
	return &Side{&http.Server{
		Handler: h, ReadTimeout: sideTimeout, ReadHeaderTimeout: sideTimeout, WriteTimeout: 3 * sideTimeout, IdleTimeout: time.Minute,
		MaxHeaderBytes: sideHead, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
}

// NewMetricsSide answers /metrics and nothing else.
func NewMetricsSide(text func() (text []byte, contentType string, err error), log *slog.Logger) *Side {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		out, contentType, err := text()
		if err != nil {
			log.ErrorContext(r.Context(), "the metrics could not be gathered", "error", err)
			http.Error(w, "The metrics could not be gathered. The cause is in the log.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(out) // whoever asked may be gone
	})
	return newSide(mux, log)
}

// NewRedirectSide sends everybody who speaks plain HTTP to the same path of the
// public address. challenges answers what an authority asks before that.
func NewRedirectSide(base string, challenges func(next http.Handler) http.Handler, log *slog.Logger) (*Side, error) {
	home, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("redirect to %s: %w", base, err)
	}
	return newSide(challenges(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := *home // not the name that was asked for: anybody can ask by any name
		to.Path, to.RawPath, to.RawQuery = r.URL.Path, r.URL.RawPath, r.URL.RawQuery
		w.Header().Set("Connection", "close")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "This server is reached by "+base+". What you sent was not taken in.", http.StatusMisdirectedRequest)
			return
		}
		http.Redirect(w, r, to.String(), http.StatusPermanentRedirect)
	})), log), nil
}

// Serve answers requests until Shutdown.
func (s *Side) Serve(l net.Listener) error {
	if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Shutdown stops listening and finishes requests in flight, at most until ctx ends.
func (s *Side) Shutdown(ctx context.Context) error {
	if s == nil {
		return nil
	}
	return errors.Join(s.server.Shutdown(ctx), s.server.Close())
}
