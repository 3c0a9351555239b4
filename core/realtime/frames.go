package realtime

import "github.com/patchbay-im/patchbay/core/wire"

// The frames that sessions send.

type errorFrame struct {
	Op     string `json:"op"`
	Ref    string `json:"ref,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
	// Transient says that the same request may succeed later.
	Transient bool `json:"transient,omitempty"`
}

type byeFrame struct {
	Op      string `json:"op"`
	RetryMS int64  `json:"retry_ms"`
}

type memberReady struct {
	Op          string `json:"op"`
	Epoch       string `json:"epoch"`
	Feed        uint64 `json:"feed"`
	MemberID    string `json:"member_id"`
	HeartbeatMS int64  `json:"heartbeat_ms"`
	LeaseMS     int64  `json:"lease_ms"`
	Resync      bool   `json:"resync"`
	// Rights names what the member may do and see. It changes with it, and then
	// what was fetched before is to be fetched again.
	Rights string `json:"rights"`
	// Unread is how many notifications the member has not read.
	Unread int `json:"notifications_unread"`
}

// goneFrame tells that a conversation, or a ticket, left the member's reach: rows up to Seq
// are not theirs any more. It takes the place of the event with its number.
type goneFrame struct {
	Op             string `json:"op"`
	Feed           uint64 `json:"feed"`
	ConversationID string `json:"conversation_id,omitempty"`
	TicketID       string `json:"ticket_id,omitempty"`
	Seq            uint64 `json:"seq"`
}

// skipFrame takes the place of an event that the member is not told of.
type skipFrame struct {
	Op   string `json:"op"`
	Feed uint64 `json:"feed"`
}

// rightsFrame tells that the member may do or see something else now.
type rightsFrame struct {
	Op     string `json:"op"`
	Rights string `json:"rights"`
}

type eventFrame struct {
	Op string `json:"op"`
	wire.FeedEvent
}

type memberAck struct {
	Op       string        `json:"op"`
	Ref      string        `json:"ref,omitempty"`
	Message  *wire.Message `json:"message"`
	Change   wire.Change   `json:"change"`
	Replayed bool          `json:"replayed"`
}

type memberTyping struct {
	Op             string     `json:"op"`
	ConversationID string     `json:"conversation_id"`
	Actor          wire.Actor `json:"actor"`
	On             bool       `json:"on"`
}

type presenceFrame struct {
	Op      string           `json:"op"`
	Members []MemberPresence `json:"members"`
}

// whisperFrame shows a whisper to whom may read it.
type whisperFrame struct {
	Op      string       `json:"op"`
	Whisper wire.Whisper `json:"whisper"`
}

// draftFrame shows a member's draft to their other windows; null: nothing is
// being written any more.
type draftFrame struct {
	Op             string      `json:"op"`
	ConversationID string      `json:"conversation_id"`
	Rev            uint64      `json:"rev"`
	Draft          *wire.Draft `json:"draft"`
}

// readFrame tells a visitor how far agents have read.
type readFrame struct {
	Op  string `json:"op"`
	Seq uint64 `json:"seq"`
}

type visitorReady struct {
	Op            string `json:"op"`
	Epoch         string `json:"epoch"`
	SessionID     string `json:"session_id"`
	Conversation  bool   `json:"conversation"`
	LastPublicSeq uint64 `json:"last_public_seq"`
	ReadSeq       uint64 `json:"read_seq"`
	HeartbeatMS   int64  `json:"heartbeat_ms"`
	Resync        bool   `json:"resync"`
}

type changeFrame struct {
	Op     string            `json:"op"`
	Change wire.PublicChange `json:"change"`
}

type visitorAck struct {
	Op       string            `json:"op"`
	Ref      string            `json:"ref,omitempty"`
	Change   wire.PublicChange `json:"change"`
	Replayed bool              `json:"replayed"`
}

type visitorTyping struct {
	Op   string `json:"op"`
	Name string `json:"name,omitempty"`
	On   bool   `json:"on"`
}

type queueFrame struct {
	Op        string `json:"op"`
	Position  int    `json:"position"`
	Available bool   `json:"available"`
	WaitS     int    `json:"wait_s,omitempty"`
	Standing
}

// pong is the whole answer to a ping.
const pong = `{"op":"pong"}`
