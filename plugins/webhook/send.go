package main

import (
	"bytes"
	"context"

	"github.com/patchbay-im/patchbay/plugins/webhook/outgoing"
	"github.com/patchbay-im/patchbay/plugins/webhook/traffic"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// Send implements channel.Channel.
func (p *plugin) Send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	made, poster, err := p.poster(req.Instance.ID)
	if err != nil {
		return channel.SendResponse{}, err
	}
	begun := p.now()
	out, went, err := poster.Send(ctx, req)
	made.sent.saw(err)
	e := traffic.Entry{
		At: begun.UTC(), Out: true, What: outgoing.Word(req.Act), Status: went.Status, Bytes: went.Bytes, MS: p.now().Sub(begun).Milliseconds(),
		Items: []traffic.Item{{ID: req.DeliveryID}},
	}
	if failed := errs.As(err); failed != nil {
		e.Code, e.Detail = failed.Code, failed.Detail
	}
	made.traffic.Add(ctx, e)
	return out, err
}

// Signal implements channel.Signaler.
func (p *plugin) Signal(ctx context.Context, req channel.SignalRequest) error {
	_, poster, err := p.poster(req.Instance.ID)
	if err != nil {
		return err
	}
	return poster.Signal(ctx, req)
}

func (p *plugin) poster(id string) (*plan, outgoing.Poster, error) {
	made, err := p.of(id)
	if err != nil {
		return nil, outgoing.Poster{}, err
	}
	by, err := p.http(made.in, maxAnswer)
	if err != nil {
		return nil, outgoing.Poster{}, err
	}
	return made, outgoing.Poster{Target: made.target, By: by, Now: p.now, Fetch: func(ctx context.Context, a message.Attachment) ([]byte, error) {
		var b bytes.Buffer
		_, err := p.env.Blobs(id).Download(ctx, a.BlobID, &b)
		return b.Bytes(), err
	}}, nil
}
