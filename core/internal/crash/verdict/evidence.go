package verdict

import "time"

// Evidence is what the clients of a run can swear to.
type Evidence struct {
	Live, Echo string // inboxes
	EchoPrefix string

	Acks     []Ack
	Refused  []Ack // never acknowledged, and finally refused
	Files    []File
	Tickets  []TicketAck
	Streams  []Stream
	Members  []MemberView
	Visitors []VisitorView
	Seen     []Violation // what clients noticed by themselves
}

// Party is who sent a message.
type Party string

// The parties.
const (
	Member  Party = "member"
	Visitor Party = "visitor"
	Hook    Party = "hook" // the far side of a channel
)

// Ack is one answer to one attempt to send a message.
type Ack struct {
	Client       string // of the harness
	Party        Party
	Sender       string // member, visitor session, or person of the far side
	Conversation string // known to members
	ClientID     string
	Kind, Text   string
	Message      string // its id, as the answer told; "" = not told
	Seq          uint64 // members: seq; visitors: public seq; 0 = not told
}

// TicketAck is an answer to a change of a ticket: its making (Title), a comment
// (ClientID), or what it is then (Status).
type TicketAck struct {
	Client   string // of the harness
	Ticket   string
	Number   uint64 // of its making
	Title    string
	ClientID string
	Text     string
	Public   bool
	Status   string
	Seq      uint64 // of the change; of the last one, for Title and Status
}

// Stream is what one subscriber was sent, first deliveries in the order in
// which they came.
type Stream struct {
	Client  string
	Visitor string // whose public sequence; "" = the workspace's feed
	Seen    []Seen
}

// Seen is one event.
type Seen struct {
	Number uint64 // feed, or public seq
	ID     string // of the change; visitors: of the message, if any
}

// MemberView is what a console shows in the end.
type MemberView struct {
	Client        string
	Conversations map[string]*Shown
}

// Shown is one conversation in a console.
type Shown struct {
	Row     Row
	Changes []Entry // index = seq - 1
}

// Row is a conversation as lists show it. Times are whole milliseconds.
type Row struct {
	Inbox, Contact                         string
	State, Responder, Assignee             string
	Snoozed, Waiting, Updated              int64
	LastSeq, LastPublicSeq, LastInboundSeq uint64
	LastText, LastSender, LastKind         string
}

// Entry is one change in a console.
type Entry struct {
	ID, Type string
	Message  string // id; "" = none
	Text     string
	Kind     string
	Client   string // client_msg_id
	Sender   string
	Delivery string // of the message that this change brought
}

// VisitorView is what a widget shows in the end.
type VisitorView struct {
	Client  string
	Visitor string
	Changes []PublicEntry // index = public seq - 1
}

// PublicEntry is one change in a widget.
type PublicEntry struct {
	Type    string
	Message string
	Text    string
	Sender  string // kind
}

// Millis is a time as rows of views hold it; 0 = none.
func Millis(t *time.Time) int64 {
	if t == nil || t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
