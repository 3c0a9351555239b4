package app

import (
	"context"
	"log/slog"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/wire"
)

// windows puts on the bus what open windows see beside the feed.
type windows struct {
	bus event.Bus
	log *slog.Logger
}

// DraftChanged implements conversation.News.
func (w windows) DraftChanged(ctx context.Context, d conversation.Draft) {
	publish(ctx, w.bus, w.log, event.SubjectDraft+string(d.Workspace), realtime.DraftNews{Member: string(d.Member), Draft: wire.DraftOf(d)})
}

// Whispered implements conversation.News.
func (w windows) Whispered(ctx context.Context, x conversation.Whisper) {
	publish(ctx, w.bus, w.log, event.SubjectWhisper+string(x.Workspace), wire.WhisperOf(x))
}

// CustomerTypes implements conversation.News.
func (w windows) CustomerTypes(ctx context.Context, c conversation.Conversation) {
	publish(ctx, w.bus, w.log, event.SubjectTyping+string(c.Workspace), realtime.CustomerTypes(c))
}

// ReadByMembers implements conversation.News.
func (w windows) ReadByMembers(ctx context.Context, c conversation.Conversation, public uint64) {
	publish(ctx, w.bus, w.log, event.SubjectRead+string(c.Workspace), realtime.ReadNews{Inbox: c.Inbox, Recipient: c.Recipient, Seq: public})
}
