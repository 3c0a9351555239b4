package realtime

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// visitorNews closes the sockets of a visitor session that is over: its visitor
// logged out, or somebody else signed in.
func (g *Gateway) visitorNews(_ identity.WorkspaceID, data []byte) {
	var over conversation.Ended
	if json.Unmarshal(data, &over) != nil {
		return // not ours
	}
	var all []*visitor
	g.rooms.each(over.Inbox, over.External, func(v *visitor) {
		if v.id == string(over.Visitor) {
			all = append(all, v)
		}
	})
	for _, v := range all {
		v.end(errs.New(errs.Unauthenticated, over.Code, "The chat session has ended. Open a new one."))
	}
}

// recheck asks, on the reading goroutine, whether a person's session goes on,
// at least every recheckEvery: the news of its end may be lost.
func (v *visitor) recheck(now time.Time) {
	if v.external == v.id || now.Unix()-v.checked < int64(recheckEvery/time.Second) {
		return
	}
	v.checked = now.Unix()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.put(func(ctx context.Context) {
		err := v.g.o.Conversations.StillOpen(ctx, conversation.VisitorID(v.id))
		switch {
		case errs.Is(err, errs.Unauthenticated):
			v.end(err)
		case err != nil:
			v.broken(ctx, err)
		}
	})
}
