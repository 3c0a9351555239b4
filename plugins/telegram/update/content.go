package update

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-telegram/bot/models"

	"github.com/patchbay-im/patchbay/sdk/message"
)

// content is what a message says; kind is the member of the update that holds
// what is not known here.
func (r reader) content(m *models.Message, kind string) message.Content {
	c := message.Content{Text: plain(m.Text, m.Entities)}
	if c.Text == "" {
		c.Text = plain(m.Caption, m.CaptionEntities)
	}
	if file, ok := attached(m); ok {
		c.Attachments = []message.Attachment{file}
	}
	c.Location = place(m)
	if m.Contact != nil {
		c.Text = r.contact(m.Contact)
	}
	if c.Text == "" && c.Location == nil && len(c.Attachments) == 0 {
		c.Unsupported = r.unsupported(m, kind)
	}
	r.marked(m, &c)
	c.Quoted = quoted(m)
	return c
}

// marked says in the text who wrote what was forwarded.
func (r reader) marked(m *models.Message, c *message.Content) {
	if from := forwarded(m); from != "" {
		c.Text = strings.TrimSpace(fmt.Sprintf(r.Words.Forwarded, from) + "\n" + c.Text)
	}
}

// forwarded is who wrote what was forwarded; "" = it was not.
func forwarded(m *models.Message) string {
	o := m.ForwardOrigin
	switch {
	case o == nil:
		return ""
	case o.MessageOriginUser != nil:
		return cmp.Or(name(&o.MessageOriginUser.SenderUser), "?")
	case o.MessageOriginHiddenUser != nil:
		return cmp.Or(o.MessageOriginHiddenUser.SenderUserName, "?")
	case o.MessageOriginChat != nil:
		return cmp.Or(o.MessageOriginChat.SenderChat.Title, "?")
	case o.MessageOriginChannel != nil:
		return cmp.Or(o.MessageOriginChannel.Chat.Title, "?")
	default:
		return "?"
	}
}

// maxQuoted bounds what is repeated of the message that is answered, in
// characters.
const maxQuoted = 500

// quoted is the message, or the part of it, that is answered.
func quoted(m *models.Message) string {
	var text string
	switch {
	case m.Quote != nil:
		text = m.Quote.Text
	case m.ReplyToMessage != nil:
		text = cmp.Or(m.ReplyToMessage.Text, m.ReplyToMessage.Caption)
	}
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	if all := []rune(text); len(all) > maxQuoted {
		text = string(all[:maxQuoted]) + "…"
	}
	return "> " + strings.ReplaceAll(text, "\n", "\n> ")
}

// plain is a text with the addresses that its links hide: "here (https://…)".
// Telegram counts places in UTF-16.
func plain(text string, entities []models.MessageEntity) string {
	links := make(map[int]string) // by the end of their words
	for _, e := range entities {
		if e.Type == models.MessageEntityTypeTextLink && e.URL != "" {
			links[e.Offset+e.Length] = e.URL
		}
	}
	if len(links) == 0 {
		return text
	}
	var out strings.Builder
	at := 0
	put := func() {
		if url := links[at]; url != "" && !strings.HasSuffix(out.String(), url) {
			out.WriteString(" (" + url + ")")
		}
		delete(links, at)
	}
	for _, c := range text {
		if at > 0 {
			put()
		}
		out.WriteRune(c)
		if at++; c >= 0x10000 {
			at++
		}
	}
	put()
	return out.String()
}

func place(m *models.Message) *message.Location {
	switch {
	case m.Venue != nil:
		return &message.Location{
			Latitude: m.Venue.Location.Latitude, Longitude: m.Venue.Location.Longitude, Name: m.Venue.Title, Address: m.Venue.Address,
		}
	case m.Location != nil:
		return &message.Location{Latitude: m.Location.Latitude, Longitude: m.Location.Longitude}
	default:
		return nil
	}
}

// contact is a card as text. The number belongs to whom the card is of, and
// proves nothing of who sent it.
func (r reader) contact(c *models.Contact) string {
	return fmt.Sprintf(r.Words.Contact, strings.TrimSpace(c.FirstName+" "+c.LastName), "+"+strings.TrimPrefix(c.PhoneNumber, "+"))
}

// attached is the file of a message: Telegram sends one at most.
func attached(m *models.Message) (message.Attachment, bool) {
	switch {
	case m.Animation != nil: // comes as a document, too
		return file(m.Animation.FileID, cmp.Or(m.Animation.MimeType, "video/mp4"), cmp.Or(m.Animation.FileName, "animation.mp4"), m.Animation.FileSize)
	case m.Document != nil:
		return file(m.Document.FileID, m.Document.MimeType, m.Document.FileName, m.Document.FileSize)
	case m.Video != nil:
		return file(m.Video.FileID, cmp.Or(m.Video.MimeType, "video/mp4"), cmp.Or(m.Video.FileName, "video.mp4"), m.Video.FileSize)
	case m.VideoNote != nil:
		return file(m.VideoNote.FileID, "video/mp4", "video-message.mp4", int64(m.VideoNote.FileSize))
	case m.Voice != nil:
		f, ok := file(m.Voice.FileID, cmp.Or(m.Voice.MimeType, "audio/ogg"), "voice.ogg", m.Voice.FileSize)
		f.Voice = true
		return f, ok
	case m.Audio != nil:
		return file(m.Audio.FileID, cmp.Or(m.Audio.MimeType, "audio/mpeg"), cmp.Or(m.Audio.FileName, m.Audio.Title, "audio.mp3"), m.Audio.FileSize)
	case len(m.Photo) > 0:
		p := largest(m.Photo)
		return file(p.FileID, "image/jpeg", "photo.jpg", int64(p.FileSize))
	case m.Sticker != nil && !m.Sticker.IsAnimated && !m.Sticker.IsVideo:
		return file(m.Sticker.FileID, "image/webp", "sticker.webp", int64(m.Sticker.FileSize))
	default:
		return message.Attachment{}, false
	}
}

func file(id, mediaType, name string, size int64) (message.Attachment, bool) {
	const longest = 2048 // of message.Attachment.Fetch
	return message.Attachment{Fetch: id, MediaType: mediaType, Filename: name, Size: max(size, 0)}, id != "" && len(id) <= longest
}

// largest is the picture itself; the others are previews of it.
func largest(all []models.PhotoSize) models.PhotoSize {
	best := all[0]
	for _, p := range all[1:] {
		if p.Width*p.Height >= best.Width*best.Height {
			best = p
		}
	}
	return best
}

// unsupported is what stands for a message that has no words of ours.
func (r reader) unsupported(m *models.Message, kind string) *message.Unsupported {
	u := &message.Unsupported{Kind: kind}
	switch {
	case m.Sticker != nil:
		u.Summary = m.Sticker.Emoji
	case m.Dice != nil:
		u.Summary = m.Dice.Emoji + " " + strconv.Itoa(m.Dice.Value)
	case m.Poll != nil:
		u.Summary = m.Poll.Question
		for _, o := range m.Poll.Options {
			u.Summary += "\n- " + o.Text
		}
	case m.Game != nil:
		u.Summary = m.Game.Title
	case m.Invoice != nil:
		u.Summary = m.Invoice.Title
	}
	return u
}
