package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// relay tells the dispatchers of the other nodes who is there and what members
// chose: only one of them decides, and any may have to.
type relay struct {
	node       string // "" = there is no other
	bus        event.Bus
	dispatcher *dispatch.Dispatcher
	log        *slog.Logger
}

// The acts of a message.
const (
	actBeat  = "beat"  // a tab of the member is open
	actLeave = "leave" // it is gone
	actChose = "chose" // what is stored of the member may be another
)

// attended is one message between nodes.
type attended struct {
	Node   string            `json:"node"` // who says so
	Act    string            `json:"act"`
	Member identity.MemberID `json:"member"`
	Tab    string            `json:"tab,omitempty"`
}

// tell tells the other nodes.
func (r *relay) tell(ctx context.Context, w identity.WorkspaceID, act string, member identity.MemberID, tab string) {
	if r.node != "" {
		publish(ctx, r.bus, r.log, event.SubjectAttendance+string(w), attended{r.node, act, member, tab})
	}
}

// listen hears the other nodes, until cancelled.
func (r *relay) listen() (cancel func(), err error) {
	if r.node == "" {
		return func() {}, nil
	}
	cancel, err = r.bus.Subscribe(event.SubjectAttendance+"*", func(subject string, data []byte) {
		var m attended
		if err := json.Unmarshal(data, &m); err != nil {
			r.log.Warn("another node told of a member what cannot be read", "error", err)
			return
		}
		if m.Node != r.node {
			r.hear(identity.WorkspaceID(strings.TrimPrefix(subject, event.SubjectAttendance)), m)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listen for who is there: %w", err)
	}
	return cancel, nil
}

func (r *relay) hear(w identity.WorkspaceID, m attended) {
	switch m.Act {
	case actBeat:
		r.dispatcher.Beat(w, m.Member, m.Tab)
	case actLeave:
		r.dispatcher.Leave(w, m.Member, m.Tab)
	case actChose:
		r.dispatcher.Signal(w, dispatch.Signal{Agents: []identity.MemberID{m.Member}})
	}
}
