package authz_test

import (
	"net/http"
	"slices"
	"strings"
)

// stage is where stories are played before everybody.
type stage struct {
	*world
	ears  []*listener
	all   map[string]topic
	casts []*cast
	held  map[string][]holding // by id: one of them suffices
	until uint64               // what came up to here was judged
	cases int
	told  map[string]int // by type: to how many
	kept  map[string]int // by type: from how many
}

// heard reports whether everybody was told up to a number of the feed.
func (s *stage) heard(feed uint64) bool {
	return !slices.ContainsFunc(s.ears, func(l *listener) bool { return !l.reached(feed) })
}

// play lets a story happen to everybody's things, waits until all sockets were
// told, and judges what each was.
func (s *stage) play(one story) {
	s.t.Helper()
	for _, c := range s.casts {
		one.act(s.world, c)
	}
	for typ := range strings.FieldsSeq(one.told) {
		if _, ok := s.all[typ]; !ok {
			s.t.Fatalf("there is no topic %s", typ)
		}
		s.await(typ, func() bool {
			return slices.ContainsFunc(s.owners(), func(f frame) bool { return f.Type == typ && f.Feed > s.until })
		})
	}
	head := s.head(s.here, s.until)
	s.await("everybody is told of "+one.told, func() bool { return s.heard(head) })
	s.refresh()
	for _, l := range s.ears {
		s.judge(l, one, head)
	}
	s.until = head
}

// owners are the frames of who sees everything: what there is to be told.
func (s *stage) owners() []frame {
	i := slices.IndexFunc(s.ears, func(l *listener) bool { return l.p.name == "owner" })
	frames, _ := s.ears[i].said()
	return frames
}

// refresh reads who holds what is talked of. What was erased stays as it was.
func (s *stage) refresh() {
	s.t.Helper()
	for id := range s.held {
		if strings.HasPrefix(id, "con_") {
			delete(s.held, id)
		}
	}
	for _, c := range s.casts {
		if c.in != s.here {
			continue
		}
		talks := []string{c.chat}
		for _, of := range []*set{c.set, c.beside} {
			talks = append(talks, of.ids["conversation"])
			s.follow("ticket", of.ids["ticket"])
		}
		for _, id := range talks {
			s.follow("conversation", id)
		}
	}
}

// follow reads who holds a conversation or a ticket.
func (s *stage) follow(kind, id string) {
	s.t.Helper()
	if id == "" {
		return
	}
	a := s.ask(s.here.owner, http.MethodGet, s.at(s.here, "/"+kind+"s/"+id), "")
	if a.status == http.StatusNotFound {
		return
	}
	var one struct {
		talk
		ContactID string              `json:"contact_id"`
		Followers []string            `json:"follower_ids"`
		CreatedBy struct{ ID string } `json:"created_by"`
	}
	s.decode(a, &one)
	now := holding{one.AssigneeID, one.CreatedBy.ID, one.TeamID, one.InboxID, append(one.Followers, one.Participants...)}
	s.held[id] = []holding{now}
	contact := one.Contact.ID + one.ContactID // a person is seen with any conversation or ticket of theirs
	s.held[contact] = append(s.held[contact], now)
}

// judge holds what somebody was told, up to a number of the feed, against what
// the owner was.
func (s *stage) judge(l *listener, one story, until uint64) {
	s.t.Helper()
	frames, _ := l.said()
	mine := make(map[uint64]frame)
	for _, f := range frames {
		if f.Feed > s.until && f.Op != "ready" {
			mine[f.Feed] = f
		}
	}
	for _, f := range s.owners() {
		if f.Op != "event" || f.Feed <= s.until || f.Feed > until {
			continue
		}
		row := s.all[f.Type]
		holds, known := s.held[f.subject()]
		if row.kind != "" && !known {
			continue // of what a story made beside the things of the sets
		}
		s.cases++
		want := l.p.may(row.need) && (row.kind == "" || slices.ContainsFunc(holds, l.p.reaches))
		got, ok := mine[f.Feed]
		switch {
		case !ok:
			s.t.Errorf("%s is not told that the feed came to %d (%s)", l.p.name, f.Feed, f.Type)
		case want != (got.Op == "event"):
			s.t.Errorf("%s is told of %s of %s (%s): %t, want %t", l.p.name, f.Type, f.subject(), one.told, got.Op == "event", want)
		case !want && got.Type != "":
			s.t.Errorf("%s is told that it was %s", l.p.name, f.Type)
		}
		if want {
			s.told[f.Type]++
		} else {
			s.kept[f.Type]++
		}
	}
}
