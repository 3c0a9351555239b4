package realtime

import (
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// whisperNews shows a whisper to whom it is for and to those who supervise, as
// far as they reach the conversation (event.SubjectWhisper).
func (g *Gateway) whisperNews(w identity.WorkspaceID, data []byte) {
	var news wire.Whisper
	if !g.decode(data, &news) || news.ToID == "" {
		return
	}
	frame := encode(whisperFrame{Op: "whisper", Whisper: news})
	each(g.hubs.of(w), func(m *member) {
		if (string(m.id) == news.ToID || m.rights().May(identity.ConversationSupervise)) && m.sees(conversation.ID(news.ConversationID)) {
			m.ephemeral(frame)
		}
	})
}
