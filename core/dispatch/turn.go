package dispatch

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// turn does what there is to do and reports whether there is more at once.
// Whatever needs the store is skipped while it is known to fail.
func (s *shard) turn(ctx context.Context) bool {
	now := s.Now()
	if s.failed && now.Before(s.retryAt) {
		s.refuseChoices()
		s.hear()
		s.attend(now)
		s.watchDoors(now)
		s.age(now)
		if s.tenure.writes != nil {
			s.announce(ctx, now)
		}
		return false
	}
	s.failed = false
	leads := s.leads(ctx)
	if !s.catchUp(ctx, now) {
		s.refuseChoices()
		return false
	}
	s.hear()
	s.attend(now)
	s.readRows(ctx)
	s.readOffering(ctx)
	s.watchDoors(now)
	if !leads {
		s.settleChoices(ctx)
		s.attend(now)
		s.age(now)
		return s.rest(ctx, now, !s.failed && len(s.unread) > 0)
	}
	s.ring(ctx)
	s.takeBack(ctx) // before anything is saved: see save
	s.settleChoices(ctx)
	s.attend(now)
	s.save(ctx)
	again := !s.halted() && s.assign(ctx)
	again = s.rest(ctx, now, !s.halted() && (again || len(s.unread)+len(s.lost) > 0))
	s.announce(ctx, s.Now())
	return again
}

// age lets time pass for the index where nothing is decided.
func (s *shard) age(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.engine.Advance(now)
}

// rest compares the index with the database unless there is more to do at once.
func (s *shard) rest(ctx context.Context, now time.Time, more bool) bool {
	if !more && !s.failed {
		s.pause = 0
		s.compare(ctx, now)
	}
	return more
}

// halted reports whether nothing more is to be written in this turn: the store
// fails, or another node leads by now.
func (s *shard) halted() bool { return s.failed || s.tenure.writes == nil }

// catchUp reads the whole workspace when that is due: at the start, and after
// signals were dropped. It reports whether the index can be used.
func (s *shard) catchUp(ctx context.Context, now time.Time) bool {
	s.mu.Lock()
	due := s.reread
	s.reread = false
	s.mu.Unlock()
	if !due {
		return true
	}
	all, err := s.readAll(ctx)
	s.mu.Lock()
	if err != nil {
		s.reread = true
		s.mu.Unlock()
		s.fail(ctx, "reading the workspace", err)
		return false
	}
	s.offer(all.offering)
	s.follow(all.plan)
	s.hang(all.hours)
	for _, row := range all.rows {
		if _, known := s.engine.Agent(row.Member); !known {
			s.presence.Restore(row.AgentState, now)
		}
	}
	for _, d := range s.differences(all.items, all.rows) {
		s.heal(d)
	}
	s.adopt(all.offers)
	s.desert(all.rows)
	s.unsave(all.rows)
	select {
	case <-s.ready:
	default:
		close(s.ready)
	}
	s.mu.Unlock()
	return true
}

// unsave makes those whose coming or going is to be saved the ones whose rows say
// otherwise: another node may have saved it, and while this one listened it did
// not. s.mu is held.
func (s *shard) unsave(rows []AgentRow) {
	clear(s.unsaved)
	for m := range s.decided {
		s.unsaved[m] = struct{}{}
	}
	for _, row := range rows {
		if online := s.presence.Status(row.Member) != Offline; online != row.Online {
			s.unsaved[row.Member] = struct{}{}
		}
		if a, known := s.engine.Agent(row.Member); known && row.IdleSince.After(a.IdleSince) {
			a.IdleSince = row.IdleSince
			s.engine.Set(a)
		}
	}
}

// desert has the work of those who are not there taken back: customers may have
// written to them while nobody looked, just before a crash. s.mu is held.
func (s *shard) desert(rows []AgentRow) {
	for _, row := range rows {
		if row.Used > 0 && s.presence.Status(row.Member) == Offline {
			s.lost[row.Member] = struct{}{}
		}
	}
}

// stored is what the store holds of a workspace.
type stored struct {
	plan     Plan
	items    []Item
	rows     []AgentRow
	offers   []Offer
	offering Offering
	hours    []QueueHours
}

