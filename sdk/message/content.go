package message

// Content is what one message says.
//
// Fields are added as the vocabulary grows, each with a word in the manifest's
// channel.content that asks for it: a plugin that asks only for "text" gets
// nothing but Text. What a plugin brings in may have all of it, whatever the
// manifest says.
type Content struct {
	// Text is UTF-8, without markup. It is what lists, search and bots read.
	// Inwards it may be "" beside HTML, of which the core then makes it, beside
	// attachments, and where Location or Unsupported is set.
	Text string
	// HTML is the same as it was written. The core cleans what comes in. "" = none.
	HTML string
	// Quoted is what follows Text and may be folded: earlier messages, a signature.
	// Inwards "" is fine: of a message with an Envelope the core folds by itself what
	// is marked as a quote and what the conversation has said already.
	Quoted      string
	Envelope    *Envelope    // of addressed messages, such as mail; nil = none
	Location    *Location    // instead of Text; nil = none
	Unsupported *Unsupported // instead of Text: the plugin does not know the kind; nil = it does
	// Attachments are files beside the text, or alone; inwards at most 50.
	Attachments []Attachment
	// Mentions are, outwards, the members of a group whom Text names: see Named.
	Mentions []Mention
}

// Text returns a Content of plain text.
func Text(s string) Content { return Content{Text: s} }

// Attachment is a file of a message, by reference: its bytes stay in the core.
type Attachment struct {
	// BlobID is what to ask the core for: host.Blobs. "" inwards = the core
	// fetches the file, see Fetch.
	BlobID    string
	MediaType string // as the core found it by looking at the bytes
	Filename  string
	Size      int64 // bytes; 0 = not known
	// Fetch is inwards what the plugin knows the file by, where it has not stored
	// it: the core asks for the bytes (channel.Fetcher) once the message is
	// committed. 1 to 2,048 bytes; an update of the plugin must still know it.
	Fetch     string
	ContentID string // the HTML shows the file under cid:<this>
	Voice     bool   // a recorded message, and not a file that holds sound
	Original  bool   // the whole message as it came: kept, and not shown among the files
}

// Envelope is what an addressed message says of itself.
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
	Address string
	Name    string // "" = not known
}

// Location is a place.
type Location struct {
	Latitude, Longitude float64 // degrees, WGS 84
	Name, Address       string
}

// Unsupported is a message that the plugin cannot translate. It is shown as a
// placeholder: nothing is dropped.
type Unsupported struct {
	Kind    string // the far side's word for it
	Summary string // for agents; "" = nothing is known
}
