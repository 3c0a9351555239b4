package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/identity"
)

// The headers of a request that is done once.
const (
	headerIdempotency = "Idempotency-Key"
	headerReplayed    = "Idempotency-Replayed"
)

// offersOnce reports whether a route takes an Idempotency-Key: each that a
// member or a key may post to.
func offersOnce(method string, a access) bool {
	return method == http.MethodPost && strings.Contains(string(a), ".")
}

// documentOnce adds the header to an operation.
func documentOnce(op *huma.Operation) {
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: headerIdempotency, In: "header",
		Description: "A name of your choice for this request, 1 to 255 printable ASCII characters. The same request with the same name is done once within 24 hours; the first answer is given again, with Idempotency-Replayed: true. See /docs/api#basics.",
		Schema:      &huma.Schema{Type: huma.TypeString},
	})
}

// once does a request with an Idempotency-Key once. It comes after the door, so
// that who may not ask learns nothing of earlier answers.
func (s *Server) once(ctx huma.Context, next func(huma.Context)) {
	name := ctx.Header(headerIdempotency)
	scope, ok := ctx.Context().Value(keyScope).(identity.Scope)
	if name == "" || !ok {
		next(ctx)
		return
	}
	c := humafiber.Unwrap(ctx)
	key := idempotency.Key{Workspace: scope.Workspace, Principal: principalOf(ctx.Context(), scope), Name: name, Rights: scope.Rights().Mark()}
	claim, answer, err := s.Idempotency.Begin(ctx.Context(), key, idempotency.HashOf(c.Method(), c.OriginalURL(), c.Body()))
	switch {
	case err != nil:
		s.refuse(ctx, err)
		return
	case answer != nil:
		replay(ctx, answer)
		return
	}
	outer, ended := ctx.Context(), false
	defer func() {
		if !ended { // the handler panicked
			s.settle(outer, func(ctx context.Context) error { return s.Idempotency.Abandon(ctx, claim) })
		}
	}()
	next(huma.WithContext(ctx, idempotency.With(outer, claim)))
	ended = true
	r := c.Response()
	a := idempotency.Answer{
		Status: r.StatusCode(), MediaType: string(r.Header.ContentType()), Body: bytes.Clone(r.Body()),
	}
	s.settle(outer, func(ctx context.Context) error { return s.Idempotency.End(ctx, claim, a) })
}

// settle writes what became of a claim, even when the request ran out of time.
// When it cannot be written the request has its answer all the same; a repetition
// is told that the answer is lost.
func (s *Server) settle(ctx context.Context, write func(context.Context) error) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := write(ctx); err != nil {
		s.Log.WarnContext(ctx, "the answer of an Idempotency-Key could not be kept", "error", err)
	}
}

// principalOf is the API key that asks, or else the member.
func principalOf(ctx context.Context, scope identity.Scope) string {
	if via := clientOf(ctx).Via; strings.HasPrefix(via, "key_") {
		return via
	}
	return scope.Actor.ID
}

func replay(ctx huma.Context, a *idempotency.Answer) {
	ctx.SetStatus(a.Status)
	if a.MediaType != "" {
		ctx.SetHeader("Content-Type", a.MediaType)
	}
	ctx.SetHeader(headerReplayed, "true")
	_, _ = ctx.BodyWriter().Write(a.Body) // into memory: never fails
}
