package channel

import "github.com/patchbay-im/patchbay/core/media"

// Content of a message as channels exchange it.
type Content struct {
	Text        string       // without markup; what lists, search and bots read
	HTML        string       // the same as the far side wrote it, not cleaned; "" = none
	Quoted      string       // of the text: earlier messages and the signature, which may be folded
	Envelope    *Envelope    // of addressed messages; nil = the channel has none
	Location    *Location    // nil = none
	Unsupported *Unsupported // the far side's message is of a kind that the plugin does not know; nil = it knows it
	Files       []File
	Mentions    []Member // outwards: of a group, whom the text names by "@" and their name
}

// Empty reports whether nothing is said.
func (c Content) Empty() bool {
	return c.Text == "" && c.HTML == "" && c.Location == nil && c.Unsupported == nil && len(c.Files) == 0
}

// Envelope is what an addressed message, such as a mail, says of itself.
type Envelope struct {
	Subject string
	From    Party
	ReplyTo Party // the zero value = From
	To      []Party
	CC      []Party
	BCC     []Party
}

// Party is an address of an envelope.
type Party struct {
	Address string // as the channel compares them: of mail in lower case
	Name    string
}

// Location is a place.
type Location struct {
	Latitude, Longitude float64 // degrees, WGS 84
	Name, Address       string
}

// Unsupported is what a plugin says of a message that it cannot translate.
type Unsupported struct {
	Kind    string // the far side's word for it
	Summary string // for agents; "" = nothing is known
}

// File is a file of a message.
type File struct {
	ID        media.ID // "" = it is to be fetched
	Fetch     string   // what the plugin knows the bytes by; only where ID is ""
	Name      string
	Type      string // MIME type as it is stored; of one to be fetched: as the far side says
	Size      int64  // bytes; 0 = not known yet
	ContentID string // the HTML shows it under cid:<this>
	Voice     bool   // a recorded message, not a file that holds sound
	Original  bool   // the whole message as it came (message/rfc822): kept, and not shown among the files
}
