package channel

import (
	"time"

	"github.com/patchbay-im/patchbay/sdk/message"
)

// Inbound is something that the far side sent: a message, unless Kind says
// otherwise.
type Inbound struct {
	// Instance it came in by. Receive may leave it empty: it is the one asked.
	Instance string
	// ExternalID is the far side's id of it. The same id of the same kind and
	// instance is taken only once, whatever the content. Typing needs none.
	ExternalID string
	Kind       Kind
	Sender     Person // with Echo: the agent, as the far side knows them
	// Member is who of Sender, which is a group then (Person.Group), wrote, changed
	// or did it; Content has their words alone. nil = it is no group, or not known.
	Member  *Member
	Content message.Content
	SentAt  time.Time // by the far side's clock; zero = not known

	// Echo: the company wrote it, elsewhere. Recipient is the customer.
	Echo      bool
	Recipient string // Person.ID

	// Automatic: a machine wrote it, such as an out-of-office notice. It is shown,
	// and nothing answers it by itself.
	Automatic bool
	// NoReply: a person may have written it, and still nothing answers it by
	// itself, such as a mail of a list or of an address that nobody reads.
	NoReply bool
	// Trust says whether the sender is who it says; the zero value is for far
	// sides that know their users.
	Trust Trust
	// Trigger is what it opens a window by, of the manifest's channel.windows;
	// "" = "message", or of an event nothing.
	Trigger string

	// Thread is the far side's talk; "" = it has none. References are the far
	// side's ids of messages that it answers, the nearest last, at most 100.
	// Answers is the SendRequest.DeliveryID that it answers, where the plugin has
	// proven that by a token that it made and checked; "" = none.
	Thread     string
	References []string
	Answers    string

	// Target is the far side's id of the message that a status, an edit or a
	// recall is about, DeliveryID ours; one of them will do.
	Target     string
	DeliveryID string
	Status     Status // of a Kind of KindStatus
}

// Kind says what an Inbound is.
type Kind uint8

// The kinds.
const (
	KindMessage Kind = iota
	KindStatus       // how far a message of ours came: Status
	KindEdit         // Content replaces that of Target
	KindRecall       // Target was taken back
	KindEvent        // the customer did something, which Content.Text says: followed, entered
	KindTyping       // the customer writes; not stored
)

// Status is what the far side says of a message of ours.
type Status struct {
	State  State
	Code   string // of Failed; as in package errs
	Detail string // for agents
	UpTo   bool   // it holds for all messages before, too
}

// State is how far a message came at the far side. Going back has no effect.
type State uint8

// The states.
const (
	Sent      State = iota + 1 // the far side took it
	Delivered                  // the person's device or mailbox has it
	Read
	Failed // a bounce; after Delivered it has no effect
)

// Trust is a judgement of a sender.
type Trust struct {
	Verdict Verdict
	Reason  string // for agents: what was looked at
}

// Verdict says whether a sender is who it says. An unverified sender never
// joins the contact of a verified one by itself.
type Verdict uint8

// The verdicts.
const (
	Vouched    Verdict = iota // by the far side, which knows its users
	Verified                  // proven for this message
	Unverified                // nothing speaks for it
	Refuted                   // something speaks against it
)

// Person is a customer as the far side knows them.
type Person struct {
	ID         string            // unique in the instance: an account, a number, an address
	Name       string            // "" = not known
	Attributes map[string]string // shown to agents beside the conversation
	// Email and Phone are theirs, as far as Trust goes: a proven one joins the
	// contact that has it proven.
	Email, Phone string
	// Group: it is not a person but a group, whose members all read what is sent.
	// For channels whose manifest lists "groups" under channel.can; others are
	// refused with "groups".
	Group bool
}

// Member is one of a group.
type Member struct {
	ID   string // unique in the instance
	Name string // "" = not known
}
