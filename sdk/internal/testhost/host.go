// Package testhost is the other end of a plugin in tests: a host in memory that
// serves every service of the protocol, and the two ways to run a plugin under
// it, in this process and as a real one. The wire is the real one both times.
//
// The host is strict: it refuses what the core refuses, with the core's codes:
// scopes, sizes, counts, keys and the instances of others. The suite
// sdk/plugintest/hosttest runs on this host and on the core alike.
package testhost

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Window is how many items the host takes at once.
const Window = 64

// Options are what a Host is made of.
type Options struct {
	// Manifest says what the plugin may ask for. With the zero Manifest it may
	// ask for everything.
	Manifest manifest.Manifest
	// Now is the clock; nil = the real one. Advance moves on from it.
	Now func() time.Time
}

// Call is a request that the plugin made.
type Call struct {
	Method   string // without its service: "PutState"
	Instance string
	Request  proto.Message // of a stream, the first; nil when none came
	Err      error         // a status, nil when it was done
}

// Host is a host in memory.
//
// Concurrency: safe for concurrent use.
type Host struct {
	options Options

	mu        sync.Mutex
	offset    time.Duration
	last      int64 // of what grows: versions and revisions
	holders   int
	granted   map[string]bool
	instances map[string]*pluginv1.Instance
	calls     []Call
	refusals  []refusal
	broken    []string

	ingested []*pluginv1.Inbound
	brought  map[string][]*pluginv1.Inbound // by backfills, by their names
	reported []*pluginv1.ReportHealthRequest
	answer   func(*pluginv1.Inbound) *pluginv1.Result
	figures  figures

	entries   map[place]*pluginv1.StateEntry
	claims    map[place]claim
	leases    map[place]lease
	schedules map[place]*schedule
	answers   map[place]answered
	tokens    map[place][]Token
	running   *Plugin // whom schedules call

	blobs       map[string]*blob
	records     records
	tools       []*Tool
	entitlement *pluginv1.GetEntitlementResponse
	uses        map[place]*use
}

// refusal is what the next calls of a method get.
type refusal struct {
	method string
	times  int
	err    error
}

// place is a name in an instance.
type place struct{ instance, name string }

// New returns a Host with a workspace in which nothing is yet.
func New(o Options) *Host {
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the host of a test is where its clock is
	}
	h := &Host{
		options: o, granted: make(map[string]bool), instances: make(map[string]*pluginv1.Instance),
		brought: make(map[string][]*pluginv1.Inbound), entries: make(map[place]*pluginv1.StateEntry), claims: make(map[place]claim), leases: make(map[place]lease),
		schedules: make(map[place]*schedule), answers: make(map[place]answered), tokens: make(map[place][]Token),
		blobs: make(map[string]*blob), records: newRecords(), uses: make(map[place]*use), figures: newFigures(),
	}
	for _, scope := range manifest.Scopes() {
		h.granted[scope] = true
	}
	return h
}

// SetManifest says what the plugin may ask for, from now on.
func (h *Host) SetManifest(m manifest.Manifest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.options.Manifest = m
}

// SetNow sets the clock.
func (h *Host) SetNow(now func() time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.options.Now = now
}

// asks reports whether the manifest asks for a scope.
func (h *Host) asks(scope string) bool {
	return h.options.Manifest.ID == "" || h.options.Manifest.Asks(scope)
}

// name is the plugin as colleagues read it.
func (h *Host) name() string { return h.options.Manifest.Name.In("en") }

// Now is the host's clock.
func (h *Host) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now()
}

func (h *Host) now() time.Time { return h.options.Now().Add(h.offset).UTC() }

// next is a number that grows: of the host's time, where it has moved on.
func (h *Host) next() uint64 {
	h.last = max(h.now().UnixMicro(), h.last+1)
	return uint64(h.last) //nolint:gosec // a time to come
}

// Grant lets the workspace allow scopes; at first it allows all that the manifest
// asks for.
func (h *Host) Grant(scopes ...string) { h.allow(true, scopes) }

// Revoke takes scopes back.
func (h *Host) Revoke(scopes ...string) { h.allow(false, scopes) }

func (h *Host) allow(yes bool, scopes []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, scope := range scopes {
		h.granted[scope] = yes
	}
}

// Granted lists the scopes that the plugin asks for and the workspace allows,
// sorted: Instance.scopes.
func (h *Host) Granted() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.scopes()
}

func (h *Host) scopes() []string {
	var out []string
	for scope, yes := range h.granted {
		if yes && h.asks(scope) {
			out = append(out, scope)
		}
	}
	slices.Sort(out)
	return out
}

func (h *Host) may(scope string) bool { return h.granted[scope] && h.asks(scope) }

// AddInstance makes an instance one of the plugin's. Configure does so by itself.
func (h *Host) AddInstance(i *pluginv1.Instance) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.instances[i.GetId()] = proto.CloneOf(i)
}

// DropInstance makes it nobody's. RemoveInstance does so by itself.
func (h *Host) DropInstance(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.instances, id)
}

// Calls returns what the plugin asked for, in the order in which it was answered.
func (h *Host) Calls() []Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls)
}

// Refuse makes the next calls of a method fail with err, a status. method is its
// name, "PutState" or "HostStateService/PutState".
func (h *Host) Refuse(method string, times int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refusals = append(h.refusals, refusal{method: method, times: times, err: err})
}

// refused takes one of the refusals that wait for a method.
func (h *Host) refused(full string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.refusals {
		r := &h.refusals[i]
		if r.times > 0 && (full == r.method || strings.HasSuffix(full, "/"+r.method) || strings.HasSuffix(full, "."+r.method)) {
			r.times--
			return r.err
		}
	}
	return nil
}

// Broken returns the rules of the protocol that the plugin broke.
func (h *Host) Broken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.broken)
}

func (h *Host) breach(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = append(h.broken, fmt.Sprintf(format, args...))
}

// inbox returns the inbox that an instance is; "" when it is a connection.
func (h *Host) inbox(instance string) string {
	if i := h.instances[instance]; i.GetKind() == "" || i.GetKind() == "inbox" {
		return instance
	}
	return ""
}

// timed is a time on the wire; none for zero.
func timed(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// bounded is ctx with the budget that the core gives a method.
func bounded(ctx context.Context, full string) (context.Context, context.CancelFunc) {
	const otherwise = 5 * time.Second
	budget := otherwise
	if m, ok := pluginv1.MethodOf(full); ok && m.Budget > 0 {
		budget = m.Budget
	}
	return context.WithTimeout(ctx, budget)
}
