package channeltest

import (
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// Gatherer is a FarSide with groups. The case about them is skipped without, and
// where the channel does not say that it can.
type Gatherer interface {
	// WriteIn has members write in a group, which is a word, as FarSide.Write has
	// customers write: Said.From is the member.
	WriteIn(t *testing.T, group string, said ...Said) ([]Request, error)
}

// gathered: a group is one customer, each message says which member wrote it, and
// no member meets it in private.
func (s *stage) gathered() {
	far, gathers := s.far.(Gatherer)
	m, err := manifest.Parse("plugin.yaml", s.adapter.Plugin.Manifest)
	if err != nil {
		s.Fatal(err)
	}
	if !gathers || !slices.Contains(m.Channel.Can, manifest.CanGroups) {
		s.need(Absent("it has no groups"))
	}
	write := func(said Said) channel.Inbound {
		s.Helper()
		requests, err := far.WriteIn(s.T, "tea", said)
		s.need(err)
		for _, r := range requests {
			if err := s.post(r); err != nil {
				s.Fatalf("it does not take %s: %v", r.Name, err)
			}
		}
		s.until(said.ID+" comes", func() bool { _, n := find(s.messages(), said.Text); return n > 0 })
		in, _ := find(s.messages(), said.Text)
		if !in.Sender.Group || in.Member == nil || in.Member.ID == "" {
			s.Fatalf("%q of a member of a group came from %+v, by %+v", said.Text, in.Sender, in.Member)
		}
		if in.Content.Text != said.Text {
			s.Errorf("%q came as %q: the text is a member's words alone", said.Text, in.Content.Text)
		}
		return in
	}
	people := customers()
	first := write(Said{ID: "group-1", From: people[0], Text: "group-word-one."})
	other := write(Said{ID: "group-2", From: people[1], Text: "group-word-two."})
	again := write(Said{ID: "group-3", From: people[0], Text: "group-word-three."})
	if first.Sender.ID != other.Sender.ID || first.Sender.ID != again.Sender.ID {
		s.Errorf("one group is %s, %s and %s", first.Sender.ID, other.Sender.ID, again.Sender.ID)
	}
	if first.Member.ID == other.Member.ID || first.Member.ID != again.Member.ID {
		s.Errorf("two members are %s, %s, and the first again %s", first.Member.ID, other.Member.ID, again.Member.ID)
	}
	if in := s.greeted(people[0]); in.Sender.Group || in.Member != nil || in.Sender.ID == first.Sender.ID {
		s.Errorf("what a member says in private came from %+v, by %+v", in.Sender, in.Member)
	}
}
