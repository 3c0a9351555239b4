package wire

// Presence is one member as dispatch sees them.
type Presence struct {
	MemberID string `json:"member_id"`
	Status   string `json:"status" enum:"available,away,offline"`
	Open     int    `json:"open" doc:"Weight of the member's open work."`
	Capacity int    `json:"capacity"`
}
