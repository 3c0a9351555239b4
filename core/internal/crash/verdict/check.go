package verdict

// Check compares the evidence with the database.
func Check(s *Snapshot, e Evidence) Report {
	var r Report
	for _, v := range e.Seen {
		r.Violations = append(r.Violations, v)
		if v.Invariant == Streams {
			r.Gaps++
		}
	}
	for _, d := range s.Damage {
		r.add(Integrity, "%s", d)
	}
	messages := indexMessages(s)
	r.promises(s, messages, e)
	r.duplicates(messages)
	r.sequences(s)
	r.tickets(s, e)
	r.outbox(s)
	r.streams(s, e)
	r.effects(s, messages, e)
	r.memberViews(s, e)
	r.visitorViews(s, e)
	r.replay(s)
	r.files(s, messages, e)
	return r
}

// key finds a message by what its sender knows of it.
type key struct {
	conversation, sender, clientID string
}

func indexMessages(s *Snapshot) map[key][]Message {
	out := make(map[key][]Message)
	for id, c := range s.Conversations {
		for _, m := range c.Messages {
			if m.ClientID != "" {
				k := key{id, m.SenderID, m.ClientID}
				out[k] = append(out[k], m)
			}
		}
	}
	return out
}

// ofPerson returns the conversation of a far side's person in an inbox; nil
// when there is none.
func (s *Snapshot) ofPerson(inbox, external string) *Conversation {
	contact, ok := s.People[inbox+"/"+external]
	if !ok {
		return nil
	}
	return s.Conversations[s.conversations()[inbox+"/"+contact]]
}
