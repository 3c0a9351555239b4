package bridge

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// maxPiece bounds a piece of a file, in bytes.
const maxPiece = 256 << 10

// FetchFile has the author write a file, and sends it in pieces.
func (s *channelService) FetchFile(req *pluginv1.FetchFileRequest, stream grpc.ServerStreamingServer[pluginv1.FetchFileResponse]) error {
	fetcher, able := s.can().Channel.(channel.Fetcher)
	ctx := stream.Context()
	return s.call(ctx, "FetchFile", req.GetInstanceId(), able, func(in instance.Instance) error {
		limit := int64(min(req.GetMaxBytes(), 1<<40))
		w := &pieces{stream: stream, left: limit}
		answer, err := fetcher.FetchFile(ctx, channel.FetchFileRequest{Instance: in, Fetch: req.GetFetch(), MaxBytes: limit}, w)
		switch e := errs.As(err); {
		case w.failed != nil:
			return w.failed
		case err == nil:
			return stream.Send(&pluginv1.FetchFileResponse{Filename: answer.Filename, MediaType: answer.MediaType})
		case e.Code == outbound.CodeTooLarge: // the author read no further than the limit
			return errTooMuch
		case e.Source == errs.Rejected:
			return status.Error(codes.NotFound, e.Code+": "+e.Detail)
		default:
			return err
		}
	})
}

// errTooMuch ends a file that is larger than the host takes.
var errTooMuch = status.Error(codes.OutOfRange, "the file is larger than the host takes")

// pieces writes to a stream.
type pieces struct {
	stream grpc.ServerStreamingServer[pluginv1.FetchFileResponse]
	left   int64
	failed error // of the stream, or errTooMuch: no fault of the far side
}

func (w *pieces) Write(p []byte) (int, error) {
	if w.failed == nil && int64(len(p)) > w.left {
		w.failed = errTooMuch
	}
	done := 0
	for done < len(p) && w.failed == nil {
		n := min(len(p)-done, maxPiece)
		if w.failed = w.stream.Send(&pluginv1.FetchFileResponse{Piece: p[done : done+n]}); w.failed == nil {
			done += n
		}
	}
	w.left -= int64(done)
	return done, w.failed
}

// Signal tells the author.
func (s *channelService) Signal(ctx context.Context, req *pluginv1.SignalRequest) (*pluginv1.SignalResponse, error) {
	signaler, able := s.can().Channel.(channel.Signaler)
	err := s.call(ctx, "Signal", req.GetInstanceId(), able, func(in instance.Instance) error {
		out := channel.SignalRequest{
			Instance: in, ConversationID: req.GetConversationId(), Recipient: req.GetRecipientExternalId(), Thread: req.GetThread(), Target: req.GetTarget(),
		}
		switch req.GetKind() {
		case pluginv1.SignalRequest_KIND_TYPING:
			out.Kind = channel.SignalTyping
		case pluginv1.SignalRequest_KIND_READ:
			out.Kind = channel.SignalRead
		case pluginv1.SignalRequest_KIND_UNSPECIFIED:
			return errors.New("a signal without a kind")
		default:
			return fmt.Errorf("the signal %d is not known", req.GetKind())
		}
		return signaler.Signal(ctx, out)
	})
	return &pluginv1.SignalResponse{}, err
}
