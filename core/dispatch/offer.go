package dispatch

import (
	"cmp"
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Offer is an item that is offered to a member, who may accept or refuse. It
// waits in no queue and weighs on the member, who is given nothing else until it
// is over.
type Offer struct {
	Item   Item
	Member identity.MemberID
	Until  time.Time // it rings until then, and stands until it is taken back
}

// Offering is how a workspace gives out work.
type Offering struct {
	Ring   time.Duration // how long an offer rings; 0 = work is assigned at once
	Misses int           // after so many unanswered offers in a row the member is away; 0 = never
}

// Refusal is an item that a member does not want.
type Refusal struct {
	Key
	Member identity.MemberID
}

// NoAnswer is the reason of a member who is away because they did not answer offers.
const NoAnswer = "no_answer"

// CodeOfferOver is the code of a refused TakeBack.
const CodeOfferOver = "dispatch.offer_over"

// ErrOfferOver is the answer to taking back an offer that does not stand.
func ErrOfferOver() *errs.Error {
	return errs.New(errs.Conflict, CodeOfferOver, "This offer does not stand any more.")
}

// OfferStore is the side of a Store that keeps offers.
type OfferStore interface {
	// Offering returns how the workspace gives out work.
	Offering(ctx context.Context, workspace identity.WorkspaceID) (Offering, error)

	// Offers returns every offer of the workspace that stands, in any order.
	Offers(ctx context.Context, workspace identity.WorkspaceID) ([]Offer, error)

	// TakeBack ends an offer because the member does not answer: the item waits in
	// the queue again, with its original arrival time, used falls by its weight and
	// the member's Missed grows by one. Unless this very offer (item, member and
	// time) stands it is a Conflict: CodeOfferOver. So of an answer and TakeBack
	// exactly one succeeds, and TakeBack may be repeated.
	TakeBack(ctx context.Context, workspace identity.WorkspaceID, offer Offer) (Item, error)

	// ForgetMissed makes a member's Missed zero. None is no error; an unknown
	// member is errs.Absent.
	ForgetMissed(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID) error
}

// ringing is what a shard knows of offers: each by its item, and in the order in
// which they end.
type ringing struct {
	known map[Key]*node[Offer]
	ends  *tree[Offer]
}

func newRinging() ringing {
	return ringing{known: map[Key]*node[Offer]{}, ends: newTree(func(a, b Offer) bool {
		return cmp.Or(a.Until.Compare(b.Until), compareKeys(a.Item.Key, b.Item.Key)) < 0
	})}
}

// set adds an offer, or replaces the one of the same item.
func (r *ringing) set(o Offer) {
	r.drop(o.Item.Key)
	o.Until = o.Until.UTC().Truncate(time.Millisecond)
	n := &node[Offer]{}
	r.ends.put(n, o)
	r.known[o.Item.Key] = n
}

// drop forgets the offer of an item, if there is one.
func (r *ringing) drop(key Key) {
	if n := r.known[key]; n != nil {
		r.ends.remove(n)
		delete(r.known, key)
	}
}

// due returns an offer that has rung for long enough.
func (r *ringing) due(now time.Time) (Offer, bool) {
	if n := r.ends.first(); n != nil && !n.value.Until.After(now) {
		return n.value, true
	}
	return Offer{}, false
}

// next returns when the next offer has rung for long enough; false = none rings.
func (r *ringing) next() (time.Time, bool) {
	if n := r.ends.first(); n != nil {
		return n.value.Until, true
	}
	return time.Time{}, false
}

// adopt makes the offers those that the store holds. s.mu is held.
func (s *shard) adopt(offers []Offer) {
	stands := make(map[Key]struct{}, len(offers))
	for _, o := range offers {
		stands[o.Item.Key] = struct{}{}
		s.rings(o)
	}
	for key := range s.ringing.known {
		if _, ok := stands[key]; !ok {
			s.over(key)
		}
	}
}

// over notes that an item is not offered any more. s.mu is held.
func (s *shard) over(key Key) {
	s.ringing.drop(key)
	s.engine.Hush(key)
}

// rings notes that an item is offered. s.mu is held.
func (s *shard) rings(o Offer) {
	s.engine.Ring(s.plan.Aim(o.Item))
	s.ringing.set(o)
}

// offer changes how work is given out. s.mu is held.
func (s *shard) offer(as Offering) {
	s.offering = as
	s.engine.Offers(as.Ring > 0)
}

// ring takes back the offers that nobody answered in time.
func (s *shard) ring(ctx context.Context) {
	for !s.halted() {
		s.mu.Lock()
		offer, due := s.ringing.due(s.Now())
		s.mu.Unlock()
		if !due {
			return
		}
		var item Item
		err := s.call(ctx, func(ctx context.Context) (err error) {
			item, err = s.tenure.writes.TakeBack(ctx, s.ws, offer)
			return err
		})
		if s.deposed(ctx, err) {
			return
		}
		if err != nil && !refusal(err) {
			s.fail(ctx, "taking an offer back", err)
			return
		}
		s.mu.Lock()
		s.over(offer.Item.Key)
		s.unread[offer.Member] = struct{}{}
		if err == nil {
			s.engine.Exclude(item.Key, offer.Member, s.Now().Add(s.Exclude))
			s.wait(item)
			s.stats.Unanswered++
		}
		s.mu.Unlock()
	}
}

// missed makes a member away who left too many offers in a row unanswered. They
// are away until they choose otherwise. s.mu is held.
func (s *shard) missed(row AgentRow, now time.Time) {
	o := s.offering
	if o.Ring <= 0 || o.Misses <= 0 || row.Missed < o.Misses || s.presence.Chosen(row.Member) != Available {
		return
	}
	s.presence.Choose(row.Member, Away, NoAnswer, now)
	s.unsaved[row.Member], s.decided[row.Member] = struct{}{}, struct{}{}
}

// refuse keeps items from who did not want them. s.mu is held.
func (s *shard) refuse(all []Refusal) {
	for _, r := range all {
		if n := s.ringing.known[r.Key]; n != nil && n.value.Member == r.Member {
			s.over(r.Key)
		}
		s.engine.Exclude(r.Key, r.Member, s.Now().Add(s.Exclude))
	}
}
