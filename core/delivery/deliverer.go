package delivery

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
)

// Rules of delivery.
const (
	batchSize   = 32               // items in one hand-over
	firstRetry  = time.Second      // doubled on each attempt, with jitter
	lastRetry   = 5 * time.Minute  // the longest wait between attempts
	expiry      = 24 * time.Hour   // undelivered after this: dead
	poisonLimit = 3                // in flight at so many crashes: dead
	storeRetry  = time.Second      // wait after the ledger failed
	idle        = 30 * time.Second // look at the ledger at least this often
	leastWait   = 5 * time.Millisecond
)

// Codes of deliveries that died without the far side's word.
const (
	CodeExpired = "expired"
	CodePoison  = "poison"

	CodeWindowClosed = "window_closed" // the far side takes no more messages to the person
)

// ErrLineDied is returned by Serve when the plugin process went away.
var ErrLineDied = errors.New("the line to the plugin died")

// ErrLineStopped is returned by Line.Send when the plugin is being drained:
// nothing of the batch left, and receipts of what left before still come.
var ErrLineStopped = errors.New("the line to the plugin takes no more")

// Deliverer hands due deliveries to the plugins.
//
// Concurrency: Serve runs once per ready plugin process, in the plugin host's
// goroutine; Wake may be called from anywhere.
type Deliverer struct {
	// Channels tells what a plugin's channel can do, asked once for each line;
	// nil = carry text. It is set before the first Serve.
	Channels func(channel.PluginID) channel.Capabilities

	store Store
	now   func() time.Time
	log   *slog.Logger

	accounts accounts

	mu       sync.Mutex
	wakes    map[channel.PluginID]chan struct{}
	suspects map[channel.PluginID]map[ID]int // in flight at how many crashes
	known    map[channel.PluginID]knowledge
}

// NewDeliverer returns a Deliverer.
func NewDeliverer(store Store, now func() time.Time, log *slog.Logger) *Deliverer {
	return &Deliverer{
		store: store, now: now, log: log,
		accounts: accounts{of: make(map[channel.InboxID]*account)},
		wakes:    make(map[channel.PluginID]chan struct{}),
		suspects: make(map[channel.PluginID]map[ID]int),
		known:    make(map[channel.PluginID]knowledge),
	}
}

// Account returns how the sending of an inbox fares; false when this server has
// sent nothing by it.
func (d *Deliverer) Account(inbox channel.InboxID) (Account, bool) {
	return d.accounts.state(inbox, d.now())
}

// Broken lists the inboxes whose far side has failed several times in a row, in
// any order: only probes leave by them.
func (d *Deliverer) Broken() []channel.InboxID { return d.accounts.broken() }

// Wake makes every line look at the ledger now.
func (d *Deliverer) Wake() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range d.wakes {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// Serve delivers over one line until ctx ends or the line dies. Whatever was
// in flight then is handed over again by the next Serve, marked Suspect. So is
// what waited before this server served the plugin: it may have been in flight
// when the one before it died, and the ledger does not know.
func (d *Deliverer) Serve(ctx context.Context, plugin channel.PluginID, line Line) error {
	s := &session{
		Deliverer: d, plugin: plugin, line: line, inFlight: make(map[ID]*Delivery), wake: d.register(plugin),
		skip: Skip{Out: make(map[ID]bool), Held: make(map[ID]time.Time), Inboxes: make(map[channel.InboxID]time.Time)},
		load: make(map[channel.InboxID]int),
	}
	if v, ok := line.(Versioned); ok {
		s.version = v.Version()
	}
	if d.Channels != nil {
		s.can = d.Channels(plugin)
	}
	s.doubt = d.begins(plugin)
	err := s.run(ctx)
	d.ends(plugin)
	d.crashed(plugin, s.skip.Out)
	for inbox := range s.load {
		d.accounts.lost(inbox)
	}
	if ctx.Err() == nil {
		s.interrupted(ctx)
	}
	return err
}

func (d *Deliverer) register(plugin channel.PluginID) chan struct{} {
	w := make(chan struct{}, 1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wakes[plugin] = w
	return w
}
