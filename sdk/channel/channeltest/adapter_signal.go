package channeltest

import (
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// Watcher is a FarSide that knows what customers were shown of members: that
// somebody writes, or has read. The case about it is skipped without.
type Watcher interface {
	// Shown returns it, the oldest first.
	Shown(t *testing.T) []Shown
}

// Shown is a sign of what members do.
type Shown struct {
	To     string // as SignalRequest.Recipient has it
	Kind   channel.SignalKind
	Target string // of SignalRead: the message that was read, as Inbound.ExternalID had it
}

// signalled: a channel that can shows what it is asked to show, and it is no
// message.
func (s *stage) signalled() {
	watcher, watches := s.far.(Watcher)
	if !watches {
		s.need(Absent("it does not say what customers are shown"))
	}
	m, err := manifest.Parse("plugin.yaml", s.adapter.Plugin.Manifest)
	if err != nil {
		s.Fatal(err)
	}
	to := s.greeted(customers()[0])
	wanted := []Shown{{Kind: channel.SignalTyping}, {Kind: channel.SignalRead, Target: to.ExternalID}}
	abilities := []string{manifest.CanTyping, manifest.CanRead}
	asked := 0
	for i, want := range wanted {
		if !slices.Contains(m.Channel.Can, abilities[i]) {
			continue
		}
		asked++
		want.To = to.Sender.ID
		err := s.plug.Signal(channel.SignalRequest{
			Instance: s.in, ConversationID: "cnv_" + to.ExternalID, Recipient: want.To, Thread: to.Thread, Kind: want.Kind, Target: want.Target,
		})
		if err != nil {
			s.Errorf("it cannot show what its manifest says (%s): %v", abilities[i], err)
		}
		s.until("the customer is shown "+abilities[i], func() bool { return slices.Contains(watcher.Shown(s.T), want) })
	}
	if asked == 0 {
		s.need(Absent("it can show nothing"))
	}
	if got := s.far.Got(s.T); len(got) != 0 {
		s.Errorf("what is shown is brought as a message: %+v", got)
	}
}
