package conversation

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/markup"
	"github.com/patchbay-im/patchbay/core/media"
)

// Limits of what a message carries beside its text, in characters unless it
// says otherwise. What is longer is cut; nothing that comes in is refused for it.
const (
	MaxSubject   = 1000
	MaxParties   = 200 // addresses of each kind
	maxParty     = 320 // of an address, and of a name
	maxPlaceName = 300
	maxReason    = 500
	maxKind      = 100
	maxContentID = 300
)

// markup keeps the HTML of a pending message.
func (c *Conversation) markup(m *Message, html string) {
	if html == "" {
		return
	}
	if c.html == nil {
		c.html = make(map[uint64]string, 1)
	}
	m.HTML = true
	c.html[m.Seq] = html
}

// brought turns what a channel tells into what is kept of it: text that can be
// stored, derived from the HTML where there is nothing else, and cut where it
// is too long, the whole being kept as HTML then.
func brought(in channel.Inbound) Written {
	content := in.Content
	w := Written{ClientID: in.External, Text: clean(content.Text), HTML: cutBytes(clean(content.HTML), MaxHTML)}
	w.Carried = Carried{
		Envelope: envelopeOf(content.Envelope), Location: locationOf(content.Location), Unsupported: unsupportedOf(content.Unsupported),
		Trust: channel.Trust{Verdict: in.Trust.Verdict, Reason: cut(clean(in.Trust.Reason), maxReason)}, Automatic: in.Automatic, NoReply: in.NoReply,
		Quoted: clean(content.Quoted), Member: memberOf(in.Member),
	}
	if w.Text == "" && w.HTML != "" {
		w.Text = markup.Text(w.HTML)
	}
	if w.Carried.Envelope != nil {
		w.asLetter()
	} else {
		w.fit()
	}
	return w
}

// brought is what is kept of what a channel tells, with its files. What came by a
// backfill keeps when it was written.
func (s *Service) brought(in channel.Inbound) Written {
	w := brought(in)
	w.leave(in.Content.Files)
	if in.Backfill != "" {
		now := s.Now()
		if w.Carried.WrittenAt = in.SentAt; in.SentAt.IsZero() || in.SentAt.After(now) {
			w.Carried.WrittenAt = now
		}
	}
	return w
}

// fit cuts the text to its limit. What was folded away goes first.
func (w *Written) fit() {
	over := utf8.RuneCountInString(w.Text) - MaxText
	room := max(MaxText-utf8.RuneCountInString(w.Text), 0)
	if over <= 0 && utf8.RuneCountInString(w.Carried.Quoted) <= room {
		return
	}
	if w.HTML == "" {
		whole := w.Text
		if w.Carried.Quoted != "" {
			whole += "\n\n" + w.Carried.Quoted
		}
		w.HTML = cutBytes(markup.Plain(whole), MaxHTML)
	}
	w.Carried.Cut = true
	w.Text = cut(w.Text, MaxText)
	if w.Carried.Quoted != "" {
		if room = max(MaxText-utf8.RuneCountInString(w.Text), 0); room == 0 {
			w.Carried.Quoted = ""
		} else {
			w.Carried.Quoted = cut(w.Carried.Quoted, room)
		}
	}
}

// cutBytes cuts a text to at most n bytes, between characters.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// line is a text of one line, cut to a length.
func line(s string, n int) string { return cut(clean(oneLine(s)), n) }

func envelopeOf(e *channel.Envelope) *channel.Envelope {
	if e == nil {
		return nil
	}
	return &channel.Envelope{
		Subject: line(e.Subject, MaxSubject), From: partyOf(e.From), ReplyTo: partyOf(e.ReplyTo),
		To: partiesOf(e.To), CC: partiesOf(e.CC), BCC: partiesOf(e.BCC),
	}
}

func partyOf(p channel.Party) channel.Party {
	return channel.Party{Address: line(p.Address, maxParty), Name: line(p.Name, maxParty)}
}

