// Package extension is what a plugin adds to the core, seen from the domain:
// which plugins are installed, how their processes fare, and what they asked for.
package extension

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// PluginID is "<publisher>/<name>", from the manifest.
type PluginID string

// State is where a plugin's process stands.
type State string

// The states.
const (
	Starting    State = "starting"
	Ready       State = "ready"
	Backoff     State = "backoff"     // died; is started again at NextRetryAt
	Quarantined State = "quarantined" // died too often; is probed at NextRetryAt
	Stopped     State = "stopped"
	Failed      State = "failed" // cannot start until somebody mends what Detail says
)

// Permission is a scope a plugin asked for, and why.
type Permission struct {
	Scope    string
	Reason   map[string]string // by locale; "en" is always there
	Optional bool              // the plugin works without it
}

// Isolation is one measure that keeps a process in its place.
type Isolation string

// The measures.
const (
	OwnProcessGroup  Isolation = "own_process_group"
	EmptyEnvironment Isolation = "empty_environment"
	NoNewPrivileges  Isolation = "no_new_privileges"
	ResourceLimits   Isolation = "resource_limits" // on open files, the size of one, and core dumps
	FilesFenced      Isolation = "files"           // it touches its own files only (Landlock)
	SignalsFenced    Isolation = "signals"         // it signals its own processes only (Landlock)
	MemoryLimited    Isolation = "memory_limit"    // the kernel ends it beyond its limit (cgroup)
	MemoryWatched    Isolation = "memory_watch"    // the server ends it beyond its limit
	CPULimited       Isolation = "cpu_limit"       // cgroup
	ProcessesLimited Isolation = "process_limit"   // cgroup
)

// Tier is how far a process is kept in its place.
type Tier string

// The tiers.
const (
	Trusted  Tier = "trusted"  // an ordinary process without environment and privileges
	Confined Tier = "confined" // and it touches its own files only
)

// Lacking is a measure that is not in force, and why.
type Lacking struct {
	Measure Isolation
	Why     string // a sentence without its end
}

// Plugin is an installed plugin.
type Plugin struct {
	ID          PluginID
	Name        map[string]string // by locale
	Version     string
	Kinds       []string
	Permissions []Permission
	Tier        Tier // of its process; "" = there is none
	Offers      Offers
	Isolation   []Isolation // what keeps its process in its place, really in force
	Lacking     []Lacking   // and what does not
	State       State
	Detail      string // what is wrong and what to do
	Since       time.Time
	PID         int // 0 = no process
	Restarts    int
	NextRetryAt time.Time // zero = not planned

	Enabled  bool   // by administrators
	Active   Copy   // the version that is wanted
	Previous Copy   // rollback goes there
	Pinned   string // a version; "" = none
	// Offered is what the plugins folder holds, when that is not what runs, and
	// Asks what it needs and the active version does not. Left is the version
	// that was left by itself, because it failed; "" = none was.
	Offered   Copy
	Asks      []string
	Left      string
	NoProcess bool // it consists of files alone
	Exempt    bool // administrators said that it need not be confined
}

// Loose reports whether its process is less confined than it was meant to be.
func (p Plugin) Loose() bool { return p.Tier == Trusted && !p.Exempt }

// LogLine is one line that a plugin's process wrote.
type LogLine struct {
	At    time.Time
	Level string
	Text  string
}

// Host is the port to the plugin host. Each method but Plugins answers
// errs.Absent for a plugin that is not installed.
type Host interface {
	// Plugins lists the installed plugins by id.
	Plugins() []Plugin
	// Restart stops a plugin gracefully and starts it at once.
	Restart(ctx context.Context, id PluginID) error
	// Logs returns the last lines a plugin wrote, the oldest first.
	Logs(id PluginID) ([]LogLine, error)
	// Enable switches a plugin on or off, on every node.
	Enable(ctx context.Context, id PluginID, enabled bool) error
	// Move puts another version in place of the active one and returns it. When
	// it does not start, the active one goes on, and the error says why.
	Move(ctx context.Context, id PluginID, m Move) (Copy, error)
	// Pin keeps a plugin at a version, which becomes the active one; "" = unpin.
	Pin(ctx context.Context, id PluginID, version string) error
	// Versions lists the copies that this node keeps, the newest first.
	Versions(ctx context.Context, id PluginID) ([]Version, error)
}

// Move says which version is to become the active one.
type Move struct {
	Back     bool     // to the previous one; otherwise to what the plugins folder holds
	Accepted []string // permissions that the new one needs and the administrator agrees to
}

// Service holds the administrator's use cases of plugins.
type Service struct {
	host  Host
	lives Lives
	audit Recorder
}

// Recorder keeps a record of what an administrator did.
type Recorder interface {
	Keep(ctx context.Context, scope identity.Scope, r *event.Record) error
}

// NewService returns a Service.
func NewService(host Host, lives Lives, recorder Recorder) *Service {
	return &Service{host: host, lives: lives, audit: recorder}
}

// List returns the installed plugins.
func (s *Service) List(_ context.Context, scope identity.Scope) ([]Plugin, error) {
	if err := scope.Require(identity.PluginRead); err != nil {
		return nil, err
	}
	return s.host.Plugins(), nil
}

// Restart restarts a plugin's process.
func (s *Service) Restart(ctx context.Context, scope identity.Scope, id PluginID) error {
	return s.act(ctx, scope, id, "plugin.restarted", "", func() (string, error) { return "", s.host.Restart(ctx, id) })
}

// Logs returns the last lines a plugin wrote.
func (s *Service) Logs(_ context.Context, scope identity.Scope, id PluginID) ([]LogLine, error) {
	if err := manages(scope, id); err != nil {
		return nil, err
	}
	return s.host.Logs(id)
}
