package realtime

import (
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// BotTypes shows the colleagues and the customer that a bot writes, or no more.
// A sign holds for some seconds: while the bot writes it is repeated.
func (g *Gateway) BotTypes(c conversation.Conversation, by identity.Actor, on bool) {
	g.publishTyping(typingNews{
		workspace: c.Workspace, Conversation: c.ID, Inbox: c.Inbox, Recipient: c.Recipient,
		Actor: wire.Actor{Kind: string(by.Kind), ID: by.ID, Name: by.Name},
	}, on)
}

// CustomerTypes is the news (event.SubjectTyping) that the customer of a
// conversation writes, in an app that is not our own chat.
func CustomerTypes(c conversation.Conversation) any {
	return typingNews{
		Conversation: c.ID, Inbox: c.Inbox, Recipient: c.Recipient, On: true,
		Actor: wire.Actor{Kind: string(identity.ActorContact), ID: string(c.Contact), Name: c.ContactName},
	}
}
