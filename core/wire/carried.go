package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

// Carried is what some channels tell of a message beside its text and files.
type Carried struct {
	HTML        bool         `json:"html,omitempty" doc:"It has HTML: GET .../messages/{id}/html answers a page of it that is safe to show in a frame."`
	Cut         bool         `json:"cut,omitempty" doc:"The text is its beginning; the whole is in the HTML."`
	Quoted      string       `json:"quoted,omitempty" doc:"What follows the text and may be folded: earlier messages and the signature."`
	Envelope    *Envelope    `json:"envelope,omitempty" doc:"Of an addressed message, such as a mail."`
	Location    *Location    `json:"location,omitempty"`
	Unsupported *Unsupported `json:"unsupported,omitempty" doc:"The message is of a kind that its channel cannot translate: show a placeholder."`
	Trust       *Trust       `json:"trust,omitempty" doc:"Whether the sender is who it says; absent where the channel knows its users."`
	Automatic   bool         `json:"automatic,omitempty" doc:"A machine wrote it, for example a vacation reply."`
	Elsewhere   bool         `json:"elsewhere,omitempty" doc:"The company wrote it, and not here."`
	Participant bool         `json:"participant,omitempty" doc:"Somebody wrote it who takes part in the conversation, and is not the customer: one who was copied, or to whom a message was forwarded."`
	GroupMember *GroupMember `json:"group_member,omitempty" doc:"Who of the group wrote it: sender is the group, under this member's name."`
	Forwards    *Forwarded   `json:"forwards,omitempty" doc:"It passes this message on, with its files, to whom its envelope names. The customer did not get it."`
	Template    *Template    `json:"template,omitempty" doc:"The template of the far side that it is; text is what the customer reads."`
	WrittenAt   *time.Time   `json:"written_at,omitempty" doc:"It was brought later than it came, by a backfill: when it was written. created_at is when it was brought."`
	EditedAt    *time.Time   `json:"edited_at,omitempty" doc:"Its sender changed it then; what it said before is in its versions."`
	RecalledAt  *time.Time   `json:"recalled_at,omitempty" doc:"Its sender took it back then: it says nothing any more. What it said is in its versions."`
	Changing    *Changing    `json:"changing,omitempty" doc:"What its channel is to do to it: until it has, the message is as it was."`
}

// Changing is an act on a message that its channel has not done.
type Changing struct {
	Act   string    `json:"act" enum:"edit,recall"`
	Text  string    `json:"text,omitempty" doc:"Of edit: what it is to say."`
	By    Actor     `json:"by"`
	At    time.Time `json:"at"`
	State string    `json:"state" enum:"pending,failed,unknown" doc:"failed: it was refused. unknown: it may have been done; a person settles it."`
	Error string    `json:"error,omitempty" doc:"Why it was refused."`
}

func changingOf(c *conversation.Changing) *Changing {
	if c == nil {
		return nil
	}
	return &Changing{Act: string(c.Act), Text: c.Text, By: actorOf(c.By), At: Stamp(c.At), State: string(c.State), Error: c.Error}
}

// Envelope is what an addressed message says of itself.
type Envelope struct {
	Subject string  `json:"subject,omitempty"`
	From    *Party  `json:"from,omitempty"`
	ReplyTo *Party  `json:"reply_to,omitempty" doc:"Absent = from."`
	To      []Party `json:"to,omitempty"`
	CC      []Party `json:"cc,omitempty"`
	BCC     []Party `json:"bcc,omitempty"`
}

// Party is an address of an envelope.
type Party struct {
	Address string `json:"address"`
	Name    string `json:"name,omitempty" doc:"As the sender wrote it: it may say anything."`
}

// Forwarded is a message that another one passes on.
type Forwarded struct {
	ID  string `json:"id"`
	Seq uint64 `json:"seq"`
}

// GroupMember is one of a group.
type GroupMember struct {
	ID   string `json:"id" doc:"As the channel knows them."`
	Name string `json:"name,omitempty" doc:"As it was then."`
}

// GroupMembersOf returns the view of members of a group.
func GroupMembersOf(all []channel.Member) []GroupMember {
	var out []GroupMember
	for _, m := range all {
		out = append(out, GroupMember{ID: m.External, Name: m.Name})
	}
	return out
}

// Template says which template of the far side a message is.
type Template struct {
	ID       string            `json:"id"`
	Language string            `json:"language,omitempty"`
	Name     string            `json:"name" doc:"As it was called when it was sent."`
	Values   map[string]string `json:"values" doc:"What was filled in, by the names of its fields."`
}

// Location is a place.
type Location struct {
	Latitude  float64 `json:"latitude" doc:"Degrees, WGS 84."`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// Unsupported is a message that its channel cannot translate.
type Unsupported struct {
	Kind    string `json:"kind" doc:"The far side's word for it."`
	Summary string `json:"summary,omitempty"`
}

// Trust says whether the sender of a message is who it says.
type Trust struct {
	Verdict string `json:"verdict" enum:"verified,unverified,failed" doc:"unverified: nothing speaks for it. failed: something speaks against it."`
	Reason  string `json:"reason,omitempty" doc:"What was looked at, for agents."`
}

func carriedOf(c conversation.Carried) Carried {
	out := Carried{
		HTML: c.HTML, Cut: c.Cut, Quoted: c.Quoted, Envelope: EnvelopeOf(c.Envelope), Automatic: c.Automatic,
		Elsewhere: c.Elsewhere, Participant: c.Participant, WrittenAt: stampOrNil(c.WrittenAt), EditedAt: stampOrNil(c.EditedAt), RecalledAt: stampOrNil(c.RecalledAt),
		Changing: changingOf(c.Changing),
	}
	if m := c.Member; m != nil {
		out.GroupMember = &GroupMember{ID: m.External, Name: m.Name}
	}
	if f := c.Forwards; f != nil {
		out.Forwards = &Forwarded{ID: string(f.ID), Seq: f.Seq}
	}
	if t := c.Template; t != nil {
		out.Template = &Template{ID: t.ID, Language: t.Language, Name: t.Name, Values: t.Values}
		if t.Values == nil {
			out.Template.Values = map[string]string{}
		}
	}
	if l := c.Location; l != nil {
		out.Location = &Location{Latitude: l.Latitude, Longitude: l.Longitude, Name: l.Name, Address: l.Address}
	}
	if u := c.Unsupported; u != nil {
		out.Unsupported = &Unsupported{Kind: u.Kind, Summary: u.Summary}
	}
	if c.Trust.Verdict != "" {
		out.Trust = &Trust{Verdict: string(c.Trust.Verdict), Reason: c.Trust.Reason}
	}
	return out
}

// EnvelopeOf returns the view of an envelope; nil for none.
func EnvelopeOf(e *channel.Envelope) *Envelope {
	if e == nil {
		return nil
	}
	return &Envelope{
		Subject: e.Subject, From: partyOrNil(e.From), ReplyTo: partyOrNil(e.ReplyTo), To: partiesOf(e.To), CC: partiesOf(e.CC), BCC: partiesOf(e.BCC),
	}
}

func partyOrNil(p channel.Party) *Party {
	if p == (channel.Party{}) {
		return nil
	}
	return &Party{Address: p.Address, Name: p.Name}
}

func partiesOf(all []channel.Party) []Party {
	var out []Party
	for _, p := range all {
		out = append(out, Party{Address: p.Address, Name: p.Name})
	}
	return out
}
