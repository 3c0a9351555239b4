package bridge

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Codes of answers that the bridge gives by itself.
const (
	codeUnknownInstance = "unknown_instance" // an instance the plugin was not told of
	codeUnknownAct      = "unknown_act"      // neither post, edit nor recall
	codeTooLarge        = "too_large"        // more than a request carries
)

const unknownInstance = "the plugin was not told of this instance"

var (
	errNotReady = status.Error(codes.FailedPrecondition, "Init comes first")
	errNotHere  = status.Error(codes.Unimplemented, "this plugin does not have this ability")
	errDraining = status.Error(codes.Unavailable, "the plugin is shutting down")
	errUnknown  = status.Error(codes.Unavailable, codeUnknownInstance+": "+unknownInstance)
)

// serves says whether a call may be taken at all.
func (s *Server) serves(able bool) error {
	switch {
	case !s.ready():
		return errNotReady
	case !able:
		return errNotHere
	default:
		return nil
	}
}

// enter begins a call to an author's code for an instance; leave ends it. An
// error is one of those above.
func (s *Server) enter(id string, able bool) (instance.Instance, error) {
	if err := s.serves(able); err != nil {
		return instance.Instance{}, err
	}
	in, known := s.instances.get(id)
	if !known {
		return instance.Instance{}, errUnknown
	}
	if !s.drain.enter() {
		return instance.Instance{}, errDraining
	}
	return in, nil
}

func (s *Server) leave() { s.drain.add(0, -1) }

// asked returns the result that tells the host to ask again, for the errors of
// enter that a result can tell; nil for the others.
func asked(err error) *pluginv1.Result {
	switch {
	case errors.Is(err, errUnknown):
		return retry(codeUnknownInstance, unknownInstance)
	case errors.Is(err, errDraining):
		return retry("draining", "the plugin is shutting down")
	default:
		return nil
	}
}

// answered turns what came of a call into the result of its answer; calls that
// the plugin does not serve at all stay errors.
func answered(err error) (*pluginv1.Result, error) {
	if errors.Is(err, errNotReady) || errors.Is(err, errNotHere) {
		return nil, err
	}
	if result := asked(err); result != nil {
		return result, nil
	}
	return resultOf(err), nil
}

// call enters an author's code for an instance, guarded, and leaves it.
func (s *Server) call(ctx context.Context, what, id string, able bool, fn func(instance.Instance) error) error {
	in, err := s.enter(id, able)
	if err != nil {
		return err
	}
	defer s.leave()
	return guard(ctx, s.config.Log, what, func() error { return fn(in) })
}
