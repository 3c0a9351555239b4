package extension

import (
	"context"
	"time"
)

// Copy names one immutable copy of a plugin: what a folder held, by its content.
type Copy struct {
	Digest  string // SHA-256 of the list of its files, in hex; "" = no copy
	Version string
}

// Life is what administrators want of a plugin, the same on every node.
type Life struct {
	Plugin   PluginID
	Enabled  bool
	Active   Copy   // the one that runs, on every node that has it
	Previous Copy   // the one before: rollback goes there
	Pinned   string // a version that upgrades stay away from; "" = none
	// Refused is the digest of a version that was left because it failed. It is
	// taken again only when an administrator says so.
	Refused     string
	ActiveSince time.Time // when Active became it
	Revision    int64     // of the row; 0 = there is none yet
}

// Version is one copy of a plugin that this node keeps.
type Version struct {
	Copy
	At       time.Time // when the copy was made
	Size     int64     // bytes
	Active   bool
	Previous bool
	// Offered: it is what the plugins folder holds now, and what upgrade goes to.
	Offered bool
	// Asks are the permissions that it needs and that the active one does not:
	// an upgrade to it must name them.
	Asks []string
}

// Transition is one step in the life of a plugin's process.
type Transition struct {
	Number      int64 // counted from 1, in the order they were noted; the store gives it
	Plugin      PluginID
	Node        string
	At          time.Time
	Version     string
	State       State
	Reason      string   // a sentence; "" = nothing is wrong
	Ending      string   // how the process ended: "exit status 2", "signal: killed"; "" = it did not
	Lines       []string // the last that it wrote, the oldest first, when it ended
	NextRetryAt time.Time
}

// KeptTransitions is how many steps are kept of each plugin; MaxLines how many
// lines of output a step has.
const (
	KeptTransitions = 200
	MaxLines        = 50
)

// RolledBack is the state of a step, not of a process: the version was left,
// because it failed, for the one before.
const RolledBack State = "rolled_back"

// Lives is the store of what is wanted of plugins and of what became of them.
type Lives interface {
	// Lives returns all rows.
	Lives(ctx context.Context) ([]Life, error)
	// Keep writes a row, if its revision is still l's, and returns it with the
	// new one; errs.Conflict when another node was quicker.
	Keep(ctx context.Context, l Life) (Life, error)
	// Note adds a step and forgets those beyond KeptTransitions.
	Note(ctx context.Context, t Transition) error
	// History returns at most limit steps of a plugin, the newest first, from
	// before the step of that number; 0 = from the newest.
	History(ctx context.Context, plugin PluginID, before int64, limit int) ([]Transition, error)
	// Hold gives the place of a plugin that runs on one node to a node, until a
	// time, unless another has it at now; held is who has it then. The fence
	// grows each time that the place changes hands.
	Hold(ctx context.Context, plugin PluginID, node string, now, until time.Time) (Place, error)
	// Leave gives the place back, if the node has it.
	Leave(ctx context.Context, plugin PluginID, node string) error
}

// Place is who runs a plugin that runs on one node only.
type Place struct {
	Node  string
	Fence int64
	Until time.Time
}
