package wire

import "time"

// Presence is one member as dispatch sees them.
type Presence struct {
	MemberID    string     `json:"member_id"`
	Status      string     `json:"status" enum:"available,away,offline"`
	Reason      string     `json:"reason,omitempty" doc:"Why away: lunch, meeting, break, training, other, or the member's own words."`
	Since       *time.Time `json:"since,omitempty" doc:"When the status, or its reason, began; absent when the member was never here."`
	WrapUpUntil *time.Time `json:"wrap_up_until,omitempty" doc:"Until then the member is given no new work; absent when not in a wrap-up."`
	Open        int        `json:"open" doc:"Weight of the member's open work."`
	Capacity    int        `json:"capacity"`
}

// StampOrNil is Stamp for a time that may be absent: nil when zero.
func StampOrNil(t time.Time) *time.Time { return stampOrNil(t) }
