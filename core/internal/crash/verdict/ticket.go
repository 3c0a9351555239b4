package verdict

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Ticket is a row of ticket with its history.
type Ticket struct {
	ID, Title, Status, Assignee string
	Number                      uint64
	LastSeq, LastPublicSeq      uint64
	CommentCount                int
	Changes                     []TicketChange
	Comments                    []TicketComment
}

// TicketChange is a row of ticket_change.
type TicketChange struct {
	Seq, PublicSeq   uint64
	ID, Type         string
	Status, Assignee string // of its data
}

// TicketComment is a row of ticket_comment.
type TicketComment struct {
	Seq            uint64
	Author, Client string
	Text           string
	Public         bool
}

func (s *Snapshot) readTickets(r *reader) {
	r.each(`SELECT COALESCE(MAX(last_ticket), 0) FROM workspace`, []any{&s.LastTicket}, func() {})
	var t Ticket
	r.each(`SELECT ticket_id, number, title, status, COALESCE(assignee_id, ''), last_seq, last_public_seq, comments FROM ticket`,
		[]any{&t.ID, &t.Number, &t.Title, &t.Status, &t.Assignee, &t.LastSeq, &t.LastPublicSeq, &t.CommentCount}, func() {
			row := t
			s.Tickets[t.ID] = &row
		})
	var id, data string
	var c TicketChange
	r.each(`SELECT ticket_id, seq, COALESCE(public_seq, 0), change_id, type, COALESCE(data, '{}') FROM ticket_change ORDER BY ticket_id, seq`,
		[]any{&id, &c.Seq, &c.PublicSeq, &c.ID, &c.Type, &data}, func() {
			row := c
			var said struct {
				Status   string
				Assignee string `json:"assignee_id"`
			}
			if err := json.Unmarshal([]byte(data), &said); err != nil {
				s.Damage = append(s.Damage, fmt.Sprintf("change %s has data %q", c.ID, data))
			}
			row.Status, row.Assignee = said.Status, said.Assignee
			of := s.ticket(id)
			of.Changes = append(of.Changes, row)
		})
	var m TicketComment
	r.each(`SELECT ticket_id, seq, author_id, client_id, text, public FROM ticket_comment ORDER BY ticket_id, seq`,
		[]any{&id, &m.Seq, &m.Author, &m.Client, &m.Text, &m.Public}, func() {
			of := s.ticket(id)
			of.Comments = append(of.Comments, m)
		})
}

// ticket returns a ticket, an empty one when its row is missing.
func (s *Snapshot) ticket(id string) *Ticket {
	t := s.Tickets[id]
	if t == nil {
		t = &Ticket{ID: id}
		s.Tickets[id] = t
	}
	return t
}

// tickets checks I1, I2, I3, I4, I8 and I12 for tickets.
func (r *Report) tickets(s *Snapshot, e Evidence) {
	numbers := make([]uint64, 0, len(s.Tickets))
	for _, t := range s.Tickets {
		numbers = append(numbers, t.Number)
		r.ticketSequence(t)
		r.ticketComments(t)
		r.ticketReplay(t)
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if want := uint64(i) + 1; n != want {
			r.Gaps++
			r.add(Sequences, "a ticket has number %d where %d must be", n, want)
			break
		}
	}
	if n := uint64(len(numbers)); n != s.LastTicket {
		r.add(Sequences, "the workspace has given %d numbers to %d tickets", s.LastTicket, n)
	}
	for _, a := range e.Tickets {
		r.ticketPromise(s, a)
	}
}

func (r *Report) ticketSequence(t *Ticket) {
	public := uint64(0)
	for i, ch := range t.Changes {
		if want := uint64(i) + 1; ch.Seq != want {
			r.Gaps++
			r.add(Sequences, "%s has seq %d where %d must be", t.ID, ch.Seq, want)
			return
		}
		if ch.PublicSeq == 0 {
			continue
		}
		if public++; ch.PublicSeq != public {
			r.Gaps++
			r.add(Sequences, "%s has public seq %d where %d must be", t.ID, ch.PublicSeq, public)
			return
		}
	}
	if n := uint64(len(t.Changes)); t.LastSeq != n || t.LastPublicSeq != public {
		r.add(Sequences, "%s counts %d changes, %d public; it has %d and %d", t.ID, t.LastSeq, t.LastPublicSeq, n, public)
	}
}

