package channel

import "time"

// Person is a customer as a channel knows them.
type Person struct {
	External   string // unique per inbox
	Name       string
	Attributes map[string]string
	Email      string // theirs, as far as Trust of what they sent goes; "" = not known
	Phone      string
	Group      bool // not a person: its members all read what is sent
}

// Member is one of a group, as its channel knows them.
type Member struct {
	External string // unique per inbox
	Name     string // "" = not known
}

// Inbound is something that a channel received.
type Inbound struct {
	Inbox    InboxID
	External string // the far side's id of it: (inbox, kind, external) is the key for deduplication
	Kind     InboundKind
	Sender   Person  // of an Echo: the agent, as the far side knows them
	Member   *Member // who of Sender, a group, wrote, changed or did it; nil = not known
	Content  Content
	SentAt   time.Time // by the far side's clock; zero = unknown

	Echo       bool   // written by the company, elsewhere
	Recipient  string // of an Echo: the customer's external id
	Automatic  bool   // a machine wrote it: nothing answers by itself
	NoReply    bool   // nothing answers by itself, whoever wrote it: a list, an address that nobody reads
	Trust      Trust
	Trigger    string   // what it opens a window by; "" = "message", or of an event nothing
	Thread     string   // the far side's key of the talk; "" = it has none
	References []string // external ids of messages that it answers, the nearest last
	Answers    string   // the delivery that it answers, proven by the plugin; "" = none
	Backfill   string   // the backfill that brought it, later than it came; "" = none

	// Of a status, an edit or a recall: the message that it is about.
	Target   string // the far side's id of it
	Delivery string // ours, where the plugin knows it
	Status   Status // of a status
}

// InboundKind says what an Inbound is.
type InboundKind string

// The kinds. A typing notice needs no external id and is not stored.
const (
	KindMessage InboundKind = ""
	KindStatus  InboundKind = "status" // how far a message of ours came
	KindEdit    InboundKind = "edit"   // Content replaces that of Target
	KindRecall  InboundKind = "recall" // Target was taken back
	KindEvent   InboundKind = "event"  // the customer did something: Content.Text says what
	KindTyping  InboundKind = "typing"
)

// Status is what the far side says of a message of ours.
type Status struct {
	State  StatusState
	Code   string // of a failure
	Detail string // for agents
	UpTo   bool   // it holds for all messages before, too
}

// StatusState is how far a message came at the far side.
type StatusState string

// The states.
const (
	StatusSent      StatusState = "sent"
	StatusDelivered StatusState = "delivered"
	StatusRead      StatusState = "read"
	StatusFailed    StatusState = "failed"
)

// Trust says whether the sender of a message is who it says.
type Trust struct {
	Verdict Verdict
	Reason  string // for agents: what was looked at
}

// Proven reports whether the far side vouches for the sender.
func (t Trust) Proven() bool { return t.Verdict == "" || t.Verdict == Verified }

// Verdict is a judgement of a sender.
type Verdict string

// The verdicts. "" = the far side knows its users, as chat networks do.
const (
	Verified   Verdict = "verified"
	Unverified Verdict = "unverified" // nothing speaks for it
	Failed     Verdict = "failed"     // something speaks against it
)
