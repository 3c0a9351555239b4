package dispatch

import "reflect"

// follows reports whether a plan is the one in force.
func (s *shard) follows(plan Plan) bool {
	return s.Plans == nil || s.planned && reflect.DeepEqual(plan, s.plan)
}

// follow puts a plan in force, before what waits is compared with the store: so
// targets follow. s.mu is held.
func (s *shard) follow(plan Plan) {
	if s.follows(plan) {
		return
	}
	s.plan, s.planned = plan, true
	s.engine.Adopt(plan.Policy())
}

// wait puts an item that waits into the index, with what the plan says of it.
// s.mu is held.
func (s *shard) wait(it Item) { s.engine.Wait(s.plan.Aim(it)) }
