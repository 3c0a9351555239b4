package update

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/go-telegram/bot/models"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// service reports whether a message is one that Telegram writes about a chat, of
// the kinds that say nothing to an agent.
func service(m *models.Message) bool {
	return len(m.NewChatMembers) > 0 || m.LeftChatMember != nil || m.NewChatTitle != "" || len(m.NewChatPhoto) > 0 || m.DeleteChatPhoto ||
		m.GroupChatCreated || m.SupergroupChatCreated || m.ChannelChatCreated || m.MessageAutoDeleteTimerChanged != nil ||
		m.MigrateToChatID != 0 || m.MigrateFromChatID != 0 || m.PinnedMessage != nil || m.ForumTopicCreated != nil || m.ForumTopicEdited != nil ||
		m.ForumTopicClosed != nil || m.ForumTopicReopened != nil || m.GeneralForumTopicHidden != nil || m.GeneralForumTopicUnhidden != nil ||
		m.VoiceChatScheduled != nil || m.VoiceChatStarted != nil || m.VoiceChatEnded != nil || m.VoiceChatParticipantsInvited != nil ||
		m.ProximityAlertTriggered != nil || m.WriteAccessAllowed != nil || m.ConnectedWebsite != "" || m.BoostAdded != nil || m.ChatBackgroundSet != nil
}

// common are the members of every message: what else it has says what it is.
func common() []string {
	return []string{
		"message_id", "message_thread_id", "direct_messages_topic", "from", "sender_chat", "sender_boost_count", "sender_business_bot", "date",
		"business_connection_id", "chat", "forward_origin", "is_topic_message", "is_automatic_forward", "reply_to_message", "external_reply",
		"quote", "reply_to_story", "reply_to_checklist_task_id", "via_bot", "edit_date", "has_protected_content", "is_from_offline",
		"is_paid_post", "media_group_id", "author_signature", "paid_star_count", "entities", "link_preview_options", "suggested_post_info",
		"effect_id", "caption", "caption_entities", "show_caption_above_media", "has_media_spoiler", "reply_markup", "forward_from",
		"forward_from_chat", "forward_from_message_id", "forward_signature", "forward_sender_name", "forward_date",
	}
}

// kindIn is the far side's word for what a message is: the member that the
// others do not have.
func kindIn(raw json.RawMessage, member string) string {
	var outer map[string]json.RawMessage
	var inner map[string]json.RawMessage
	if json.Unmarshal(raw, &outer) != nil || json.Unmarshal(outer[member], &inner) != nil {
		return "unknown"
	}
	known := common()
	var kinds []string
	for key := range inner {
		if !slices.Contains(known, key) {
			kinds = append(kinds, key)
		}
	}
	if len(kinds) == 0 {
		return "unknown"
	}
	return slices.Min(kinds)
}

// unreadable is an update of which a part is not as the Bot API was when this was
// written: it is shown as what it is, as far as it says from whom it comes.
func unreadable(raw json.RawMessage, s Settings) (Read, error) {
	var u struct {
		ID      int64 `json:"update_id"`
		Message *struct {
			ID   int         `json:"message_id"`
			Date int         `json:"date"`
			Chat models.Chat `json:"chat"`
			From *models.User
			Text string `json:"text"`
		} `json:"message"`
	}
	if err := json.Unmarshal(raw, &u); err != nil || u.ID == 0 {
		if id, ok := number(raw); ok { // the rest cannot be read at all
			return Read{ID: id}, nil
		}
		return Read{}, errors.New("no update of Telegram")
	}
	out, r := Read{ID: u.ID}, reader{Settings: s, update: u.ID}
	if m := u.Message; m != nil && m.ID != 0 && r.takes(m.Chat) {
		in := channel.Inbound{ExternalID: ID(m.Chat.ID, m.ID), Sender: r.who(m.Chat, m.From), Member: memberOf(m.Chat, m.From, nil, ""), SentAt: at(m.Date), Content: message.Content{Text: m.Text}}
		if m.Text == "" {
			in.Content.Unsupported = &message.Unsupported{Kind: kindIn(raw, "message")}
		}
		out.Items = []channel.Inbound{in}
	}
	return out, nil
}

// number is the id of an update of which nothing else can be read.
func number(raw json.RawMessage) (int64, bool) {
	var u struct {
		ID int64 `json:"update_id"`
	}
	err := json.Unmarshal(raw, &u)
	return u.ID, err == nil && u.ID != 0
}