// ticketComments compares comments with the changes that brought them.
func (r *Report) ticketComments(t *Ticket) {
	stored := make(map[uint64]TicketComment, len(t.Comments))
	sent := make(map[[2]string]int, len(t.Comments))
	for _, c := range t.Comments {
		stored[c.Seq] = c
		if sent[[2]string{c.Author, c.Client}]++; sent[[2]string{c.Author, c.Client}] == 2 {
			r.Duplicated++
			r.add(Acked, "comment %s is stored twice on %s", c.Client, t.ID)
		}
	}
	for _, ch := range t.Changes {
		c, there := stored[ch.Seq]
		if (ch.Type == "ticket.commented") != there {
			r.add(Outbox, "change %d of %s (%s) and its comment do not go together", ch.Seq, t.ID, ch.Type)
		}
		if there && c.Public != (ch.PublicSeq > 0) {
			r.add(Views, "comment %d of %s, public: %t, has public seq %d", ch.Seq, t.ID, c.Public, ch.PublicSeq)
		}
		delete(stored, ch.Seq)
	}
	for seq := range stored {
		r.add(Outbox, "comment %d of %s has no change", seq, t.ID)
	}
	if t.CommentCount != len(t.Comments) {
		r.add(Counters, "%s counts %d comments and has %d", t.ID, t.CommentCount, len(t.Comments))
	}
}

// ticketReplay compares the row with what the history leads to.
func (r *Report) ticketReplay(t *Ticket) {
	status, assignee := "new", ""
	for _, ch := range t.Changes {
		switch ch.Type {
		case "ticket.created":
			assignee = ch.Assignee
			if ch.Status != "" {
				status = ch.Status
			}
		case "ticket.status":
			status = ch.Status
		case "ticket.assigned":
			assignee = ch.Assignee
		}
	}
	if t.Status != status || t.Assignee != assignee {
		r.add(Owners, "%s is %s with %q; its history leads to %s with %q", t.ID, t.Status, t.Assignee, status, assignee)
	}
}

// ticketPromise looks for what an answer told.
func (r *Report) ticketPromise(s *Snapshot, a TicketAck) {
	t := s.Tickets[a.Ticket]
	if t == nil || uint64(len(t.Changes)) < a.Seq {
		r.Lost++
		r.add(Acked, "%s: change %d of %s was acknowledged and is not there", a.Client, a.Seq, a.Ticket)
		return
	}
	switch {
	case a.Title != "":
		if t.Title != a.Title || t.Number != a.Number {
			r.add(Answers, "%s: %s was made as T-%d %q and is T-%d %q", a.Client, a.Ticket, a.Number, a.Title, t.Number, t.Title)
		}
	case a.ClientID != "":
		i := slices.IndexFunc(t.Comments, func(c TicketComment) bool { return c.Client == a.ClientID })
		switch {
		case i < 0:
			r.Lost++
			r.add(Acked, "%s: comment %s of %s was acknowledged and is not there", a.Client, a.ClientID, a.Ticket)
		case t.Comments[i].Text != a.Text || t.Comments[i].Public != a.Public:
			r.add(Acked, "%s: comment %s is stored as %q, public: %t", a.Client, a.ClientID, t.Comments[i].Text, t.Comments[i].Public)
		case t.Comments[i].Seq != a.Seq:
			r.add(Answers, "%s: the answer to comment %s told seq %d, stored is %d", a.Client, a.ClientID, a.Seq, t.Comments[i].Seq)
		}
	default:
		status := ""
		for _, ch := range t.Changes[:a.Seq] {
			if ch.Type == "ticket.status" || ch.Type == "ticket.created" && ch.Status != "" {
				status = ch.Status
			}
		}
		if status != a.Status {
			r.add(Acked, "%s: %s was acknowledged to be %s at %d; by its history it was %s", a.Client, a.Ticket, a.Status, a.Seq, status)
		}
	}
}
