package sdk

import (
	"context"
	"runtime/debug"

	"github.com/patchbay-im/patchbay/sdk/host"
)

// State keeps small values for an instance. Permission: state.
func (e Env) State(instance string) host.State { return e.For(instance).State }

// Schedule calls the plugin back later. Permission: schedule.
func (e Env) Schedule(instance string) host.Schedule { return e.For(instance).Schedule }

// Leases make this process the owner of something. Permission: lease.
func (e Env) Leases(instance string) host.Leases { return e.For(instance).Leases }

// Database is the instance's own. Permission: database.
func (e Env) Database(instance string) host.Database { return e.For(instance).Database }

// Blobs carries files. Permissions: blobs:read, blobs:write.
func (e Env) Blobs(instance string) host.Blobs { return e.For(instance).Blobs }

// Conversations reads and takes part in conversations. Permissions:
// conversations:read, conversations:write, messages:send.
func (e Env) Conversations(instance string) host.Conversations { return e.For(instance).Conversations }

// Contacts reads and changes customers. Permissions: contacts:read,
// contacts:read.pii, contacts:write.
func (e Env) Contacts(instance string) host.Contacts { return e.For(instance).Contacts }

// Tickets reads and writes tickets. Permissions: tickets:read, tickets:write.
func (e Env) Tickets(instance string) host.Tickets { return e.For(instance).Tickets }

// Tools uses those of other plugins. Permission: tools:invoke.
func (e Env) Tools(instance string) host.Tools { return e.For(instance).Tools }

// Metrics counts. Permission: metrics.
func (e Env) Metrics(instance string) host.Metrics { return e.For(instance).Metrics }

// AccessToken returns a token for the far side, for the field with x-oauth at a
// JSON pointer; see host.Tokens. Permission: secrets.
func (e Env) AccessToken(ctx context.Context, instance, pointer, refused string) (host.Token, error) {
	return e.For(instance).Tokens.Access(ctx, pointer, refused)
}

// Go runs fn in a goroutine of its own. A panic in it is logged and ends fn
// alone: in a bare goroutine it would end the process, and with it the work of
// all instances. What fn holds open it closes when ctx ends.
func (e Env) Go(ctx context.Context, name string, fn func(ctx context.Context)) {
	go func() {
		defer func() {
			if r := recover(); r != nil {
				e.Log.ErrorContext(ctx, "the plugin panicked", "in", name, "panic", r, "stack", string(debug.Stack()))
			}
		}()
		fn(ctx)
	}()
}
