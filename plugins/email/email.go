package main

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// email is the channel. Its mailboxes are read by goroutines of its own.
type email struct {
	env   sdk.Env
	now   func() time.Time
	group *sdk.Group

	mu       sync.Mutex
	accounts map[string]*account
	barred   map[string]error // why a mailbox cannot be used: the workspace allows too little
}

// Configure implements instance.Configurer: it begins to read the mailbox, or
// goes on with other settings.
func (e *email) Configure(ctx context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) { //nolint:unparam // as the interface has it
	e.forget(req.Instance.ID)
	a, err := e.account(ctx, req.Instance)
	if err != nil && errs.As(err).Code == host.CodeDenied { // what is to be sent waits until that is mended
		e.mu.Lock()
		e.barred[req.Instance.ID] = err
		e.mu.Unlock()
		return instance.ConfigureResponse{}, nil
	}
	if err != nil {
		return instance.ConfigureResponse{}, err
	}
	e.mu.Lock()
	e.accounts[a.in.ID] = a
	e.mu.Unlock()
	if a.config.incoming().Host != "" {
		e.group.Go("mailbox", a.run)
	}
	return instance.ConfigureResponse{}, nil
}

// RemoveInstance implements instance.Remover.
func (e *email) RemoveInstance(_ context.Context, req instance.RemoveInstanceRequest) (instance.RemoveInstanceResponse, error) { //nolint:unparam // as the interface has it
	e.forget(req.Instance.ID)
	return instance.RemoveInstanceResponse{}, nil
}

// forget ends the reading of a mailbox and waits for its last mail.
func (e *email) forget(id string) {
	e.mu.Lock()
	a := e.accounts[id]
	delete(e.accounts, id)
	delete(e.barred, id)
	e.mu.Unlock()
	if a != nil {
		a.end()
	}
}

func (e *email) of(id string) (*account, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a := e.accounts[id]; a != nil {
		return a, nil
	}
	if err := e.barred[id]; err != nil {
		return nil, errs.Unavailable(err, "The mailbox cannot be used: "+errs.As(err).Detail).WithCode(host.CodeDenied)
	}
	return nil, errs.Unavailable(nil, "The mailbox is not configured yet.")
}

// Send implements channel.Channel.
func (e *email) Send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	a, err := e.of(req.Instance.ID)
	if err != nil {
		return channel.SendResponse{}, err
	}
	return a.send(ctx, req)
}

// Receive implements channel.Channel: mail is fetched, and nobody posts it here.
func (e *email) Receive(context.Context, channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "Mail is fetched from its server; nothing is posted here.")
}

// Backfill implements channel.Backfiller.
func (e *email) Backfill(ctx context.Context, req channel.BackfillRequest) (channel.BackfillResponse, error) {
	a, err := e.of(req.Instance.ID)
	if err != nil {
		return channel.BackfillResponse{}, err
	}
	if a.config.incoming().Host == "" {
		return channel.BackfillResponse{}, errs.Reject(errs.CodeBadRequest, "No server for incoming mail is set: this inbox only sends.")
	}
	step, err := a.reader.Backfill(ctx, mailbox.Span{Since: req.Since, After: req.After})
	return channel.BackfillResponse{Found: step.Handed, Next: step.Next}, err
}

// CheckHealth implements instance.Checker.
func (e *email) CheckHealth(_ context.Context, req instance.CheckHealthRequest) (instance.CheckHealthResponse, error) {
	a, err := e.of(req.Instance.ID)
	if e := errs.As(err); err != nil && e.Code == host.CodeDenied {
		return instance.CheckHealthResponse{Health: instance.Health{State: instance.Down, Code: e.Code, Detail: e.Detail}}, nil
	}
	if err != nil {
		return instance.CheckHealthResponse{}, err
	}
	return instance.CheckHealthResponse{Health: a.health()}, nil
}

// Drain implements instance.Drainer.
func (e *email) Drain(ctx context.Context, _ instance.DrainRequest) (instance.DrainResponse, error) { //nolint:unparam // as the interface has it
	return instance.DrainResponse{}, e.group.Stop(ctx)
}
