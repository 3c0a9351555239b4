package channeltest

import (
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// Keeper is a FarSide that knows what customers have of ours now. The case about
// edits and recalls is skipped without.
type Keeper interface {
	// Has returns it, the oldest first: what was edited as it is now, and what was
	// taken back not at all.
	Has(t *testing.T) []Got
}

// acted: a channel that can changes what was sent and takes it back, as often as
// it is asked, and makes no message of it.
func (s *stage) acted() {
	keeper, keeps := s.far.(Keeper)
	if !keeps {
		s.need(Absent("it does not say what customers have"))
	}
	m, err := manifest.Parse("plugin.yaml", s.adapter.Plugin.Manifest)
	if err != nil {
		s.Fatal(err)
	}
	edits, recalls := slices.Contains(m.Channel.Can, manifest.CanEdit), slices.Contains(m.Channel.Can, manifest.CanRecall)
	if !edits && !recalls {
		s.need(Absent("it can change nothing"))
	}
	to := s.greeted(customers()[0])
	first := s.answer(to, 0, "as-it-was.")
	sent, err := s.plug.Send(first)
	if err != nil || sent.MessageID == "" {
		s.Fatalf("it changes what was sent, and tells no id of it: %+v, %v", sent, err)
	}
	act := func(n int, what channel.Act, text string) channel.SendRequest {
		req := s.answer(to, n, text)
		req.Act, req.Target = what, sent.MessageID
		return req
	}
	if edits {
		s.edited(keeper, to.Sender.ID, func(n int, text string) channel.SendRequest { return act(n, channel.Edit, text) })
	}
	if recalls {
		s.sends(act(5, channel.Recall, ""))
		s.until("the message is taken back", func() bool { return len(keeper.Has(s.T)) == 0 })
		if _, err := s.plug.Send(act(6, channel.Recall, "")); err != nil {
			s.Errorf("what is gone cannot be taken back once more: %v", err)
		}
	}
	if n := len(s.far.Got(s.T)); n != 1 {
		s.Errorf("one message became %d", n)
	}
}

// edited changes a message, once more by the same request, and while the far side
// takes nothing.
func (s *stage) edited(keeper Keeper, to string, edit func(n int, text string) channel.SendRequest) {
	s.Helper()
	reads := func(text string) {
		s.Helper()
		s.until("the customer reads "+text, func() bool { return slices.Equal(keeper.Has(s.T), []Got{{To: to, Text: text}}) })
	}
	once := edit(1, "as-it-is.")
	s.sends(once)
	reads("as-it-is.")
	once.Attempt, once.Suspect = 1, true
	if _, err := s.plug.Send(once); err != nil && errs.As(err).Source != errs.InDoubt {
		s.Errorf("an edit that was perhaps made is answered with: %v", err)
	}
	reads("as-it-is.")
	s.need(s.far.Behave(s.T, Busy))
	later := edit(2, "as-it-will-be.")
	if _, err := s.plug.Send(later); err == nil || errs.As(err).Source != errs.FarSide {
		s.Errorf("an edit that a busy far side did not take is answered with: %v", err)
	}
	s.need(s.far.Behave(s.T, Well))
	later.Attempt = 1
	s.sends(later)
	reads("as-it-will-be.")
}
