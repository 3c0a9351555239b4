package main

import (
	"context"
	"errors"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// ValidateConfig implements instance.ConfigValidator. With Probe it asks Telegram
// who the bot is, and changes nothing.
func (t *telegram) ValidateConfig(ctx context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	var c config
	if err := req.Decode(&c); err != nil {
		return instance.ValidateConfigResponse{}, err
	}
	w := wordsIn(req.Locale)
	problems := c.faults(w)
	if len(problems) == 0 && req.Probe {
		problems = t.probe(ctx, c, instance.Instance{Config: req.Config, Secrets: req.Secrets}, w)
	}
	return instance.ValidateConfigResponse{Problems: problems}, nil
}

func (t *telegram) probe(ctx context.Context, c config, in instance.Instance, w words) []instance.Problem {
	client, err := t.client(in, c)
	if err == nil {
		_, err = client.Me(ctx)
	}
	e := errs.As(err)
	pointer := "/token"
	if c.Server != "" {
		pointer = "/server"
	}
	switch {
	case err == nil:
		return nil
	case e.Code == errs.CodeAuthExpired:
		return []instance.Problem{{Pointer: "/token", Message: w.tokenRejected}}
	case e.Code == errs.CodeRateLimited: // it knows the bot
		return nil
	case e.Code == api.CodeStrange:
		return []instance.Problem{{Pointer: pointer, Message: w.strange}}
	case errors.Is(err, outbound.ErrNotSent), e.Code == errs.CodeUnavailable:
		return []instance.Problem{{Pointer: pointer, Message: w.unreachable + strings.TrimSuffix(e.Detail, ".") + w.stop}}
	default:
		return []instance.Problem{{Pointer: pointer, Message: strings.TrimSuffix(e.Detail, ".") + w.stop}}
	}
}

// client is that of a bot at its server.
func (t *telegram) client(in instance.Instance, c config) (*api.Client, error) {
	http, err := t.env.HTTP(in, api.Options())
	if err != nil {
		return nil, err
	}
	return api.New(c.Server, c.Token, http)
}
