package identity

import "slices"

// ReachKind is how far a role sees.
type ReachKind string

// The kinds, from the narrowest to the widest; each covers those before it.
const (
	ReachOwn  ReachKind = "own"  // assigned to me, followed or made by me
	ReachTeam ReachKind = "team" // ... or of one of my teams, or of none and in an inbox that one of them serves
	ReachAll  ReachKind = "all"
)

// ReachKinds lists the kinds from the narrowest to the widest.
func ReachKinds() []ReachKind { return []ReachKind{ReachOwn, ReachTeam, ReachAll} }

// within reports whether everything in reach k is in reach of o.
func (k ReachKind) within(o ReachKind) bool {
	return slices.Index(ReachKinds(), k) <= slices.Index(ReachKinds(), o)
}

// Reach is which conversations, tickets and contacts a member sees and touches.
// What is outside is absent to them. The zero Reach covers nothing. Its lists
// are never changed in place.
//
// Covers is the rule in the domain; stores write the same rule as a condition,
// and a test compares the two.
type Reach struct {
	Kind    ReachKind
	Member  MemberID
	Teams   []string // of the member, sorted; of ReachTeam alone
	Inboxes []string // that these teams serve, sorted; of ReachTeam alone
}

// Everywhere covers everything: for what the core does by itself.
func Everywhere() Reach { return Reach{Kind: ReachAll} }

// All reports whether the reach covers everything.
func (r Reach) All() bool { return r.Kind == ReachAll }

// Same reports whether two reaches cover the same.
func (r Reach) Same(o Reach) bool {
	return r.Kind == o.Kind && (r.All() || r.Member == o.Member && slices.Equal(r.Teams, o.Teams) && slices.Equal(r.Inboxes, o.Inboxes))
}

// Holding is what decides whether a thing is in reach: who holds it.
type Holding struct {
	Assignee  MemberID   // "" = nobody
	Followers []MemberID // in any order
	Creator   MemberID   // "" = no member, or a kind of thing that members do not make
	Team      string     // "" = none
	Inbox     string     // "" = none
}

// Covers reports whether a thing is in reach.
func (r Reach) Covers(h Holding) bool {
	switch {
	case r.Kind == ReachAll:
		return true
	case r.Member == "" || r.Kind != ReachOwn && r.Kind != ReachTeam:
		return false
	case h.Assignee == r.Member, h.Creator == r.Member, slices.Contains(h.Followers, r.Member):
		return true
	case r.Kind == ReachOwn:
		return false
	case h.Team != "":
		return has(r.Teams, h.Team)
	default:
		return h.Inbox != "" && has(r.Inboxes, h.Inbox)
	}
}

func has(sorted []string, s string) bool {
	_, found := slices.BinarySearch(sorted, s)
	return found
}
