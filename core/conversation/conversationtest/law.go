package conversationtest

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Apply is what a client does with a change: it returns the conversation as it
// is after it. With it the law of resume can be checked:
// fetch(t0) + changes(t0..t1) == fetch(t1).
func Apply(c conversation.Conversation, ch conversation.Change) conversation.Conversation {
	data := make(map[string]string)
	_ = json.Unmarshal(ch.Data, &data) // no data: {}; values that are no text are left out
	c.LastSeq = ch.Seq
	if ch.Type != conversation.ReadByContact {
		c.UpdatedAt = ch.At
	}
	c.LastPublicSeq = max(c.LastPublicSeq, ch.PublicSeq)
	switch ch.Type {
	case conversation.MessageCreated, conversation.NoteCreated:
		c = applyMessage(c, ch)
	case conversation.MessageEdited, conversation.MessageRecalled:
		if m := ch.Message; c.Last.At.Equal(m.CreatedAt) && c.Last.Sender == m.Sender.Kind && c.Last.Kind == m.Kind {
			c.Last = previewOf(m)
		}
	case conversation.Assigned:
		c.Responder, c.QueuedAt = conversation.ResponderAgent, time.Time{}
		c.Assignee, c.AssigneeName = identity.MemberID(data["assignee_id"]), data["assignee_name"]
	case conversation.Queued:
		c.State = conversation.Open
		c.Responder, c.Assignee, c.AssigneeName = conversation.ResponderQueue, "", ""
		if c.QueuedAt = ch.At; !c.WaitingSince.IsZero() {
			c.QueuedAt = c.WaitingSince
		}
	case conversation.Offered:
		c.OfferedTo = identity.MemberID(data["member_id"])
		c.OfferUntil, _ = time.Parse(time.RFC3339Nano, data["until"])
	case conversation.OfferEnded:
		c.Offering = conversation.Offering{}
	case conversation.BotEngaged:
		c.State = conversation.Open
		c.Responder, c.Assignee, c.AssigneeName = conversation.ResponderBot, "", ""
	case conversation.ResolvedChange:
		c.State = conversation.Resolved
		c.SnoozedUntil, c.WaitingSince, c.QueuedAt = time.Time{}, time.Time{}, time.Time{}
	case conversation.Created:
		if filed(ch) {
			c.State, c.Ignored = conversation.Resolved, true
		}
	case conversation.Reopened:
		c.State, c.Ignored = conversation.Open, false
		if data["by"] == string(identity.ActorContact) {
			c.Responder, c.Assignee, c.AssigneeName = "", "", ""
		}
	case conversation.SnoozedChange:
		c.State, c.QueuedAt = conversation.Snoozed, time.Time{}
		c.SnoozedUntil, _ = time.Parse(time.RFC3339Nano, data["until"])
		if c.Responder != conversation.ResponderAgent {
			c.Responder = ""
		}
	case conversation.Unsnoozed:
		c.State, c.SnoozedUntil = conversation.Open, time.Time{}
	case conversation.Identified:
		c.Recipient = data["recipient"]
	case conversation.RatingRequested:
		c.Rating = conversation.RatingOf(ch).Rating
		c.AskedAt, c.AskedSeq = ch.At, ch.Seq
	case conversation.RatingGiven:
		given := conversation.RatingOf(ch)
		c.RatedID, c.Score, c.Comment = given.Rating, given.Score, given.Comment
		c.RatedAt = ch.At
	case conversation.ReadByContact:
		var mark struct{ Seq uint64 }
		_ = json.Unmarshal(ch.Data, &mark)
		c.ContactReadSeq = mark.Seq
	case conversation.MessageDelivery, conversation.MessageFile, conversation.Abandoned, conversation.OfflineChange, conversation.CustomerEvent, conversation.ScheduledCreated,
		conversation.FindingRaised, conversation.FindingDismissed,
		conversation.ScheduledChanged, conversation.ScheduledCancelled, conversation.ScheduledSent, conversation.ScheduledFailed:
	default:
		c = applyOrganised(c, ch)
	}
	return c
}

