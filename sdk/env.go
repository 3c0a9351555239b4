package sdk

import (
	"context"
	"runtime/debug"

	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// State keeps small values for an instance. Permission: state.
func (e Env) State(id string) host.State { return e.For(id).State }

// Schedule calls the plugin back later. Permission: schedule.
func (e Env) Schedule(id string) host.Schedule { return e.For(id).Schedule }

// Leases make this process the owner of something. Permission: lease.
func (e Env) Leases(id string) host.Leases { return e.For(id).Leases }

// Database is the instance's own. Permission: database.
func (e Env) Database(id string) host.Database { return e.For(id).Database }

// Blobs carries files. Permissions: blobs:read, blobs:write.
func (e Env) Blobs(id string) host.Blobs { return e.For(id).Blobs }

// Conversations reads and takes part in conversations. Permissions:
// conversations:read, conversations:write, messages:send.
func (e Env) Conversations(id string) host.Conversations { return e.For(id).Conversations }

// Contacts reads and changes customers. Permissions: contacts:read,
// contacts:read.pii, contacts:write.
func (e Env) Contacts(id string) host.Contacts { return e.For(id).Contacts }

// Tickets reads and writes tickets. Permissions: tickets:read, tickets:write.
func (e Env) Tickets(id string) host.Tickets { return e.For(id).Tickets }

// Tools uses those of other plugins. Permission: tools:invoke.
func (e Env) Tools(id string) host.Tools { return e.For(id).Tools }

// Entitlement returns what the vendor sold to this installation; see
// host.Licenses. Permission: license.
func (e Env) Entitlement(ctx context.Context, id string) (host.Entitlement, error) {
	return e.For(id).Licenses.Entitlement(ctx)
}

// Metrics counts. Permission: metrics.
func (e Env) Metrics(id string) host.Metrics { return e.For(id).Metrics }

// AccessToken returns a token for the far side, for the field with x-oauth at a
// JSON pointer; see host.Tokens. Permission: secrets.
func (e Env) AccessToken(ctx context.Context, id, pointer, refused string) (host.Token, error) {
	return e.For(id).Tokens.Access(ctx, pointer, refused)
}

// HTTP returns a client for an instance's far side: it speaks to the places that
// plugin.yaml names under network and to no other; see outbound.For.
func (e Env) HTTP(in instance.Instance, o outbound.Options) (*outbound.Client, error) {
	return outbound.For(e.Manifest, in, o)
}

// Dialer returns what opens connections to an instance's far side where that does
// not speak HTTP; see outbound.Dialer.
func (e Env) Dialer(in instance.Instance) (outbound.Dial, error) {
	return outbound.Dialer(e.Manifest, in)
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
