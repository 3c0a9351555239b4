// Package update says what an update of Telegram is to the core: a message, an
// edit, an event, or nothing. It asks nobody and keeps nothing: the same update
// is always the same items, with the same ids.
//
// Whom a chat is with is one customer. In a private chat that is the person; a
// group is one customer of its own, and each item says which member it is of.
package update

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// Settings are how updates are read.
type Settings struct {
	Groups bool  // groups are customers, too; else they are left out
	Words  Words // of the language that agents read
	// Origin is the chat that a group was when it first wrote: its id changes when
	// it grows. nil = it never does.
	Origin func(chat int64) int64
}

// Read is what an update is.
type Read struct {
	ID       int64
	Items    []channel.Inbound
	Callback string // a button's press that waits for an answer; "" = none
	Joined   int64  // the group that the bot was put into; 0 = none
	Moved    Move
}

// Move is a group that has another id now.
type Move struct{ From, To int64 }

// ID is how the core knows a message of a chat.
func ID(chat int64, number int) string {
	return strconv.FormatInt(chat, 10) + ":" + strconv.Itoa(number)
}

// ParseID returns the chat and the number of a message's id.
func ParseID(id string) (chat int64, number int, ok bool) {
	before, after, found := strings.Cut(id, ":")
	chat, err := strconv.ParseInt(before, 10, 64)
	number, wrong := strconv.Atoi(after)
	return chat, number, found && err == nil && wrong == nil && chat != 0 && number > 0
}

// Of reads an update. An error says that it is none.
func Of(raw json.RawMessage, s Settings) (Read, error) {
	var u models.Update
	if err := json.Unmarshal(raw, &u); err != nil {
		return unreadable(raw, s)
	}
	if u.ID == 0 {
		return Read{}, errors.New("an update without an id")
	}
	out := Read{ID: u.ID}
	r := reader{Settings: s, update: u.ID}
	switch {
	case u.Message != nil:
		out.Moved = moved(u.Message)
		out.Items = r.message(u.Message, raw)
	case u.EditedMessage != nil:
		out.Items = r.edit(u.EditedMessage, raw)
	case u.CallbackQuery != nil:
		out.Callback = u.CallbackQuery.ID
		out.Items = r.pressed(u.CallbackQuery)
	case u.MyChatMember != nil:
		out.Items, out.Joined = r.member(u.MyChatMember)
	}
	return out, nil
}

// moved says what a service message tells of a group that became a supergroup.
func moved(m *models.Message) Move {
	switch {
	case m.MigrateToChatID != 0:
		return Move{From: m.Chat.ID, To: m.MigrateToChatID}
	case m.MigrateFromChatID != 0:
		return Move{From: m.MigrateFromChatID, To: m.Chat.ID}
	default:
		return Move{}
	}
}

// reader reads one update.
type reader struct {
	Settings
	update int64
}

// takes reports whether messages of a chat are for us.
func (r reader) takes(c models.Chat) bool {
	switch c.Type {
	case models.ChatTypePrivate:
		return c.ID != 0
	case models.ChatTypeGroup, models.ChatTypeSupergroup:
		return r.Groups && c.ID != 0
	default: // a channel speaks to nobody
		return false
	}
}

func private(c models.Chat) bool { return c.Type == models.ChatTypePrivate }

// origin is the chat's id that the core knows.
func (r reader) origin(chat int64) int64 {
	if r.Origin == nil || chat > 0 {
		return chat
	}
	return r.Origin(chat)
}

// who is the customer that a chat is with.
func (r reader) who(c models.Chat, from *models.User) channel.Person {
	p := channel.Person{ID: strconv.FormatInt(r.origin(c.ID), 10), Attributes: map[string]string{}}
	if !private(c) {
		p.Name, p.Group = c.Title, true
		p.Attributes["chat"] = string(c.Type)
		return p
	}
	p.Name = strings.TrimSpace(c.FirstName + " " + c.LastName)
	if from == nil {
		return p
	}
	p.Name = name(from)
	if from.Username != "" {
		p.Attributes["telegram"] = "@" + from.Username
	}
	if from.LanguageCode != "" {
		p.Attributes["language"] = from.LanguageCode
	}
	return p
}

// memberOf is who of a group did something; nil in a private chat, and where
// Telegram does not say. An anonymous administrator and a channel are chats.
func memberOf(c models.Chat, from *models.User, as *models.Chat, signature string) *channel.Member {
	switch {
	case private(c):
		return nil
	case as != nil:
		return &channel.Member{ID: strconv.FormatInt(as.ID, 10), Name: cmp.Or(signature, as.Title)}
	case from != nil:
		return &channel.Member{ID: strconv.FormatInt(from.ID, 10), Name: name(from)}
	default:
		return nil
	}
}

func name(u *models.User) string {
	if u == nil {
		return ""
	}
	if n := strings.TrimSpace(u.FirstName + " " + u.LastName); n != "" {
		return n
	}
	return u.Username
}

