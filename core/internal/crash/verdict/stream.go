package verdict

// streams checks I5.
func (r *Report) streams(s *Snapshot, e Evidence) {
	feed := make([]string, len(s.Events))
	for i, ev := range s.Events {
		if ev.Seq > 0 { // the others carry no change
			feed[i] = ev.ID
		}
	}
	for _, st := range e.Streams {
		want := feed
		if st.Visitor != "" {
			want = s.publicIDs(s.ofPerson(e.Live, st.Visitor))
		}
		r.stream(st, want)
	}
}

// publicIDs lists what a visitor must be sent: the id of the message of each
// public change, "" for those without one.
func (s *Snapshot) publicIDs(c *Conversation) []string {
	if c == nil {
		return nil
	}
	ids := make(map[uint64]string, len(c.Messages))
	for _, m := range c.Messages {
		ids[m.Seq] = m.ID
	}
	var out []string
	for _, ch := range c.Changes {
		if ch.PublicSeq > 0 {
			out = append(out, ids[ch.MessageSeq])
		}
	}
	return out
}

func (r *Report) stream(st Stream, want []string) {
	for i, seen := range st.Seen {
		if number := uint64(i) + 1; seen.Number != number {
			r.Gaps++
			r.add(Streams, "%s was sent %d where %d must be", st.Client, seen.Number, number)
			return
		}
		if i >= len(want) {
			r.add(Streams, "%s was sent %d (%s), which is not stored", st.Client, seen.Number, seen.ID)
			return
		}
		if seen.ID != want[i] {
			r.add(Streams, "%s was sent %s as %d, stored is %s", st.Client, seen.ID, seen.Number, want[i])
			return
		}
	}
	if len(st.Seen) < len(want) {
		r.Gaps++
		r.add(Streams, "%s was sent %d events of %d", st.Client, len(st.Seen), len(want))
	}
}
