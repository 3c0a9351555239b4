package verdict

// sequences checks I2.
func (r *Report) sequences(s *Snapshot) {
	for id, c := range s.Conversations {
		r.sequence(id, c)
	}
	for i, e := range s.Events {
		if want := uint64(i) + 1; e.Feed != want {
			r.Gaps++
			r.add(Sequences, "the feed has %d where %d must be", e.Feed, want)
			return
		}
	}
	if n := uint64(len(s.Events)); n != s.Feed {
		r.add(Sequences, "the workspace counts %d events, its feed has %d", s.Feed, n)
	}
}

func (r *Report) sequence(id string, c *Conversation) {
	public := uint64(0)
	for i, ch := range c.Changes {
		if want := uint64(i) + 1; ch.Seq != want {
			r.Gaps++
			r.add(Sequences, "%s has seq %d where %d must be", id, ch.Seq, want)
			return
		}
		if ch.PublicSeq == 0 {
			continue
		}
		if public++; ch.PublicSeq != public {
			r.Gaps++
			r.add(Sequences, "%s has public seq %d where %d must be", id, ch.PublicSeq, public)
			return
		}
	}
	if n := uint64(len(c.Changes)); c.LastSeq != n || c.LastPublicSeq != public {
		r.add(Sequences, "%s counts %d changes, %d public; it has %d and %d", id, c.LastSeq, c.LastPublicSeq, n, public)
	}
}
