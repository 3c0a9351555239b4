package manifest

import "slices"

// Channel declares what a channel can do: the composer offers nothing else, and
// the host keeps to the limits.
type Channel struct {
	Live            bool     `yaml:"live"             json:"live,omitempty"`             // the core serves its visitors
	Content         []string `yaml:"content"          json:"content"`                    // ContentText and the others
	TextLimit       int      `yaml:"text_limit"       json:"text_limit,omitempty"`       // characters; 0 = no limit of the far side
	AttachmentLimit int64    `yaml:"attachment_limit" json:"attachment_limit,omitempty"` // bytes of one file; 0 = as the server's settings say

	// Of channels that are not live.
	Can        []string `yaml:"can"      json:"can,omitempty"`              // CanEdit and the others
	EditForS   int      `yaml:"edit_for_s"   json:"edit_for_s,omitempty"`   // seconds since a message in which it can be changed; 0 = always
	RecallForS int      `yaml:"recall_for_s" json:"recall_for_s,omitempty"` // ... in which it can be taken back
	SendKey    bool     `yaml:"send_key" json:"send_key,omitempty"`         // the far side does once what comes twice under one DeliveryID
	Threads    string   `yaml:"threads"  json:"threads,omitempty"`          // "" = one conversation for each person; ThreadsReply or ThreadsKey
	Windows    []Window `yaml:"windows"  json:"windows,omitempty"`          // when one may write to a person; none = always
	Rates      []Rate   `yaml:"rates"    json:"rates,omitempty"`            // how quickly; none = as the plugin takes it
}

// What messages may hold.
const (
	ContentText     = "text"
	ContentImage    = "image"    // pictures, shown in the conversation
	ContentAudio    = "audio"    // recordings, played in the conversation
	ContentFile     = "file"     // any other file, to be downloaded
	ContentReply    = "reply"    // a quotation of an earlier message
	ContentHTML     = "html"     // text with markup
	ContentEnvelope = "envelope" // subject, to, cc and bcc
	ContentLocation = "location" // a place
	ContentMention  = "mention"  // members of a group whom the text names
)

// Contents lists what messages may hold.
func Contents() []string {
	return []string{
		ContentText, ContentImage, ContentAudio, ContentFile, ContentReply, ContentHTML, ContentEnvelope, ContentLocation,
		ContentMention,
	}
}

// What a channel can do beside carrying messages. Each needs the interface of
// package channel that is named.
const (
	CanEdit     = "edit"     // change what was sent: SendRequest.Act
	CanRecall   = "recall"   // take back what was sent: SendRequest.Act
	CanTyping   = "typing"   // show that somebody writes: Signaler
	CanRead     = "read"     // show that a message was read: Signaler
	CanBackfill = "backfill" // bring what came since a time: Backfiller
	CanWebhook  = "webhook"  // post to the inbox's address: Channel.Receive
	CanGroups   = "groups"   // talk with groups: Person.Group; needs no interface
	CanBegin    = "begin"    // write to an address that never wrote: SendRequest without References

	CanTemplates = "templates" // list messages that were prepared there, and send them: Templater
)

// Abilities lists what a channel can do beside carrying messages.
func Abilities() []string {
	return []string{CanEdit, CanRecall, CanTyping, CanRead, CanBackfill, CanBegin, CanWebhook, CanGroups, CanTemplates}
}

// How messages make conversations, where a person may have several.
const (
	ThreadsReply = "reply" // an answer goes on, anything else begins one: mail
	ThreadsKey   = "key"   // the far side has talks, and names them: Inbound.Thread
)

// Window is a time in which the far side takes messages to a person.
type Window struct {
	On    string `yaml:"on"    json:"on"`              // what opens it: WindowMessage, or a word that Inbound.Trigger says
	Quota int    `yaml:"quota" json:"quota,omitempty"` // messages; 0 = any number
	ForS  int    `yaml:"for_s" json:"for_s"`           // seconds since then
}

// WindowMessage opens the window of each message of the customer.
const WindowMessage = "message"

// Rate bounds how quickly messages leave.
type Rate struct {
	Per    string  `yaml:"per"     json:"per"` // PerAccount or PerRecipient
	Count  int     `yaml:"count"   json:"count"`
	EveryS float64 `yaml:"every_s" json:"every_s"`
	Burst  int     `yaml:"burst"   json:"burst,omitempty"` // at once after a rest; 0 = Count
}

// What a rate is counted by.
const (
	PerAccount   = "account"
	PerRecipient = "recipient"
)

// Files reports whether the channel carries files of any kind.
func (c Channel) Files() bool {
	return slices.ContainsFunc(c.Content, func(w string) bool {
		return w == ContentImage || w == ContentAudio || w == ContentFile
	})
}
