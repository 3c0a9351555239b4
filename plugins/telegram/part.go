package main

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/go-telegram/bot/models"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// part is one message of Telegram: text, a place, or a file with its caption.
type part struct {
	text  string
	named []models.MessageEntity // members of the group whom the text names
	place *message.Location
	file  *message.Attachment
}

// parts are the messages that a content is sent as: a text that fits stands below
// the only file, any other goes before them.
func parts(c message.Content) []part {
	var out []part
	if len(c.Attachments) == 1 && c.Location == nil && units(c.Text) <= api.MaxCaption {
		return []part{{text: c.Text, named: named(c, 0, len(c.Text)), file: &c.Attachments[0]}}
	}
	if c.Text != "" || c.Location == nil && len(c.Attachments) == 0 {
		at := 0
		for _, text := range split(c.Text, api.MaxText) {
			out = append(out, part{text: text, named: named(c, at, at+len(text))})
			at += len(text)
		}
	}
	if c.Location != nil {
		out = append(out, part{place: c.Location})
	}
	for i := range c.Attachments {
		out = append(out, part{file: &c.Attachments[i]})
	}
	return out
}

// named are the members whom a text names from one byte to another, as Telegram
// counts from the first of them. A chat that writes under its own name is nobody
// whom Telegram could tell.
func named(c message.Content, from, to int) []models.MessageEntity {
	var out []models.MessageEntity
	for _, n := range c.Named() {
		user, err := strconv.ParseInt(n.ID, 10, 64)
		if err != nil || user <= 0 || n.Start < from || n.End > to {
			continue
		}
		out = append(out, models.MessageEntity{
			Type: models.MessageEntityTypeTextMention, Offset: units(c.Text[from:n.Start]), Length: units(c.Text[n.Start:n.End]),
			User: &models.User{ID: user, FirstName: n.Name},
		})
	}
	return out
}

// units is the length of a text as Telegram counts it.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += width(r)
	}
	return n
}

func width(r rune) int { return max(utf16.RuneLen(r), 1) }

// split cuts a text into pieces of at most limit units: after a line or a word
// where there is one in the last quarter, else between characters that people see
// as such.
func split(text string, limit int) []string {
	var out []string
	for units(text) > limit {
		at := cut(text, limit)
		out = append(out, text[:at])
		text = text[at:]
	}
	return append(out, text)
}

// cut returns where the first piece ends, in bytes.
func cut(text string, limit int) int {
	var line, word, character, used int
	previous := rune(0)
	for at, r := range text {
		if at > 0 && !joins(previous, r) {
			character = at
			switch {
			case previous == '\n' && used > limit*3/4:
				line = at
			case unicode.IsSpace(previous) && used > limit*3/4:
				word = at
			}
		}
		if used += width(r); used > limit {
			if character == 0 { // one character without an end
				character = at
			}
			break
		}
		previous = r
	}
	for _, best := range []int{line, word} {
		if best > 0 {
			return best
		}
	}
	return character
}

// joins reports whether two code points are seen as one character: accents, the
// pieces of an emoji, a line's two ends.
func joins(a, b rune) bool {
	const joiner, firstFlag, lastFlag, firstSkin, lastSkin = 0x200d, 0x1f1e6, 0x1f1ff, 0x1f3fb, 0x1f3ff
	return a == joiner || b == joiner || a == '\r' && b == '\n' || unicode.In(b, unicode.Mn, unicode.Me, unicode.Mc) ||
		b >= firstSkin && b <= lastSkin || a >= firstFlag && a <= lastFlag && b >= firstFlag && b <= lastFlag
}

// kind is how Telegram shows a file.
type kind int

const (
	document kind = iota
	photo
	animation
	video
	audio
	voice
)

// kindOf chooses by what the core found by looking at the bytes.
func kindOf(f message.Attachment) kind {
	t, _, _ := strings.Cut(strings.ToLower(f.MediaType), ";")
	switch t {
	case "image/jpeg", "image/png", "image/webp":
		if f.Size <= api.MaxPhoto {
			return photo
		}
	case "image/gif":
		return animation
	case "video/mp4":
		return video
	case "audio/ogg", "application/ogg":
		return voice // Telegram plays these as recordings, and no others
	case "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/m4a":
		if f.Voice {
			return voice
		}
		return audio
	}
	return document
}