func partiesOf(in []channel.Party) []channel.Party {
	var out []channel.Party
	for _, p := range in[:min(len(in), MaxParties)] {
		if p = partyOf(p); p.Address != "" {
			out = append(out, p)
		}
	}
	return out
}

// locationOf keeps a place that is on the globe.
func locationOf(l *channel.Location) *channel.Location {
	if l == nil || math.IsNaN(l.Latitude) || math.IsNaN(l.Longitude) || math.Abs(l.Latitude) > 90 || math.Abs(l.Longitude) > 180 {
		return nil
	}
	return &channel.Location{Latitude: l.Latitude, Longitude: l.Longitude, Name: line(l.Name, maxPlaceName), Address: line(l.Address, maxPlaceName)}
}

func unsupportedOf(u *channel.Unsupported) *channel.Unsupported {
	if u == nil {
		return nil
	}
	return &channel.Unsupported{Kind: line(u.Kind, maxKind), Summary: line(u.Summary, maxReason)}
}

// says reports whether there is something to show.
func (w *Written) says() bool {
	return w.Text != "" || w.HTML != "" || w.Carried.Location != nil || w.Carried.Unsupported != nil || w.subject() != ""
}

func (w *Written) subject() string {
	if w.Carried.Envelope == nil {
		return ""
	}
	return w.Carried.Envelope.Subject
}

// brief is what stands for a message without text, where one line is shown.
func (m *Message) brief() string {
	switch {
	case m.Text != "":
		return m.Text
	case len(m.Attachments) > 0:
		return m.Attachments[0].Name
	case m.Envelope != nil && m.Envelope.Subject != "":
		return m.Envelope.Subject
	case m.Location != nil:
		if m.Location.Name != "" {
			return m.Location.Name
		}
		return m.Location.Address
	case m.Unsupported != nil:
		return m.Unsupported.Summary
	default:
		return ""
	}
}

// Whole is all that a message says, as text: its subject, its text with what may
// be folded, and its place or the name of what nobody could translate.
func (m *Message) Whole() string {
	var parts []string
	add := func(texts ...string) {
		for _, s := range texts {
			if s != "" {
				parts = append(parts, s)
			}
		}
	}
	if m.Envelope != nil {
		add(m.Envelope.Subject)
	}
	add(m.Text, m.Quoted)
	if l := m.Location; l != nil {
		add(l.Name, l.Address, fmt.Sprintf("%.6f, %.6f", l.Latitude, l.Longitude))
	}
	if u := m.Unsupported; u != nil {
		add("["+u.Kind+"]", u.Summary)
	}
	return strings.Join(parts, "\n\n")
}

// Parties are the addresses on the message's envelope, each once.
func (m *Message) Parties() []string {
	e := m.Envelope
	if e == nil {
		return nil
	}
	var out []string
	for _, p := range slices.Concat([]channel.Party{e.From, e.ReplyTo}, e.To, e.CC, e.BCC) {
		if p.Address != "" && !slices.Contains(out, p.Address) {
			out = append(out, p.Address)
		}
	}
	return out
}

// leave takes what a channel says of the files that it brought. Originals come
// last: what is shown of a message begins with its other files. A file that is
// not here is named as what is not translated.
func (w *Written) leave(files []channel.File) {
	var originals []media.Brought
	var missing []string
	for _, f := range files {
		b := media.Brought{ID: f.ID, ContentID: line(strings.Trim(f.ContentID, "<>"), maxContentID)}
		if f.ID == "" && f.Fetch != "" {
			b.Fetch = announced(f)
		}
		switch {
		case f.ID == "" && f.Fetch == "":
			missing = append(missing, f.Name)
		case f.Original:
			b.Role = media.RoleOriginal
			originals = append(originals, b)
		case f.Voice:
			b.Role = media.RoleVoice
			fallthrough
		default:
			w.brought = append(w.brought, b)
		}
	}
	w.brought = append(w.brought, originals...)
	if len(missing) > 0 && w.Carried.Unsupported == nil {
		w.Carried.Unsupported = &channel.Unsupported{Kind: "file", Summary: line(strings.Join(missing, ", "), maxReason)}
	}
}
