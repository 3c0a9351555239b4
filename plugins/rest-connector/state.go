package main

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/crm"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/once"
)

// kept is a Store in the core: what it keeps outlives the process and is the
// same on every node. Where the core keeps nothing for us, because a permission
// was taken back meanwhile, this process does.
type kept struct {
	state  host.State
	memory crm.Store
}

// denied reports whether the core refused, and not something it was asked for.
func denied(err error) bool { return err != nil && errs.As(err).Code == host.CodeDenied }

// Once implements crm.Store.
func (k kept) Once(ctx context.Context, instance, key string, harmless bool, do func(context.Context) ([]byte, error)) ([]byte, bool, error) {
	ran := false
	var options []once.Option
	if harmless {
		options = append(options, once.Again())
	}
	result, err := once.Do(ctx, k.state, key, func(ctx context.Context) ([]byte, error) {
		ran = true
		out, err := do(ctx)
		if err != nil && !crm.Uncertain(err) {
			err = once.NotDone(err)
		}
		return out, err
	}, options...)
	if !ran && denied(err) {
		return k.memory.Once(ctx, instance, key, harmless, do)
	}
	return result, err == nil && !ran, err
}

// Put implements crm.Store.
func (k kept) Put(ctx context.Context, instance, key string, value []byte, ttl time.Duration) error {
	_, err := k.state.Put(ctx, host.PutRequest{Key: key, Value: value, TTL: ttl})
	if denied(err) {
		return k.memory.Put(ctx, instance, key, value, ttl)
	}
	return err
}

// Get implements crm.Store.
func (k kept) Get(ctx context.Context, instance, key string) ([]byte, error) {
	e, err := k.state.Get(ctx, key)
	if denied(err) {
		return k.memory.Get(ctx, instance, key)
	}
	if err != nil || e == nil {
		return nil, err
	}
	return e.Value, nil
}
