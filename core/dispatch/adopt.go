package dispatch

import "maps"

// Adopt changes the policy. What waits, who is there, whom nothing is given
// and who was told what stay; places follow the new order. It looks at every
// item and every agent.
func (e *Engine) Adopt(policy Policy) {
	n := NewEngine(policy)
	n.now, n.turns, n.held, n.offers = e.now, e.turns, e.held, e.offers
	n.flows, n.work, n.staffing, n.staffed = e.flows, e.work, e.staffing+1, e.staffed
	n.work.used = 0 // counted again with each agent
	n.excluded, n.exclusions, n.rests = e.excluded, e.exclusions, e.rests
	for id, a := range e.agents {
		again := &agent{Agent: Agent{Member: id}, turn: a.turn}
		n.agents[id] = again
		n.put(again, a.Agent)
	}
	for _, q := range e.queues {
		e.pass(q)
	}
	n.left = maps.Clone(e.left)
	for key, w := range e.items {
		if w.told.place > 0 {
			n.left[key] = w.told
		}
		n.Wait(w.Item)
	}
	for key, w := range e.ringing {
		if w.told.place > 0 {
			n.left[key] = w.told
		}
		n.Ring(w.Item)
	}
	*e = *n
}
