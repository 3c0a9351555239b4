package main

import (
	"context"
	"io"
	"sync"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// telegram is the channel. Its bots are asked for messages by goroutines of its
// own.
type telegram struct {
	env   sdk.Env
	group *sdk.Group

	mu       sync.Mutex
	accounts map[string]*account
}

// Configure implements instance.Configurer: it begins to receive, or goes on with
// other settings.
func (t *telegram) Configure(_ context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) { //nolint:unparam // as the interface has it
	t.forget(req.Instance.ID)
	a, err := t.account(req.Instance)
	if err != nil {
		return instance.ConfigureResponse{}, err
	}
	t.mu.Lock()
	t.accounts[a.in.ID] = a
	t.mu.Unlock()
	t.group.Go("updates", a.run)
	return instance.ConfigureResponse{}, nil
}

// RemoveInstance implements instance.Remover.
func (t *telegram) RemoveInstance(_ context.Context, req instance.RemoveInstanceRequest) (instance.RemoveInstanceResponse, error) { //nolint:unparam // as the interface has it
	t.forget(req.Instance.ID)
	return instance.RemoveInstanceResponse{}, nil
}

// forget ends what receives for an inbox and waits for its last update.
func (t *telegram) forget(id string) {
	t.mu.Lock()
	a := t.accounts[id]
	delete(t.accounts, id)
	t.mu.Unlock()
	if a != nil {
		a.end()
	}
}

func (t *telegram) of(id string) (*account, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.accounts[id]; a != nil {
		return a, nil
	}
	return nil, errs.Unavailable(nil, "The bot is not configured yet.")
}

// Send implements channel.Channel.
func (t *telegram) Send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	a, err := t.of(req.Instance.ID)
	if err != nil {
		return channel.SendResponse{}, err
	}
	switch req.Act {
	case channel.Edit:
		return a.edit(ctx, req)
	case channel.Recall:
		return a.recall(ctx, req)
	case channel.Post:
	}
	return a.send(ctx, req)
}

// Receive implements channel.Channel.
func (t *telegram) Receive(ctx context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	a, err := t.of(req.Instance.ID)
	if err != nil {
		return channel.ReceiveResponse{}, err
	}
	return a.receive(ctx, req)
}

// FetchFile implements channel.Fetcher.
func (t *telegram) FetchFile(ctx context.Context, req channel.FetchFileRequest, w io.Writer) (channel.FetchFileResponse, error) { //nolint:unparam // the update said what there is to say
	a, err := t.of(req.Instance.ID)
	if err != nil {
		return channel.FetchFileResponse{}, err
	}
	return channel.FetchFileResponse{}, a.api.File(ctx, req.Fetch, min(req.MaxBytes, api.MaxFetch), w)
}

// Signal implements channel.Signaler.
func (t *telegram) Signal(ctx context.Context, req channel.SignalRequest) error {
	a, err := t.of(req.Instance.ID)
	if err != nil || req.Kind != channel.SignalTyping {
		return err
	}
	return a.typing(ctx, req.Recipient)
}

// CheckHealth implements instance.Checker.
func (t *telegram) CheckHealth(_ context.Context, req instance.CheckHealthRequest) (instance.CheckHealthResponse, error) {
	a, err := t.of(req.Instance.ID)
	if err != nil {
		return instance.CheckHealthResponse{}, err
	}
	return instance.CheckHealthResponse{Health: a.health()}, nil
}

// Drain implements instance.Drainer.
func (t *telegram) Drain(ctx context.Context, _ instance.DrainRequest) (instance.DrainResponse, error) { //nolint:unparam // as the interface has it
	return instance.DrainResponse{}, t.group.Stop(ctx)
}
