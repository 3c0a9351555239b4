package realtime_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/wire"
)

// TestAWhisperGoesToItsAgentAndSupervisors: other agents who may open the
// conversation and its customer are not told.
func TestAWhisperGoesToItsAgentAndSupervisors(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	w.setCheck(w.Owner.ID, func() (identity.Scope, error) {
		return identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Role: identity.RoleSupervisor}}, nil
	})
	who := w.welcome()
	said := w.write(who.Visitor, "hello")
	me, colleague := w.agent(), w.agent()
	mine, other, supervisor, visitor := n.ready(me.ID), n.ready(colleague.ID), n.ready(w.Owner.ID), n.visitor(who, "", 0)
	visitor.expect("ready")
	w.publish(event.SubjectWhisper, wire.WhisperOf(conversation.Whisper{
		ID: "whs_1", Conversation: said.Change.Conversation, Seq: 2, From: w.Owner.ID, FromName: "Owner", To: me.ID, ToName: "Lin", Text: "offer ten percent",
	}))
	for _, c := range []*client{mine, supervisor} {
		if f := c.await("whisper"); !strings.Contains(f.raw, `"offer ten percent"`) {
			t.Errorf("got %s", f.raw)
		}
	}
	other.await("pong", map[string]any{"op": "ping"})
	visitor.await("pong", map[string]any{"op": "ping"})
	for _, raw := range append(other.seen, visitor.seen...) {
		if strings.Contains(raw, "ten percent") || strings.Contains(raw, "whisper") {
			t.Errorf("somebody else sees %s", raw)
		}
	}
}
