package verdict

// fate is what the history says of a conversation.
type fate struct {
	state, responder, owner string
	waiting                 int64
	inbound                 uint64
	text, sender, kind      string
}

// load is whom the conversation occupies.
func (f *fate) load() string {
	if f.state == "open" {
		return f.owner
	}
	return ""
}

// replay goes through the whole history in the order of the feed, by rules of
// its own, and checks I8, I9, I10 and I12.
func (r *Report) replay(s *Snapshot) {
	fates := make(map[string]*fate, len(s.Conversations))
	load := make(map[string]int)
	for _, e := range s.Events {
		c := s.Conversations[e.Subject]
		if c == nil || e.Seq == 0 || e.Seq > uint64(len(c.Changes)) {
			continue // outbox has said so
		}
		f := fates[e.Subject]
		if f == nil {
			f = &fate{state: "open"}
			fates[e.Subject] = f
		}
		ch := c.Changes[e.Seq-1]
		load[f.load()]--
		f.apply(ch, c)
		load[f.load()]++
		if ch.Type != "conversation.assigned" || ch.Data["by"] != "dispatch" {
			continue
		}
		if has, fits := load[f.owner], s.Agents[f.owner].Capacity; has > fits {
			r.add(Capacity, "dispatch gave %s to %s, who then had %d and may have %d", e.Subject, f.owner, has, fits)
		}
	}
	for id, c := range s.Conversations {
		r.judge(id, c, fates[id])
	}
	for member, a := range s.Agents {
		if a.Used != load[member] {
			r.add(Counters, "%s is said to have %d, and has %d", member, a.Used, load[member])
		}
	}
}

func (f *fate) apply(ch Change, c *Conversation) {
	switch ch.Type {
	case "conversation.assigned":
		f.responder, f.owner = "agent", ch.Data["assignee_id"]
	case "conversation.queued":
		f.responder, f.owner = "queue", ""
	case "conversation.bot":
		f.responder, f.owner = "bot", ""
	case "conversation.resolved":
		f.state, f.waiting = "resolved", 0
	case "conversation.reopened":
		f.state = "open"
		if ch.Data["by"] == "contact" {
			f.responder, f.owner = "", ""
		}
	case "conversation.snoozed":
		f.state = "snoozed"
		if f.responder != "agent" {
			f.responder = ""
		}
	case "conversation.unsnoozed":
		f.state = "open"
	case "message.created", "note.created":
		f.said(ch, c)
	}
}

func (f *fate) said(ch Change, c *Conversation) {
	m := c.at(ch.MessageSeq)
	f.text, f.sender, f.kind = m.Text, m.SenderKind, m.Kind
	switch {
	case m.Kind == "note":
	case m.SenderKind == "contact":
		f.inbound = ch.Seq
		if f.waiting == 0 {
			f.waiting = ch.At
		}
	default:
		f.waiting = 0
	}
}

// at returns a message by its seq; an empty one when there is none.
func (c *Conversation) at(seq uint64) Message {
	lo, hi := 0, len(c.Messages)
	for lo < hi {
		if mid := (lo + hi) / 2; c.Messages[mid].Seq < seq {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(c.Messages) && c.Messages[lo].Seq == seq {
		return c.Messages[lo]
	}
	return Message{}
}

func (r *Report) judge(id string, c *Conversation, f *fate) {
	if f == nil {
		f = &fate{}
	}
	if c.State != f.state || c.Responder != f.responder || c.Assignee != f.owner {
		r.add(Owners, "%s is stored as %s, %s, %q; its history says %s, %s, %q",
			id, c.State, c.Responder, c.Assignee, f.state, f.responder, f.owner)
	}
	if waits := c.State == "open" && c.Responder == "queue"; waits != (c.Queued > 0) {
		r.add(Queue, "%s (%s, %s) has queued_at %d", id, c.State, c.Responder, c.Queued)
	}
	if c.State == "open" && c.Responder == "" {
		r.add(Queue, "%s is open and nobody is expected to answer", id)
	}
	if c.Waiting != f.waiting || c.LastInboundSeq != f.inbound {
		r.add(Counters, "%s waits since %d, last inbound %d; its history says %d and %d",
			id, c.Waiting, c.LastInboundSeq, f.waiting, f.inbound)
	}
	if c.LastSender != f.sender || c.LastKind != f.kind || c.LastText != preview(f.text) {
		r.add(Counters, "%s previews %s %s %q; its history says %s %s %q",
			id, c.LastSender, c.LastKind, c.LastText, f.sender, f.kind, f.text)
	}
}

// preview is how lists show a text: 140 characters.
func preview(text string) string {
	const most = 140
	if all := []rune(text); len(all) > most {
		return string(all[:most-1]) + "…"
	}
	return text
}
