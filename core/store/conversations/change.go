package conversations

import (
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const (
	insertMessage = `INSERT INTO message (workspace_id, conversation_id, seq, message_id, client_id, kind,
sender_kind, sender_id, sender_name, text, created_at, delivery, delivery_error, files, extras)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	insertChanges = `INSERT INTO conversation_change (workspace_id, conversation_id, seq, public_seq, change_id, type, at,
actor_kind, actor_id, actor_name, message_seq, data)`
)

func messageArgs(m *conversation.Message) []any {
	return []any{
		string(m.Workspace), string(m.Conversation), db.Signed(m.Seq), string(m.ID), m.ClientID, string(m.Kind),
		string(m.Sender.Kind), m.Sender.ID, m.Sender.Name, m.Text, db.Micros(m.CreatedAt), string(m.Delivery), m.DeliveryError,
		len(m.Attachments), extrasOfMessage(m),
	}
}

func changeArgs(c *conversation.Change) []any {
	var public, message, data any
	if c.PublicSeq > 0 {
		public = db.Signed(c.PublicSeq)
	}
	if c.Message != nil {
		message = db.Signed(c.Message.Seq)
	}
	if len(c.Data) > 0 {
		data = string(c.Data)
	}
	return []any{
		string(c.Workspace), string(c.Conversation), db.Signed(c.Seq), public, string(c.ID), string(c.Type), db.Micros(c.At),
		string(c.Actor.Kind), c.Actor.ID, c.Actor.Name, message, data,
	}
}

// changeRow is a change with its message.
type changeRow struct {
	conversation, id, typ            string
	seq, publicSeq, at               int64
	actorKind, actorID, actorName    string
	data                             string
	messageSeq                       int64 // 0 = none
	messageID, clientID, kind        string
	senderKind, senderID, senderName string
	text                             string
	sentAt                           int64
	delivery, deliveryError, extras  string
	files                            int
}

// changeColumns go with dest, for a conversation_change named h and its
// message, if any, named m.
const changeColumns = `h.conversation_id, h.change_id, h.type, h.seq, COALESCE(h.public_seq, 0), h.at,
h.actor_kind, h.actor_id, h.actor_name, COALESCE(h.data, ''), COALESCE(m.seq, 0), COALESCE(m.message_id, ''),
COALESCE(m.client_id, ''), COALESCE(m.kind, ''), COALESCE(m.sender_kind, ''), COALESCE(m.sender_id, ''),
COALESCE(m.sender_name, ''), COALESCE(m.text, ''), COALESCE(m.created_at, 0), COALESCE(m.delivery, ''), COALESCE(m.delivery_error, ''),
COALESCE(m.files, 0), COALESCE(m.extras, '')`

const messageJoin = `
LEFT JOIN message m ON m.workspace_id = h.workspace_id AND m.conversation_id = h.conversation_id AND m.seq = h.message_seq
`

func (r *changeRow) dest() []any {
	return []any{
		&r.conversation, &r.id, &r.typ, &r.seq, &r.publicSeq, &r.at,
		&r.actorKind, &r.actorID, &r.actorName, &r.data, &r.messageSeq, &r.messageID,
		&r.clientID, &r.kind, &r.senderKind, &r.senderID,
		&r.senderName, &r.text, &r.sentAt, &r.delivery, &r.deliveryError,
		&r.files, &r.extras,
	}
}

func (r *changeRow) domain(workspace identity.WorkspaceID) conversation.Change {
	c := conversation.Change{
		Workspace: workspace, ID: conversation.ChangeID(r.id), Conversation: conversation.ID(r.conversation),
		Seq: db.Unsigned(r.seq), PublicSeq: db.Unsigned(r.publicSeq), Type: conversation.ChangeType(r.typ), At: db.Time(r.at),
		Actor: identity.Actor{Kind: identity.ActorKind(r.actorKind), ID: r.actorID, Name: r.actorName},
	}
	if r.data != "" {
		c.Data = json.RawMessage(r.data)
	}
	if r.messageSeq > 0 {
		c.Message = r.message(workspace)
	}
	return c
}

// message returns the message without its files: see fetchFiles.
func (r *changeRow) message(workspace identity.WorkspaceID) *conversation.Message {
	m := &conversation.Message{
		Workspace: workspace, ID: conversation.MessageID(r.messageID), Conversation: conversation.ID(r.conversation),
		Seq: db.Unsigned(r.messageSeq), ClientID: r.clientID, Kind: conversation.MessageKind(r.kind),
		Sender: identity.Actor{Kind: identity.ActorKind(r.senderKind), ID: r.senderID, Name: r.senderName},
		Text:   r.text, CreatedAt: db.Time(r.sentAt),
		Delivery: conversation.DeliveryState(r.delivery), DeliveryError: r.deliveryError,
	}
	if r.extras != "" {
		e := parseExtras(r.extras)
		m.ReplyTo, m.Mentions, m.Altered, m.Carried = e.quote(), e.mentions(), e.Altered.domain(), e.Carried.domain()
		m.GroupMentions = e.groupMentions()
	}
	if r.files > 0 {
		m.Attachments = make([]media.Attachment, 0, r.files)
	}
	return m
}
