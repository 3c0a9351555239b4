package delivery

import (
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
)

// recent is how long nobody else hands over what this server handed over: shorter
// than another takes to notice that it is gone.
const recent = 10 * time.Second

// knowledge is what this server knows of a plugin's deliveries.
type knowledge struct {
	// doubt: what was made before it may have been handed over by a server that
	// is no more, or by another of the cluster.
	doubt  time.Time
	lines  int       // served now
	rested time.Time // when the last of them ended
}

// begins returns since when this server knows what was handed over to a plugin.
func (d *Deliverer) begins(plugin channel.PluginID) time.Time {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	k, served := d.known[plugin]
	if !served || k.lines == 0 && now.Sub(k.rested) > recent {
		k.doubt = now
	}
	k.lines++
	d.known[plugin] = k
	return k.doubt
}

func (d *Deliverer) ends(plugin channel.PluginID) {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	k := d.known[plugin]
	k.lines--
	k.rested = now
	d.known[plugin] = k
}

func (d *Deliverer) crashed(plugin channel.PluginID, inFlight map[ID]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.suspects[plugin] == nil {
		d.suspects[plugin] = make(map[ID]int)
	}
	for id := range inFlight {
		d.suspects[plugin][id]++
	}
}

func (d *Deliverer) crashes(plugin channel.PluginID, id ID) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.suspects[plugin][id]
}

// recorded forgets the crashes that deliveries were in flight at. One that is to
// be tried again stays marked: the far side may have it from then. That the
// plugin answered it speaks against poison.
func (d *Deliverer) recorded(plugin channel.PluginID, settled []Settlement) {
	d.mu.Lock()
	defer d.mu.Unlock()
	of := d.suspects[plugin]
	if len(of) == 0 {
		return
	}
	for i := range settled {
		id := settled[i].Delivery.ID
		if settled[i].State == Pending && of[id] > 0 {
			of[id] = 1
			continue
		}
		delete(of, id)
	}
}