// readAll returns what the store holds of the workspace.
func (s *shard) readAll(ctx context.Context) (all stored, err error) {
	err = s.call(ctx, func(ctx context.Context) (err error) {
		if s.Plans != nil {
			if all.plan, err = s.Plans.Plan(ctx, s.ws); err != nil {
				return err
			}
		}
		if all.offering, err = s.Store.Offering(ctx, s.ws); err != nil {
			return err
		}
		if all.hours, err = s.readHours(ctx); err != nil {
			return err
		}
		if all.items, err = s.Store.Waiting(ctx, s.ws); err != nil {
			return err
		}
		if all.offers, err = s.Store.Offers(ctx, s.ws); err != nil {
			return err
		}
		all.rows, err = s.Store.Agents(ctx, s.ws)
		return err
	})
	return all, err
}

// readOffering reads how work is given out, and when, when that may be another.
func (s *shard) readOffering(ctx context.Context) {
	if !s.settings || s.failed {
		return
	}
	var now Offering
	var hours []QueueHours
	err := s.call(ctx, func(ctx context.Context) (err error) {
		if now, err = s.Store.Offering(ctx, s.ws); err != nil {
			return err
		}
		hours, err = s.readHours(ctx)
		return err
	})
	if err != nil && !errs.Is(err, errs.NotFound) {
		s.fail(ctx, "reading how work is offered", err)
		return
	}
	s.settings = false
	s.mu.Lock()
	s.offer(now)
	s.hang(hours)
	s.mu.Unlock()
}

// hear applies what was told.
func (s *shard) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sig := range s.mail {
		s.refuse(sig.Refused)
		s.settings = s.settings || sig.Settings
		for _, k := range sig.Gone {
			s.engine.Gone(k)
			s.over(k)
		}
		for _, k := range sig.Given {
			s.engine.Given(k)
			s.over(k)
		}
		for _, o := range sig.Offers {
			s.rings(o)
		}
		for _, it := range sig.Waits {
			s.wait(it)
		}
		for _, m := range sig.Agents {
			s.unread[m] = struct{}{}
		}
	}
	s.mail, s.mailSize = nil, 0
}

// attend applies who came, went or chose otherwise, and whose wrap-up is over.
func (s *shard) attend(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.presence.Changes(now) {
		a, known := s.engine.Agent(m)
		if !known {
			s.unread[m] = struct{}{}
			continue
		}
		s.news[m] = struct{}{}
		s.place(a, now)
	}
	for _, m := range s.engine.Rest(now) {
		s.news[m] = struct{}{}
	}
}

// place applies a known agent's presence. s.mu is held.
func (s *shard) place(a Agent, now time.Time) {
	status := s.presence.Status(a.Member)
	if status == a.Status {
		return
	}
	if (status == Offline) != (a.Status == Offline) {
		s.unsaved[a.Member] = struct{}{}
	}
	if status == Offline {
		s.lost[a.Member] = struct{}{}
	} else {
		delete(s.lost, a.Member)
	}
	if status == Available {
		a.IdleSince = now
	}
	a.Status = status
	s.engine.Set(a)
}

