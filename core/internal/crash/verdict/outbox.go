package verdict

// outbox checks I4.
func (r *Report) outbox(s *Snapshot) {
	changes := r.changes(s)
	for id, c := range s.Conversations {
		r.messages(id, c)
	}
	told := make(map[string]bool, len(s.Events))
	for _, e := range s.Events {
		if told[e.ID] {
			r.Duplicated++
			r.add(Outbox, "event %s is in the outbox twice", e.ID)
		}
		told[e.ID] = true
		if e.Seq == 0 {
			continue // of the workspace, not of a conversation or a ticket
		}
		want := changes[e.ID]
		want.Feed = e.Feed
		if e != want {
			r.add(Outbox, "event %d (%s %s of %s, seq %d) tells of no such change", e.Feed, e.Type, e.ID, e.Subject, e.Seq)
		}
	}
	for id, ch := range changes {
		if !told[id] {
			r.add(Outbox, "change %s (%s, seq %d of %s) is not in the outbox", id, ch.Type, ch.Seq, ch.Subject)
		}
	}
	r.deliveries(s)
}

// changes lists those of conversations and tickets, as the outbox must tell of them.
func (r *Report) changes(s *Snapshot) map[string]Event {
	out := make(map[string]Event, len(s.Events))
	add := func(e Event) {
		if _, twice := out[e.ID]; twice {
			r.add(Outbox, "change %s exists twice", e.ID)
		}
		out[e.ID] = e
	}
	for id, c := range s.Conversations {
		for _, ch := range c.Changes {
			add(Event{ID: ch.ID, Type: ch.Type, Subject: id, Seq: ch.Seq, PublicSeq: ch.PublicSeq})
		}
	}
	for id, t := range s.Tickets {
		for _, ch := range t.Changes {
			add(Event{ID: ch.ID, Type: ch.Type, Subject: id, Seq: ch.Seq, PublicSeq: ch.PublicSeq})
		}
	}
	return out
}

// messages compares the messages of a conversation with the changes that brought them.
func (r *Report) messages(id string, c *Conversation) {
	stored := make(map[uint64]string, len(c.Messages))
	for _, m := range c.Messages {
		stored[m.Seq] = map[string]string{"text": "message.created", "note": "note.created"}[m.Kind]
	}
	for _, ch := range c.Changes {
		brings := ch.Type == "message.created" || ch.Type == "note.created"
		if brings && (ch.MessageSeq != ch.Seq || stored[ch.Seq] != ch.Type) {
			r.add(Outbox, "change %d of %s (%s) brings no such message", ch.Seq, id, ch.Type)
		}
		if brings {
			delete(stored, ch.Seq)
		}
		if ch.Type == "note.created" && ch.PublicSeq != 0 {
			r.add(Views, "note %d of %s has a public seq", ch.Seq, id)
		}
	}
	for seq := range stored {
		r.add(Outbox, "message %d of %s has no change", seq, id)
	}
}

// deliveries compares messages that must leave with the ledger.
func (r *Report) deliveries(s *Snapshot) {
	ledger := make(map[string]map[uint64]bool)
	for _, d := range s.Deliveries {
		if ledger[d.Conversation] == nil {
			ledger[d.Conversation] = map[uint64]bool{}
		}
		ledger[d.Conversation][d.Seq] = true
	}
	for id, c := range s.Conversations {
		for _, m := range c.Messages {
			switch has := ledger[id][m.Seq]; {
			case m.Delivery != "" && !has:
				r.add(Outbox, "message %d of %s must leave and has no delivery", m.Seq, id)
			case m.Delivery == "" && has:
				r.add(Outbox, "message %d of %s has a delivery and need not leave", m.Seq, id)
			}
			delete(ledger[id], m.Seq)
		}
		for seq := range ledger[id] {
			r.add(Outbox, "delivery of message %d of %s has no message", seq, id)
		}
	}
}
