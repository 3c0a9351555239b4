package verdict

// place is where a message of an ack must be.
func (s *Snapshot) place(e Evidence, a Ack) key {
	switch a.Party {
	case Member:
		return key{a.Conversation, a.Sender, a.ClientID}
	case Visitor, Hook:
		inbox := e.Live
		if a.Party == Hook {
			inbox = e.Echo
		}
		contact := s.People[inbox+"/"+a.Sender]
		return key{s.conversations()[inbox+"/"+contact], contact, a.ClientID}
	default:
		return key{}
	}
}

// conversations finds a conversation by inbox and contact.
func (s *Snapshot) conversations() map[string]string {
	if s.byContact == nil {
		s.byContact = make(map[string]string, len(s.Conversations))
		for id, c := range s.Conversations {
			s.byContact[c.Inbox+"/"+c.Contact] = id
		}
	}
	return s.byContact
}

// promises checks I1 and I3.
func (r *Report) promises(s *Snapshot, messages map[key][]Message, e Evidence) {
	acked := make(map[key]bool, len(e.Acks))
	for _, a := range e.Acks {
		k := s.place(e, a)
		again := acked[k]
		acked[k] = true
		found := messages[k]
		if len(found) == 0 {
			if !again {
				r.Lost++
				r.add(Acked, "%s: %s %s was acknowledged (seq %d) and is not there", a.Client, a.Party, a.ClientID, a.Seq)
			}
			continue
		}
		r.promise(s, k, a, found[0])
	}
	for _, a := range e.Refused {
		k := s.place(e, a)
		if len(messages[k]) > 0 && !acked[k] {
			r.add(Acked, "%s: %s %s was refused and is there", a.Client, a.Party, a.ClientID)
		}
	}
	for _, a := range e.Acks {
		if a.Party == Hook && s.Dedups[e.Echo+"/"+a.ClientID] != 1 {
			r.add(Acked, "%s: the far side's %s is remembered %d times", a.Client, a.ClientID, s.Dedups[e.Echo+"/"+a.ClientID])
		}
	}
}

func (r *Report) promise(s *Snapshot, k key, a Ack, m Message) {
	if m.Text != a.Text || a.Kind != "" && m.Kind != a.Kind {
		r.add(Acked, "%s: %s is stored as %s %q instead of %s %q", a.Client, a.ClientID, m.Kind, m.Text, a.Kind, a.Text)
	}
	if a.Message != "" && a.Message != m.ID {
		r.add(Answers, "%s: the answer to %s told message %s, stored is %s", a.Client, a.ClientID, a.Message, m.ID)
	}
	want := m.Seq
	if a.Party == Visitor {
		want = s.Conversations[k.conversation].public(m.Seq)
	}
	if a.Seq != 0 && a.Seq != want {
		r.add(Answers, "%s: the answer to %s told seq %d, stored is %d", a.Client, a.ClientID, a.Seq, want)
	}
}

// public returns the public seq of a change.
func (c *Conversation) public(seq uint64) uint64 {
	if seq == 0 || seq > uint64(len(c.Changes)) {
		return 0
	}
	return c.Changes[seq-1].PublicSeq
}

func (r *Report) duplicates(messages map[key][]Message) {
	for k, found := range messages {
		if len(found) > 1 {
			r.Duplicated += len(found) - 1
			r.add(Acked, "message %s of %s is stored %d times in %s", k.clientID, k.sender, len(found), k.conversation)
		}
	}
}
