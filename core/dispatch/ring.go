package dispatch

// Offers says whether what Decide assigns is offered from now on: the item then
// rings, and its agent is given nothing more until the offer is over.
func (e *Engine) Offers(on bool) { e.offers = on }

// Ring notes that an item is offered. It is given to nobody, and counts in its
// queue until the offer is over, so that nobody's place goes back when it waits
// again; whoever waits with it is next. Wait and Gone end it too.
func (e *Engine) Ring(item Item) {
	e.Wait(item)
	e.ring(e.items[item.Key])
}

// ring makes an item that waits ring.
func (e *Engine) ring(w *waiting) {
	e.leave(w)
	w.rings = true
	e.enter(w)
}

// Hush ends the offer of an item that does not wait again. One that does not
// ring stays as it is.
func (e *Engine) Hush(key Key) {
	if w := e.ringing[key]; w != nil {
		e.part(w)
	}
}

// known returns an item that waits or rings, or nil.
func (e *Engine) known(key Key) *waiting {
	if w := e.items[key]; w != nil {
		return w
	}
	return e.ringing[key]
}

// tellOf returns what whoever waits with an item is to know, which has an index
// in its ranking. That somebody hesitates is not the customer's to know.
func (e *Engine) tellOf(w *waiting, index int) told {
	if w.rings {
		return told{place: 1, available: true, wait: e.waitOf(w.ranking.queue, 1, w.told.wait)}
	}
	opens, closed := e.held[w.Queue]
	out := told{place: e.placed(w, index), available: e.hopeful(w), closed: closed, opens: opens}
	if out.available {
		out.wait = e.waitOf(w.ranking.queue, out.place, w.told.wait)
	}
	return out
}