func applyMessage(c conversation.Conversation, ch conversation.Change) conversation.Conversation {
	if ch.Message.Kind == conversation.Text && ch.Message.Sender.Kind == identity.ActorMember {
		c.AnsweredBy = identity.MemberID(ch.Message.Sender.ID)
	}
	m := ch.Message
	c.Last = previewOf(m)
	switch {
	case m.Kind == conversation.Note:
	case scheduled(ch), m.Sender.Kind == identity.ActorSystem:
	case m.Sender.Kind == identity.ActorContact:
		c.LastInboundSeq = ch.Seq
		if c.WaitingSince.IsZero() && !m.Automatic && !c.Ignored {
			c.WaitingSince = ch.At
		}
	default:
		if m.WrittenAt.IsZero() {
			c.WaitingSince = time.Time{}
		}
		c.Ignored = c.Ignored && !m.Elsewhere
	}
	return c
}

// filed reports whether a rule filed a conversation as ignored when it began.
func filed(ch conversation.Change) bool {
	var data struct {
		Rule struct {
			Ignored bool `json:"ignored"`
		} `json:"rule"`
	}
	return json.Unmarshal(ch.Data, &data) == nil && data.Rule.Ignored
}

func previewOf(m *conversation.Message) conversation.Preview {
	preview := cmp.Or(m.Text, brief(m))
	var kind media.Kind
	if len(m.Attachments) > 0 {
		kind = m.Attachments[0].Kind
	}
	if text := []rune(preview); len(text) > conversation.PreviewLength {
		preview = string(text[:conversation.PreviewLength-1]) + "…"
	}
	return conversation.Preview{Text: preview, Sender: m.Sender.Kind, Kind: m.Kind, Attachment: kind, Recalled: !m.RecalledAt.IsZero(), At: m.CreatedAt}
}

// brief is what a list shows of a message without text.
func brief(m *conversation.Message) string {
	switch {
	case len(m.Attachments) > 0:
		return m.Attachments[0].Name
	case m.Envelope != nil && m.Envelope.Subject != "":
		return m.Envelope.Subject
	case m.Location != nil:
		return cmp.Or(m.Location.Name, m.Location.Address)
	case m.Unsupported != nil:
		return m.Unsupported.Summary
	default:
		return ""
	}
}

// scheduled reports whether a message was written for later: it is no answer.
func scheduled(ch conversation.Change) bool {
	var data struct {
		ID string `json:"scheduled_id"`
	}
	return json.Unmarshal(ch.Data, &data) == nil && data.ID != ""
}

// Merge is what a client does with a timeline: it adds what is new, a message
// told of again replaces what it knew of it, and what quotes one that was taken
// back says nothing of it any more.
func Merge(timeline, news []conversation.Change) []conversation.Change {
	out := append([]conversation.Change(nil), timeline...)
	for _, ch := range news {
		if ch.Message != nil {
			for i := range out {
				if out[i].Message != nil && out[i].Message.ID == ch.Message.ID {
					out[i].Message = ch.Message
				}
				if out[i].Message == nil || ch.Message.RecalledAt.IsZero() {
					continue
				}
				if told, quotes := out[i].Message.Quoting(ch.Message.ID); quotes {
					out[i].Message = &told
				}
			}
		}
		out = append(out, ch)
	}
	return out
}

// CheckLaw checks that what a client holds from before, with the changes since,
// is what a fresh fetch gives.
func (w *World) CheckLaw(before conversation.Conversation, timeline []conversation.Change) {
	w.Helper()
	news := w.Timeline(before.ID, before.LastSeq)
	client := before
	for _, ch := range news {
		client = Apply(client, ch)
	}
	Same(w, client, w.Get(before.ID))
	Same(w, Merge(timeline, news), w.Timeline(before.ID, 0))
}

// CheckSequences checks that seq is 1..n, public_seq is gapless and given to
// what the customer may see alone, and that the row knows both ends.
func (w *World) CheckSequences(id conversation.ID) {
	w.Helper()
	c := w.Get(id)
	var seq, public uint64
	for _, ch := range w.Timeline(id, 0) {
		if seq++; ch.Seq != seq {
			w.Fatalf("%s: seq %d after %d", id, ch.Seq, seq-1)
		}
		hidden := ch.Type == conversation.NoteCreated || ch.Message != nil && ch.Message.Kind == conversation.Note
		switch {
		case ch.PublicSeq == 0:
		case hidden:
			w.Fatalf("%s: a note has public_seq %d", id, ch.PublicSeq)
		default:
			if public++; ch.PublicSeq != public {
				w.Fatalf("%s: public_seq %d after %d", id, ch.PublicSeq, public-1)
			}
		}
	}
	if c.LastSeq != seq || c.LastPublicSeq != public {
		w.Fatalf("%s: the row says %d and %d, its changes %d and %d", id, c.LastSeq, c.LastPublicSeq, seq, public)
	}
}
