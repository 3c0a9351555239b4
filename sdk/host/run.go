package host

import (
	"context"
	"time"
)

// Schedule calls the plugin back later: instance.Scheduled. Schedules outlive
// the process; each run happens at least once, on one node at a time. Runs that
// were missed while nothing ran are made up for by one. An instance has at most
// 1,000.
//
// Permission: schedule.
type Schedule interface {
	// Set sets a schedule, in place of the one under its key.
	Set(ctx context.Context, req ScheduleRequest) error
	// Cancel removes one, and reports whether there was one.
	Cancel(ctx context.Context, key string) (bool, error)
}

// ScheduleRequest is work to be called for.
type ScheduleRequest struct {
	Key     string        // 1 to 200 bytes
	At      time.Time     // the first time; zero = now
	Every   time.Duration // then again and again, at least 10 s; 0 = once
	Payload []byte        // at most 64 KiB
}

// Leases make this process the owner of something in the whole installation: a
// provider's session, a mailbox. A lease ends with its time, with Release, and
// with the process.
//
// Permission: lease.
type Leases interface {
	// Acquire takes a lease or prolongs one's own, for 5 s to 10 min.
	Acquire(ctx context.Context, name string, ttl time.Duration) (Lease, error)
	// Release gives a lease back.
	Release(ctx context.Context, name string) error
}

// Lease says who owns something.
type Lease struct {
	Acquired bool
	// Fencing grows with each owner. A far side that is told it refuses older
	// ones; then not even a process that was asleep can do harm.
	Fencing uint64
	Until   time.Time // when it ends; of another process when not Acquired
}

// Database gives an instance a database of its own.
//
// Permission: database.
type Database interface {
	// Open returns where it is; the first call makes it.
	Open(ctx context.Context) (DatabaseSource, error)
}

// DatabaseSource says how to reach a database. Source holds a password: it
// belongs into no log.
type DatabaseSource struct {
	Driver string // "sqlite" or "postgres"
	Source string // the path of a file, or a connection URI
}

// Tokens are the secrets that change by themselves: for fields with x-oauth in
// the config_schema. Those that administrators typed come with the instance.
//
// Permission: secrets.
type Tokens interface {
	// Access returns a token that is valid now. refused is one that the far side
	// has just refused, or "": the host gets another one. An error with the code
	// errs.CodeAuthExpired says that an administrator must sign in again. Package
	// outbound has a transport that does all that.
	Access(ctx context.Context, pointer, refused string) (Token, error)
}

// Token is a token for a far side. It belongs into no log.
type Token struct {
	Value     string
	ExpiresAt time.Time // zero = not known
}

// Tools are those of other plugins.
//
// Permission: tools:invoke.
type Tools interface {
	// List returns the tools that the instance may use, worded in a locale.
	List(ctx context.Context, locale string) ([]Tool, error)
	// Call calls one. An error with the code CodeApprovalPending says that a
	// person must agree first: call again later with the same key.
	Call(ctx context.Context, req CallRequest) ([]byte, error)
}

// CodeApprovalPending says that a person must agree before a tool is used.
const CodeApprovalPending = "approval_pending"

// Tool is a tool of another plugin.
type Tool struct {
	Name          string // "<publisher>/<plugin>:<tool>"
	Title         string
	Description   string
	ArgsSchema    []byte // JSON Schemas
	OutputSchema  []byte
	Writes        bool // it changes something at the far side
	NeedsApproval bool // a person must agree each time
}

// CallRequest is a use of a tool.
type CallRequest struct {
	Key          string // of idempotency, 1 to 200 bytes: the same again is done once
	Tool         string // Tool.Name
	Args         []byte // a JSON object
	Conversation string // "" = none
}

// Metrics are figures of the plugin's own beside the core's, named
// patchbay_plugin_<name>, with the labels plugin and instance. A plugin has at
// most 50 names and 1,000 combinations of name and labels. Collect over some
// seconds what happens often: each call is a request.
//
// Permission: metrics.
type Metrics interface {
	// Record tells 1 to 100 figures; all are taken, or none.
	Record(ctx context.Context, figures ...Figure) error
}

// FigureKind says what a figure's value means.
type FigureKind uint8

// The kinds.
const (
	Counter  FigureKind = iota + 1 // is added
	Gauge                          // replaces what was there
	Duration                       // seconds; observed
)

// Figure is one value.
type Figure struct {
	Name   string // lower-case words joined by underscores
	Kind   FigureKind
	Value  float64
	Labels map[string]string // at most 5, whose values are few: no ids
}
