package dispatch

// PresenceSwitched is the type of the event that says that a member's effective
// status is another. Its subject is the member, its data PresenceData. It commits
// with the status, and is for the server's own figures: nobody is told of it.
const PresenceSwitched = "presence.switched"

// PresenceData is the data of PresenceSwitched: effective statuses.
type PresenceData struct {
	Status Status `json:"status"`
	From   Status `json:"from"`
}

// Effective returns what the member is to dispatch: offline unless they are there.
func (a AgentState) Effective() Status {
	switch {
	case !a.Online:
		return Offline
	case a.Status == "":
		return Available
	default:
		return a.Status
	}
}
