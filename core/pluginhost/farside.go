package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// fetchBudget bounds the fetching of one file.
const fetchBudget = 2 * time.Minute

// FetchFile implements channel.FarSide.
func (h *Host) FetchFile(ctx context.Context, inbox channel.Inbox, fetch string, most int64, w io.Writer) (channel.Fetched, error) {
	s, session, err := h.calling(inbox.Plugin)
	if err != nil {
		return channel.Fetched{}, err
	}
	defer session.calls.end()
	ctx, cancel := context.WithTimeout(ctx, fetchBudget)
	defer cancel()
	stream, err := session.channel.FetchFile(ctx, &pluginv1.FetchFileRequest{
		InstanceId: string(inbox.ID), Fetch: fetch, MaxBytes: uint64(max(most, 0)),
	})
	if err != nil {
		return channel.Fetched{}, s.failed(ctx, "FetchFile", err)
	}
	var out channel.Fetched
	for left := most; ; {
		answer, err := stream.Recv()
		switch status.Code(err) {
		case codes.OK:
		case codes.NotFound:
			return out, errs.Wrap(err, errs.NotFound, "file.gone", "The far side does not have the file any more: "+words(err))
		case codes.OutOfRange:
			return out, tooLarge(err)
		case codes.Unimplemented:
			return out, errs.Wrap(err, errs.Invalid, "file.unfetchable", "The plugin names files that it cannot fetch.")
		default:
			if errors.Is(err, io.EOF) {
				return out, nil
			}
			return out, s.failed(ctx, "FetchFile", err)
		}
		if left -= int64(len(answer.GetPiece())); left < 0 {
			return out, tooLarge(nil)
		}
		if _, err := w.Write(answer.GetPiece()); err != nil {
			return out, fmt.Errorf("store a file of a channel: %w", err)
		}
		if name := answer.GetFilename(); name != "" {
			out.Name = cut(name, maxDetail)
		}
		if kind := answer.GetMediaType(); kind != "" {
			out.Type = cut(kind, maxName)
		}
	}
}

func tooLarge(cause error) error {
	return errs.Wrap(cause, errs.Invalid, channel.CodeFileTooLarge, "The file is larger than this server takes.")
}

// Signal implements channel.FarSide.
func (h *Host) Signal(ctx context.Context, inbox channel.Inbox, g channel.Signal) error {
	s, session, err := h.calling(inbox.Plugin)
	if err != nil {
		return err
	}
	defer session.calls.end()
	req := &pluginv1.SignalRequest{
		InstanceId: string(inbox.ID), ConversationId: g.Conversation, RecipientExternalId: g.Recipient, Thread: g.Thread, Target: g.Target,
		Kind: pluginv1.SignalRequest_KIND_TYPING,
	}
	if g.Kind == channel.SignalRead {
		req.Kind = pluginv1.SignalRequest_KIND_READ
	}
	if _, err := session.channel.Signal(ctx, req); err != nil {
		return s.failed(ctx, "Signal", err)
	}
	return nil
}
