package dispatch

import (
	"context"
	"hash/fnv"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// confirmAfter is how long a difference must last to be one: what is on its
// way through the feed has arrived by then.
const confirmAfter = 2 * time.Second

// shadow is the regular comparison of a workspace's index with the database.
type shadow struct {
	at       time.Time
	suspects map[mismatch]struct{} // found once
}

// plan sets the first comparison; workspaces take turns.
func (s *shadow) plan(now time.Time, every time.Duration, ws identity.WorkspaceID) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(ws)) // never fails: see hash.Hash
	s.at = now.Add(every/2 + time.Duration(h.Sum32())%every)
}

// mismatch names a way in which the index differs from the database.
type mismatch struct {
	what   string
	key    Key
	member identity.MemberID
}

// difference is a mismatch and what the database says.
type difference struct {
	mismatch
	item Item
	row  AgentRow
}

const (
	itemMissing  = "item_missing" // from the index
	itemExtra    = "item_extra"
	itemDiffers  = "item_differs"
	agentMissing = "agent_missing"
	agentExtra   = "agent_extra"
	agentDiffers = "agent_differs"
)

// differences compares the index with what the store holds. s.mu is held.
func (s *shard) differences(items []Item, rows []AgentRow) []difference {
	var out []difference
	waits := make(map[Key]struct{}, len(items))
	for _, it := range items {
		waits[it.Key] = struct{}{}
		mine, ok := s.engine.Item(it.Key)
		switch {
		case !ok:
			out = append(out, difference{mismatch: mismatch{what: itemMissing, key: it.Key}, item: it})
		case !mine.Equal(normal(s.plan.Aim(it))):
			out = append(out, difference{mismatch: mismatch{what: itemDiffers, key: it.Key}, item: it})
		}
	}
	for it := range s.engine.Items() {
		if _, ok := waits[it.Key]; !ok {
			out = append(out, difference{mismatch: mismatch{what: itemExtra, key: it.Key}, item: it})
		}
	}
	works := make(map[identity.MemberID]struct{}, len(rows))
	for _, row := range rows {
		works[row.Member] = struct{}{}
		mine, ok := s.engine.Agent(row.Member)
		switch {
		case !ok:
			out = append(out, difference{mismatch: mismatch{what: agentMissing, member: row.Member}, row: row})
		case mine.differs(row) || s.strays(row):
			out = append(out, difference{mismatch: mismatch{what: agentDiffers, member: row.Member}, row: row})
		}
	}
	for _, a := range s.engine.Agents() {
		if _, ok := works[a.Member]; !ok {
			out = append(out, difference{mismatch: mismatch{what: agentExtra, member: a.Member}})
		}
	}
	return out
}

// heal makes the index say what the database says. s.mu is held.
func (s *shard) heal(d difference) {
	switch d.what {
	case itemMissing, itemDiffers:
		s.wait(d.item)
	case itemExtra:
		s.engine.Gone(d.key)
	case agentMissing, agentDiffers:
		s.applyRow(d.row)
	case agentExtra:
		s.dismiss(d.member)
	}
}

// compare is the shadow check, when it is due. Differences that are found
// twice in a row are counted, logged and healed.
func (s *shard) compare(ctx context.Context, now time.Time) {
	if now.Before(s.shadow.at) {
		return
	}
	all, err := s.readAll(ctx)
	if err != nil {
		s.fail(ctx, "comparing with the store", err)
		return
	}
	s.mu.Lock()
	if !s.follows(all.plan) { // nobody told: everything is read again
		s.reread = true
		s.mu.Unlock()
		s.nudge()
		return
	}
	s.offer(all.offering)
	s.hang(all.hours)
	s.adopt(all.offers)
	found := s.differences(all.items, all.rows)
	suspects := make(map[mismatch]struct{}, len(found))
	healed := map[string]int{}
	for _, d := range found {
		if _, again := s.shadow.suspects[d.mismatch]; again {
			healed[d.what]++
			s.stats.Healed++
			s.heal(d)
		} else {
			suspects[d.mismatch] = struct{}{}
		}
	}
	s.mu.Unlock()
	s.shadow.suspects = suspects
	s.shadow.at = s.Now().Add(s.Shadow)
	if len(suspects) > 0 {
		s.shadow.at = s.Now().Add(confirmAfter)
	}
	if len(healed) > 0 {
		s.Log.WarnContext(ctx, "the dispatch index differed from the database and was corrected", "workspace", s.ws, "differences", healed)
		s.nudge()
	}
}