func at(seconds int) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// inbound is an item of a message, without its content.
func (r reader) inbound(m *models.Message) channel.Inbound {
	in := channel.Inbound{
		ExternalID: ID(m.Chat.ID, m.ID), Sender: r.who(m.Chat, m.From), Member: memberOf(m.Chat, m.From, m.SenderChat, m.AuthorSignature), SentAt: at(m.Date),
	}
	if to := m.ReplyToMessage; to != nil && to.ID > 0 {
		in.References = []string{ID(m.Chat.ID, to.ID)}
	}
	return in
}

func (r reader) message(m *models.Message, raw json.RawMessage) []channel.Inbound {
	if !r.takes(m.Chat) || m.ID == 0 || service(m) || m.From != nil && m.From.IsBot && m.SenderChat == nil {
		return nil
	}
	in := r.inbound(m)
	if payload, is := started(m); is && private(m.Chat) {
		return []channel.Inbound{r.start(in, payload)}
	}
	in.Content = r.content(m, kindIn(raw, "message"))
	return []channel.Inbound{in}
}

// started reports whether a message is the command that begins a chat, and what a
// link gave it.
func started(m *models.Message) (payload string, is bool) {
	command, payload, _ := strings.Cut(m.Text, " ")
	command, _, _ = strings.Cut(command, "@")
	return strings.TrimSpace(payload), command == "/start"
}

// start is a customer who opened the chat: they wrote nothing.
func (r reader) start(in channel.Inbound, payload string) channel.Inbound {
	in.Kind, in.Content = channel.KindEvent, message.Text(r.Words.Started)
	if payload != "" {
		in.Content.Text = fmt.Sprintf(r.Words.StartedWith, payload)
		in.Sender.Attributes["start"] = payload
	}
	return in
}

// edit is a message that was changed. A place that is shared live changes all the
// time, and stays where it was.
func (r reader) edit(m *models.Message, raw json.RawMessage) []channel.Inbound {
	if !r.takes(m.Chat) || m.ID == 0 || m.Location != nil {
		return nil
	}
	in := r.inbound(m)
	in.Kind, in.Target, in.ExternalID, in.References = channel.KindEdit, in.ExternalID, r.external(), nil
	if in.SentAt = at(m.EditDate); in.SentAt.IsZero() {
		in.SentAt = at(m.Date)
	}
	in.Content = r.content(m, kindIn(raw, "edited_message"))
	return []channel.Inbound{in}
}

// external names what is no message of its own.
func (r reader) external() string { return "update:" + strconv.FormatInt(r.update, 10) }

// event is something that a customer did.
func (r reader) event(c models.Chat, from *models.User, date int, text string) []channel.Inbound {
	return []channel.Inbound{{
		Kind: channel.KindEvent, ExternalID: r.external(), Sender: r.who(c, from), Member: memberOf(c, from, nil, ""), SentAt: at(date), Content: message.Text(text),
	}}
}

// pressed is a button that somebody pressed.
func (r reader) pressed(q *models.CallbackQuery) []channel.Inbound {
	var chat models.Chat
	switch {
	case q.Message.Message != nil:
		chat = q.Message.Message.Chat
	case q.Message.InaccessibleMessage != nil:
		chat = q.Message.InaccessibleMessage.Chat
	}
	if !r.takes(chat) {
		return nil
	}
	return r.event(chat, &q.From, 0, fmt.Sprintf(r.Words.Pressed, label(q)))
}

// label is what stood on a button.
func label(q *models.CallbackQuery) string {
	if m := q.Message.Message; m != nil && m.ReplyMarkup != nil {
		for _, row := range m.ReplyMarkup.InlineKeyboard {
			for _, b := range row {
				if b.CallbackData == q.Data && b.Text != "" {
					return b.Text
				}
			}
		}
	}
	return q.Data
}

// member is what the bot itself may do in a chat: blocked, put into a group.
func (r reader) member(m *models.ChatMemberUpdated) (items []channel.Inbound, joined int64) {
	was, is := present(m.OldChatMember), present(m.NewChatMember)
	text := r.Words.Blocked
	switch {
	case was == is:
		return nil, 0
	case is && !private(m.Chat) && m.Chat.Type != models.ChatTypeChannel:
		joined, text = m.Chat.ID, r.Words.Joined
	case is:
		text = r.Words.Unblocked
	case !private(m.Chat):
		text = r.Words.Removed
	}
	if !r.takes(m.Chat) {
		return nil, joined
	}
	return r.event(m.Chat, &m.From, m.Date, text), joined
}

func present(m models.ChatMember) bool {
	switch m.Type {
	case models.ChatMemberTypeOwner, models.ChatMemberTypeAdministrator, models.ChatMemberTypeMember:
		return true
	case models.ChatMemberTypeRestricted:
		return m.Restricted != nil && m.Restricted.IsMember
	case models.ChatMemberTypeLeft, models.ChatMemberTypeBanned:
	}
	return false
}
