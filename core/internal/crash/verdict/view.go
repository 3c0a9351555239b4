package verdict

import "maps"

// entries is what a console must show of a conversation.
func (c *Conversation) entries() []Entry {
	bySeq := make(map[uint64]Message, len(c.Messages))
	for _, m := range c.Messages {
		bySeq[m.Seq] = m
	}
	out := make([]Entry, len(c.Changes))
	for i, ch := range c.Changes {
		out[i] = Entry{ID: ch.ID, Type: ch.Type}
		m, ok := bySeq[ch.MessageSeq]
		if !ok {
			continue
		}
		out[i].Message, out[i].Text, out[i].Kind = m.ID, m.Text, m.Kind
		out[i].Client, out[i].Sender = m.ClientID, m.SenderID
		if ch.MessageSeq == ch.Seq {
			out[i].Delivery = m.Delivery
		}
	}
	return out
}

// memberViews checks I7 for consoles.
func (r *Report) memberViews(s *Snapshot, e Evidence) {
	stored := make(map[string][]Entry, len(s.Conversations))
	for id, c := range s.Conversations {
		stored[id] = c.entries()
	}
	for _, v := range e.Members {
		for id := range maps.Keys(v.Conversations) {
			if s.Conversations[id] == nil {
				r.add(Views, "%s shows %s, which is not stored", v.Client, id)
			}
		}
		for id, c := range s.Conversations {
			shown := v.Conversations[id]
			if shown == nil {
				r.add(Views, "%s does not show %s", v.Client, id)
				continue
			}
			if shown.Row != c.Row {
				r.add(Views, "%s shows the row of %s as %+v, stored is %+v", v.Client, id, shown.Row, c.Row)
			}
			r.shownEntries(v.Client, id, shown.Changes, stored[id])
		}
	}
}

func (r *Report) shownEntries(client, id string, shown, stored []Entry) {
	if len(shown) != len(stored) {
		r.add(Views, "%s shows %d changes of %s, stored are %d", client, len(shown), id, len(stored))
		return
	}
	for i := range stored {
		if shown[i] != stored[i] {
			r.add(Views, "%s shows change %d of %s as %+v, stored is %+v", client, i+1, id, shown[i], stored[i])
			return
		}
	}
}

// publicEntries is what a widget must show of a conversation.
func (c *Conversation) publicEntries() []PublicEntry {
	bySeq := make(map[uint64]Message, len(c.Messages))
	for _, m := range c.Messages {
		bySeq[m.Seq] = m
	}
	types := map[string]string{
		"message.created": "message", "conversation.assigned": "agent_joined",
		"conversation.resolved": "resolved", "conversation.reopened": "reopened",
	}
	senders := map[string]string{"contact": "visitor", "agent": "agent"}
	var out []PublicEntry
	for _, ch := range c.Changes {
		if ch.PublicSeq == 0 {
			continue
		}
		p := PublicEntry{Type: types[ch.Type]}
		if m, ok := bySeq[ch.MessageSeq]; ok && ch.Type == "message.created" {
			p.Message, p.Text, p.Sender = m.ID, m.Text, senders[m.SenderKind]
			if p.Sender == "" {
				p.Sender = "system"
			}
		}
		out = append(out, p)
	}
	return out
}

// visitorViews checks I7 for widgets.
func (r *Report) visitorViews(s *Snapshot, e Evidence) {
	for _, v := range e.Visitors {
		c := s.ofPerson(e.Live, v.Visitor)
		if c == nil {
			c = &Conversation{}
		}
		want := c.publicEntries()
		if len(v.Changes) != len(want) {
			r.add(Views, "%s shows %d changes, stored are %d public ones", v.Client, len(v.Changes), len(want))
			continue
		}
		for i := range want {
			if v.Changes[i] != want[i] {
				r.add(Views, "%s shows public change %d as %+v, stored is %+v", v.Client, i+1, v.Changes[i], want[i])
				break
			}
		}
	}
}