// readRows reads the rows of members who may have changed.
func (s *shard) readRows(ctx context.Context) {
	if len(s.unread) == 0 || s.failed {
		return
	}
	asked := sortedKeys(s.unread)
	var rows []AgentRow
	err := s.call(ctx, func(ctx context.Context) (err error) {
		rows, err = s.Store.Loads(ctx, s.ws, asked)
		return err
	})
	if err != nil {
		s.fail(ctx, "reading agents", err)
		return
	}
	clear(s.unread)
	found := make(map[identity.MemberID]AgentRow, len(rows))
	for _, row := range rows {
		found[row.Member] = row
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range asked {
		if row, ok := found[m]; ok {
			s.applyRow(row)
		} else {
			s.dismiss(m)
		}
	}
}

// applyRow takes over capacities, load and abilities as stored. s.mu is held.
func (s *shard) applyRow(row AgentRow) {
	now := s.Now()
	defer s.missed(row, now) // when it is known what they chose
	a, known := s.engine.Agent(row.Member)
	if !known {
		s.presence.Restore(AgentState{Member: row.Member, Status: row.Status, Reason: row.Reason, Since: row.Since}, now)
		a = Agent{Member: row.Member, Status: Offline, IdleSince: row.IdleSince}
		if row.Online { // held a lease when saved: nothing is news if it still does
			a.Status = s.presence.Status(row.Member)
		}
		if row.Online && a.Status == Offline {
			s.unsaved[row.Member] = struct{}{}
		}
	}
	s.chosen(row, now)
	if a.IdleSince.Before(row.IdleSince) { // given work by another node
		a.IdleSince = row.IdleSince
		s.engine.Set(a)
	}
	if row.WrapUpUntil.Before(now) {
		row.WrapUpUntil = time.Time{}
	}
	if known && !a.differs(row) && a.WrapUpUntil.Equal(row.WrapUpUntil) {
		return
	}
	if row.Used < a.Used {
		a.IdleSince = now
	}
	a.Used, a.Capacity, a.Profile, a.WrapUpUntil = row.Used, row.Capacity, row.Profile, row.WrapUpUntil
	a.Aside, a.Limits, a.Has, a.Exclusive = row.Aside, row.Limits, row.Has, row.Exclusive
	a.Ringing = row.Ringing
	s.news[row.Member] = struct{}{}
	s.engine.Set(a)
	s.place(a, now)
}

// chosen takes over what a member chose at another node. What was decided here
// and is still to be saved is newer than the row. s.mu is held.
func (s *shard) chosen(row AgentRow, now time.Time) {
	if _, newer := s.decided[row.Member]; !newer && s.strays(row) {
		s.presence.Choose(row.Member, row.Status, row.Reason, now)
	}
}

// strays reports whether a member chose otherwise than is known here. s.mu is
// held.
func (s *shard) strays(row AgentRow) bool {
	return row.Status.Valid() && (s.presence.Chosen(row.Member) != row.Status || s.presence.Reason(row.Member) != row.Reason)
}

// dismiss forgets a member who may not be given work (any more), and has their
// work taken back. s.mu is held.
func (s *shard) dismiss(m identity.MemberID) {
	s.lost[m] = struct{}{} // also of who is not known: it may have happened just before a crash
	if _, known := s.engine.Agent(m); known {
		s.engine.Remove(m)
		s.news[m] = struct{}{}
	}
	s.presence.Forget(m)
	delete(s.unsaved, m)
	delete(s.decided, m)
	delete(s.refused, m)
}

// takeBack puts the work of agents who disappeared back into the queue.
func (s *shard) takeBack(ctx context.Context) {
	for _, m := range sortedKeys(s.lost) {
		if s.halted() {
			return
		}
		var items []Item
		err := s.call(ctx, func(ctx context.Context) (err error) {
			items, err = s.tenure.writes.Release(ctx, s.ws, m, AgentLost)
			return err
		})
		if s.deposed(ctx, err) {
			return
		}
		if err != nil && !errs.Is(err, errs.NotFound) {
			s.fail(ctx, "taking work back", err)
			return
		}
		delete(s.lost, m)
		if len(items) == 0 {
			continue
		}
		s.unread[m] = struct{}{}
		until := s.Now().Add(s.Exclude)
		s.mu.Lock()
		for _, it := range items {
			s.over(it.Key)
			s.engine.Exclude(it.Key, m, until)
			s.wait(it)
		}
		s.stats.Returned += uint64(len(items))
		s.mu.Unlock()
		s.Log.InfoContext(ctx, "work taken back from an agent who disappeared", "workspace", s.ws, "member", m, "items", len(items))
	}
}

// save records who came and went. It comes when all work is taken back: until
// then a member is online as far as the database knows, so that after a crash
// the lease runs out once more and nothing is forgotten.
func (s *shard) save(ctx context.Context) {
	for _, m := range sortedKeys(s.unsaved) {
		if s.halted() {
			return
		}
		state := s.state(m)
		if _, decided := s.decided[m]; !decided { // what they chose stays as it is stored
			state.Status, state.Reason = "", ""
		}
		err := s.call(ctx, func(ctx context.Context) error { return s.tenure.writes.SaveAgent(ctx, s.ws, state) })
		if s.deposed(ctx, err) {
			return
		}
		if err != nil && !errs.Is(err, errs.NotFound) {
			s.fail(ctx, "saving an agent", err)
			return
		}
		delete(s.unsaved, m)
		delete(s.decided, m)
	}
}

// state returns what there is to save of a member.
func (s *shard) state(m identity.MemberID) AgentState {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, _ := s.engine.Agent(m)
	return AgentState{
		Member: m, Status: s.presence.Chosen(m),
		Online: s.presence.Status(m) != Offline, IdleSince: a.IdleSince,
		Reason: s.presence.Reason(m), Since: s.presence.Since(m),
	}
}
