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
		s.announce(ctx, now)
		return false
	}
	s.failed = false
	if !s.catchUp(ctx, now) {
		s.refuseChoices()
		return false
	}
	s.hear()
	s.attend(now)
	s.readRows(ctx)
	s.takeBack(ctx) // before anything is saved: see save
	s.settleChoices(ctx)
	s.attend(now)
	s.save(ctx)
	again := !s.failed && s.assign(ctx)
	again = !s.failed && (again || len(s.unread)+len(s.lost) > 0)
	if !again && !s.failed {
		s.pause = 0
		s.compare(ctx, now)
	}
	s.announce(ctx, s.Now())
	return again
}

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
	items, rows, err := s.readAll(ctx)
	s.mu.Lock()
	if err != nil {
		s.reread = true
		s.mu.Unlock()
		s.fail(ctx, "reading the workspace", err)
		return false
	}
	for _, row := range rows {
		if _, known := s.engine.Agent(row.Member); !known {
			s.presence.Restore(row.AgentState, now)
		}
	}
	for _, d := range s.differences(items, rows) {
		s.heal(d)
	}
	s.desert(rows)
	select {
	case <-s.ready:
	default:
		close(s.ready)
	}
	s.mu.Unlock()
	return true
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

// readAll returns what the store holds of the workspace.
func (s *shard) readAll(ctx context.Context) (items []Item, rows []AgentRow, err error) {
	err = s.call(ctx, func(ctx context.Context) (err error) {
		if items, err = s.Store.Waiting(ctx, s.ws); err != nil {
			return err
		}
		rows, err = s.Store.Agents(ctx, s.ws)
		return err
	})
	return items, rows, err
}

// hear applies what was told.
func (s *shard) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sig := range s.mail {
		for _, k := range sig.Gone {
			s.engine.Gone(k)
		}
		for _, it := range sig.Waits {
			s.engine.Wait(it)
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

// applyRow takes over capacity, load and abilities as stored. s.mu is held.
func (s *shard) applyRow(row AgentRow) {
	now := s.Now()
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
	if row.WrapUpUntil.Before(now) {
		row.WrapUpUntil = time.Time{}
	}
	if known && a.Used == row.Used && a.Capacity == row.Capacity && a.Profile == row.Profile && a.WrapUpUntil.Equal(row.WrapUpUntil) {
		return
	}
	if row.Used < a.Used {
		a.IdleSince = now
	}
	a.Used, a.Capacity, a.Profile, a.WrapUpUntil = row.Used, row.Capacity, row.Profile, row.WrapUpUntil
	s.news[row.Member] = struct{}{}
	s.engine.Set(a)
	s.place(a, now)
}

// dismiss forgets a member who may not be given work (any more), and has their
// work taken back. s.mu is held.
func (s *shard) dismiss(m identity.MemberID) {
	if _, known := s.engine.Agent(m); known {
		s.engine.Remove(m)
		s.lost[m] = struct{}{}
		s.news[m] = struct{}{}
	}
	s.presence.Forget(m)
	delete(s.unsaved, m)
	delete(s.refused, m)
}

// takeBack puts the work of agents who disappeared back into the queue.
func (s *shard) takeBack(ctx context.Context) {
	for _, m := range sortedKeys(s.lost) {
		if s.failed {
			return
		}
		var items []Item
		err := s.call(ctx, func(ctx context.Context) (err error) {
			items, err = s.Store.Release(ctx, s.ws, m, AgentLost)
			return err
		})
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
			s.engine.Exclude(it.Key, m, until)
			s.engine.Wait(it)
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
		if s.failed {
			return
		}
		state := s.state(m)
		err := s.call(ctx, func(ctx context.Context) error { return s.Store.SaveAgent(ctx, s.ws, state) })
		if err != nil && !errs.Is(err, errs.NotFound) {
			s.fail(ctx, "saving an agent", err)
			return
		}
		delete(s.unsaved, m)
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
