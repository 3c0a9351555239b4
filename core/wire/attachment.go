package wire

import (
	"net/url"

	"github.com/patchbay-im/patchbay/core/media"
)

// Attachment is a file that a message carries.
type Attachment struct {
	ID         string `json:"id"`
	Name       string `json:"name" doc:"For display; cleaned of what could mislead."`
	Type       string `json:"type" doc:"MIME type, as the content says."`
	Size       int64  `json:"size" doc:"Bytes."`
	Kind       string `json:"kind" enum:"image,audio,video,file"`
	Width      int    `json:"width,omitempty" doc:"Pixels of an image."`
	Height     int    `json:"height,omitempty"`
	DurationMS int64  `json:"duration_ms,omitempty" doc:"Of audio and video, where the file tells."`
	Role       string `json:"role,omitempty" enum:"voice,original" doc:"voice: a recorded message. original: the whole message as it came, to be downloaded and not shown among its files."`
	ContentID  string `json:"content_id,omitempty" doc:"The message's HTML shows the file in its place."`
	State      string `json:"state,omitempty" enum:"fetching,scanning,ready,failed,gone,infected" doc:"The address opens nothing until the file is ready, and a message.file change tells of the next state. fetching: the channel named the file and is asked for it; name, type, kind and size (0 = not known) are its word. scanning: it is looked at by the virus scanner. failed: see error, and POST .../fetch to try again. gone: the far side has it no more. infected: the scanner found something, and it is kept back for good; error is what it said."`
	ErrorCode  string `json:"error_code,omitempty" doc:"Why the file is not here."`
	Error      string `json:"error,omitempty" doc:"The same as a sentence for agents."`
	URL        string `json:"url" doc:"Path of the file on this server, good for a day at least without a session. When it has expired (403 media.ticket_expired), fetch the message again. Changes at midnight UTC."`
	PreviewURL string `json:"preview_url,omitempty" doc:"Path of a picture of at most 1280 pixels that was drawn anew here: the only thing to show inline."`

	PlayableURL string `json:"playable_url,omitempty" doc:"Path of the recording as audio/mp4, of one whose own type (AMR, SILK) browsers do not play. To play; url is the file as it came."`
}

// AttachmentOf returns the view of an attachment that the store has signed.
func AttachmentOf(a media.Attachment) Attachment {
	path := "/api/v1/media/" + url.PathEscape(string(a.ID))
	ticket := "?t=" + url.QueryEscape(a.Ticket)
	out := Attachment{
		ID: string(a.ID), Name: a.Name, Type: a.Type, Size: a.Size, Kind: string(a.Kind),
		Width: a.Width, Height: a.Height, DurationMS: a.Duration.Milliseconds(), URL: path + ticket,
		Role: string(a.Role), ContentID: a.ContentID, State: a.State(), ErrorCode: a.Trouble.Code, Error: a.Trouble.Detail,
	}
	switch {
	case !a.HasPreview() || a.Arrival != media.Here:
	case a.Kind == media.Audio:
		out.PlayableURL = path + "/preview" + ticket
	default:
		out.PreviewURL = path + "/preview" + ticket
	}
	return out
}

// publicFiles are a message's attachments as its customer sees them: why a file
// is not here is for agents.
func publicFiles(all []media.Attachment) []Attachment {
	out := AttachmentsOf(all)
	for i := range out {
		out[i].ErrorCode, out[i].Error = "", ""
	}
	return out
}

// AttachmentsOf returns the views of a message's attachments; nil when it has none.
func AttachmentsOf(all []media.Attachment) []Attachment {
	var out []Attachment
	for _, a := range all {
		out = append(out, AttachmentOf(a))
	}
	return out
}
