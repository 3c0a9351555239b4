package pluginhost

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	inst "github.com/patchbay-im/patchbay/core/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Kinds of instances, as the protocol has them.
const (
	kindInbox      = "inbox"
	kindConnection = "connection"
)

// instance is an inbox or a connection that a plugin serves, with what its
// workspace lets the plugin do.
type instance struct {
	ID         string
	Workspace  identity.WorkspaceID
	Plugin     channel.PluginID
	Kind       string                // kindInbox or kindConnection
	Inbox      *channel.Inbox        // of an inbox
	Connection *extension.Connection // of a connection
	Scopes     []string              // granted, of those that the manifest asks for; sorted

	revision uint64 // of what the plugin is told
}

// May reports whether the workspace lets the plugin use a scope.
func (i instance) May(scope string) bool {
	_, found := slices.BinarySearch(i.Scopes, scope)
	return found
}

func (i instance) enabled() bool {
	if i.Inbox != nil {
		return i.Inbox.Enabled
	}
	return i.Connection.Enabled
}

func ofInbox(in channel.Inbox) instance {
	return instance{ID: string(in.ID), Workspace: in.Workspace, Plugin: in.Plugin, Kind: kindInbox, Inbox: &in, revision: in.ConfigRevision}
}

func ofConnection(c extension.Connection) instance {
	return instance{
		ID: string(c.ID), Workspace: c.Workspace, Plugin: channel.PluginID(c.Plugin), Kind: kindConnection, Connection: &c, revision: c.Revision,
	}
}

// book is what the host knows of a plugin's instances, so that no message costs
// a look into the database. What is in it holds until a change is heard of.
type book struct {
	mu      sync.Mutex
	age     uint64 // grows whenever something is struck out: what was read before is not entered
	known   map[string]instance
	granted map[identity.WorkspaceID]inst.Granted
	told    map[string]told     // what the process was told
	secrets map[string][]string // in clear, by instance: for the redaction of logs
}

// told is what a process was told of an instance.
type told struct {
	workspace identity.WorkspaceID
	revision  uint64
}

func newBook() book {
	return book{
		known: make(map[string]instance), granted: make(map[identity.WorkspaceID]inst.Granted),
		told: make(map[string]told), secrets: make(map[string][]string),
	}
}

// strike forgets an instance, and says whether a process knows it.
func (b *book) strike(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.age++
	delete(b.known, id)
}

// strikeGrants forgets what a workspace lets the plugin do, and returns the
// instances of the workspace that a process was told of.
func (b *book) strikeGrants(w identity.WorkspaceID) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.age++
	delete(b.granted, w)
	for id, i := range b.known {
		if i.Workspace == w {
			delete(b.known, id)
		}
	}
	var out []string
	for id, t := range b.told {
		if t.workspace == w {
			out = append(out, id)
		}
	}
	return out
}

// forgetTold is for a new process, which knows nothing.
func (b *book) forgetTold() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.told)
}

// untell notes that the process does not know an instance any more.
func (b *book) untell(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.told, id)
	delete(b.secrets, id)
}

func (b *book) tell(i instance, secrets map[string]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told[i.ID] = told{workspace: i.Workspace, revision: i.revision}
	b.secrets[i.ID] = nil
	for _, value := range secrets {
		b.secrets[i.ID] = append(b.secrets[i.ID], value)
	}
}

// toldOf returns what the process was told of an instance.
func (b *book) toldOf(id string) (told, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.told[id]
	return t, ok
}

// liveSecrets returns the values of all secrets that the process was told of,
// the longest first: what must never be read in its log.
func (s *supervisor) liveSecrets() []string {
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	var out []string
	for _, values := range s.book.secrets {
		out = append(out, values...)
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

// granted returns what a workspace lets the plugin do.
func (s *supervisor) granted(ctx context.Context, ports Ports, w identity.WorkspaceID) (inst.Granted, error) {
	s.book.mu.Lock()
	g, ok := s.book.granted[w]
	age := s.book.age
	s.book.mu.Unlock()
	if ok {
		return g, nil
	}
	g, err := ports.Grants.Granted(ctx, w, extension.PluginID(s.id))
	if err != nil {
		return inst.Granted{}, err
	}
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	if s.book.age == age {
		s.book.granted[w] = g
	}
	return g, nil
}

// with adds what the workspace lets the plugin do.
func (s *supervisor) with(ctx context.Context, ports Ports, i instance) (instance, error) {
	g, err := s.granted(ctx, ports, i.Workspace)
	if err != nil {
		return instance{}, err
	}
	m := s.installed().manifest
	for _, scope := range g.Scopes() {
		if m.Asks(scope) {
			i.Scopes = append(i.Scopes, scope)
		}
	}
	i.revision += g.Revision // both only grow, and so does their sum
	return i, nil
}

// look returns an instance of the plugin that is in use, or errs.Absent.
func (s *supervisor) look(ctx context.Context, ports Ports, id string) (instance, error) {
	s.book.mu.Lock()
	i, ok := s.book.known[id]
	age := s.book.age
	s.book.mu.Unlock()
	if ok {
		return i, nil
	}
	i, err := read1(ctx, ports, id)
	if err != nil {
		return instance{}, err
	}
	if i.Plugin != s.id || !i.enabled() {
		return instance{}, errs.Absent()
	}
	if i, err = s.with(ctx, ports, i); err != nil {
		return instance{}, err
	}
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	if s.book.age == age {
		s.book.known[id] = i
	}
	return i, nil
}

// read1 reads an instance of whatever plugin, in use or not.
func read1(ctx context.Context, ports Ports, id string) (instance, error) {
	if !strings.HasPrefix(id, extension.ConnectionPrefix) {
		in, err := ports.Workspaces.Inbox(ctx, channel.InboxID(id))
		return ofInbox(in), err
	}
	c, err := ports.Connections.Connection(ctx, extension.ConnectionID(id))
	return ofConnection(c), err
}

// served lists the instances of the plugin that are in use.
func (s *supervisor) served(ctx context.Context, ports Ports) ([]instance, error) {
	inboxes, err := ports.Workspaces.InboxesOf(ctx, s.id)
	if err != nil {
		return nil, err
	}
	connections, err := ports.Connections.ConnectionsOf(ctx, extension.PluginID(s.id))
	if err != nil {
		return nil, err
	}
	var out []instance
	for _, in := range inboxes {
		out = append(out, ofInbox(in))
	}
	for _, c := range connections {
		out = append(out, ofConnection(c))
	}
	for i := range out {
		if out[i], err = s.with(ctx, ports, out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// wireOf words an instance for the plugin, its secrets opened.
func (s *supervisor) wireOf(ctx context.Context, ports Ports, i instance) (*pluginv1.Instance, error) {
	out := &pluginv1.Instance{Id: i.ID, ConfigRevision: i.revision, Scopes: i.Scopes, Kind: i.Kind}
	var sealed inst.Sealed
	if i.Inbox != nil {
		out.Name, out.Config, sealed = i.Inbox.Name, i.Inbox.Config, i.Inbox.Secrets
	} else {
		out.Name, out.Config, sealed = i.Connection.Name, i.Connection.Config, i.Connection.Secrets
	}
	if ports.Locale != nil {
		locale, err := ports.Locale(ctx, i.Workspace)
		if err != nil {
			return nil, err
		}
		out.Locale = locale
	}
	if len(sealed) == 0 {
		return out, nil
	}
	var err error
	out.Secrets, err = ports.Vault.Open(inst.Owner{Workspace: string(i.Workspace), Instance: i.ID}, sealed)
	return out, err
}
