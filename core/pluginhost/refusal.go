package pluginhost

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/errs"
)

// refusal is an error of the core as a plugin reads it: the code of gRPC says
// what the plugin can do about it, the text begins with our own, and names each
// wrong field. What is nobody's business is withheld and logged here, once.
func (d *desk) refusal(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	e := errs.As(err)
	code := codes.Internal
	switch e.Kind {
	case errs.Invalid:
		code = codes.InvalidArgument
	case errs.Unauthenticated, errs.Forbidden:
		code = codes.PermissionDenied
	case errs.NotFound:
		code = codes.NotFound
	case errs.Conflict:
		code = codes.FailedPrecondition
	case errs.RateLimited:
		code = codes.ResourceExhausted
	case errs.Unavailable:
		code = codes.Unavailable
	case errs.Internal:
	}
	if code == codes.Internal {
		d.log.ErrorContext(ctx, "a request of a plugin failed", "error", err)
		return status.Error(codes.Internal, "internal: the host failed; its log says why")
	}
	var text strings.Builder
	text.WriteString(e.Code + ": " + e.Message)
	for _, f := range e.Fields {
		text.WriteString(" " + f.Pointer + " " + f.Detail + ".")
	}
	return status.Error(code, cut(valid(text.String()), maxRefusal))
}

// maxRefusal is how long the text of a refusal gets, in bytes.
const maxRefusal = 2000
