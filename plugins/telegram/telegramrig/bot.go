package telegramrig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Bot is a bot of a server, with those who use it.
type Bot struct {
	server   *Server
	token    string
	id       int64
	username string

	queue   []update
	last    int64         // update_id
	news    chan struct{} // closed when there is an update
	asked   context.CancelFunc
	allowed []string
	hook    *hook

	chats    map[int64]*chat
	files    map[string]*stored
	pressed  map[string]bool // callback queries that wait
	sent     []*Message
	actions  []Action
	numbered int // message_id
}

type update struct {
	id   int64
	kind string
	raw  json.RawMessage
}

// chat is one with the bot.
type chat struct {
	fields  map[string]any
	blocked bool
	gone    bool // the bot was removed
	movedTo int64
	there   map[int]*Message
	wrote   map[int64]bool // users
}

// Message is what the bot sent.
type Message struct {
	Chat     int64
	ID       int
	Kind     string // of the method: "message", "photo", "document" …
	Text     string // or the caption
	Filename string
	Data     []byte
	ReplyTo  int
	Named    []Named // whom the text names
	At       time.Time
	Edited   int // times
	Deleted  bool
	theirs   bool // a customer wrote it
}

// Named is a user whom a text names.
type Named struct {
	User int64
	Text string // the words
}

// Action is what the bot showed in a chat.
type Action struct {
	Chat int64
	Kind string
}

// AddBot adds a bot. Its token begins with its id.
func (s *Server) AddBot(token, username string) *Bot {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &Bot{
		server: s, token: token, username: username, news: make(chan struct{}), last: 5000,
		chats: make(map[int64]*chat), files: make(map[string]*stored), pressed: make(map[string]bool),
	}
	_, _ = fmt.Sscanf(token, "%d:", &b.id) // the form of tokens
	s.bots[token] = b
	return b
}

// Revoke makes the token invalid, as BotFather does.
func (b *Bot) Revoke() {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	delete(b.server.bots, b.token)
	b.silence()
}

// User is somebody with an account.
func User(id int64, firstName string) map[string]any {
	return map[string]any{"id": id, "is_bot": false, "first_name": firstName, "username": fmt.Sprintf("user%d", id), "language_code": "en"}
}

// Private is the chat with a user.
func Private(user map[string]any) map[string]any {
	return map[string]any{"id": user["id"], "type": "private", "first_name": user["first_name"], "username": user["username"]}
}

// Group is a chat of several.
func Group(id int64, title string) map[string]any {
	return map[string]any{"id": id, "type": "group", "title": title}
}

// Write has a user write to the bot: fields are those of the message beside who
// and when. It returns the message's number.
func (b *Bot) Write(user, fields map[string]any) int { return b.WriteIn(Private(user), user, fields) }

// WriteIn has a user write into a chat.
func (b *Bot) WriteIn(in, user, fields map[string]any) int {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	c := b.chat(in)
	b.numbered++
	m := map[string]any{"message_id": b.numbered, "from": user, "chat": in, "date": b.server.now().Unix()}
	maps.Copy(m, fields)
	text, _ := fields["text"].(string)
	c.wrote[id(user)] = true
	c.there[b.numbered] = &Message{Chat: id(in), ID: b.numbered, Text: text, At: b.server.now(), theirs: true}
	b.add("message", m)
	return b.numbered
}

// EditIn has a user change a message.
func (b *Bot) EditIn(in, user map[string]any, number int, fields map[string]any) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	now := b.server.now().Unix()
	m := map[string]any{"message_id": number, "from": user, "chat": in, "date": now, "edit_date": now}
	maps.Copy(m, fields)
	b.add("edited_message", m)
}

// Block has a user block the bot; Unblock ends that.
func (b *Bot) Block(user map[string]any) { b.setBlocked(user, true) }

// Unblock ends Block.
func (b *Bot) Unblock(user map[string]any) { b.setBlocked(user, false) }

func (b *Bot) setBlocked(user map[string]any, blocked bool) {
	states := map[bool]string{true: "kicked", false: "member"}
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.chat(Private(user)).blocked = blocked
	b.member(Private(user), user, states[!blocked], states[blocked])
}

// Join puts the bot into a group.
func (b *Bot) Join(group, by map[string]any) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.chat(group).gone = false
	b.member(group, by, "left", "member")
}

func (b *Bot) member(in, by map[string]any, was, is string) {
	me := map[string]any{"id": b.id, "is_bot": true, "first_name": b.username, "username": b.username}
	state := func(s string) map[string]any {
		return map[string]any{"status": s, "user": me, "until_date": 0}
	}
	b.add("my_chat_member", map[string]any{
		"chat": in, "from": by, "date": b.server.now().Unix(), "old_chat_member": state(was), "new_chat_member": state(is),
	})
}

// Press has a user press a button below a message of the bot.
func (b *Bot) Press(user map[string]any, number int, data string) string {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	query := fmt.Sprintf("query-%d", len(b.pressed)+1)
	b.pressed[query] = true
	b.add("callback_query", map[string]any{
		"id": query, "from": user, "chat_instance": "1", "data": data,
		"message": map[string]any{"message_id": number, "chat": Private(user), "date": b.server.now().Unix(), "text": "?"},
	})
	return query
}

// Waiting are the presses that nobody acknowledged.
func (b *Bot) Waiting() int {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	n := 0
	for _, waits := range b.pressed {
		if waits {
			n++
		}
	}
	return n
}

// Grow makes a group a supergroup with another id.
func (b *Bot) Grow(group map[string]any, to int64) map[string]any {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	old := b.chat(group)
	old.movedTo = to
	b.numbered += 2
	now := b.server.now().Unix()
	grown := map[string]any{"id": to, "type": "supergroup", "title": group["title"]}
	b.chat(grown)
	b.add("message", map[string]any{"message_id": b.numbered - 1, "chat": group, "date": now, "migrate_to_chat_id": to})
	b.add("message", map[string]any{"message_id": b.numbered, "chat": grown, "date": now, "migrate_from_chat_id": id(group)})
	return grown
}

// Sent are the messages of the bot, in order; those that were taken back, too.
func (b *Bot) Sent() []Message {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	var out []Message
	for _, m := range b.sent {
		out = append(out, *m)
	}
	return out
}

// Actions are what the bot showed, in order.
func (b *Bot) Actions() []Action {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	return slices.Clone(b.actions)
}

// Pending is how many updates nobody has confirmed.
func (b *Bot) Pending() int {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	return len(b.queue)
}

// Know has a user begin a chat with the bot, without a word.
func (b *Bot) Know(user map[string]any) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.chat(Private(user))
}

// Put queues an update as it is; its update_id is set.
func (b *Bot) Put(kind string, object map[string]any) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.add(kind, object)
}

func id(chat map[string]any) int64 {
	n, _ := chat["id"].(int64)
	return n
}

func (b *Bot) chat(fields map[string]any) *chat {
	c := b.chats[id(fields)]
	if c == nil {
		c = &chat{there: make(map[int]*Message), wrote: make(map[int64]bool)}
		b.chats[id(fields)] = c
	}
	c.fields = fields
	return c
}

// add queues an update. The server is locked.
func (b *Bot) add(kind string, object map[string]any) {
	if b.allowed != nil && !slices.Contains(b.allowed, kind) {
		return
	}
	b.last++
	raw, err := json.Marshal(map[string]any{"update_id": b.last, kind: object})
	if err != nil {
		panic(err)
	}
	b.queue = append(b.queue, update{b.last, kind, raw})
	b.wake()
}

func (b *Bot) wake() {
	close(b.news)
	b.news = make(chan struct{})
}

// silence ends what waits. The server is locked.
func (b *Bot) silence() {
	if b.asked != nil {
		b.asked()
	}
	if b.hook != nil {
		b.hook.stop()
		b.hook = nil
	}
}

// hook is a webhook.
type hook struct {
	url, secret string
	stop        context.CancelFunc
	failed      time.Time
	words       string
}

// post posts updates, one after the other, until each is taken.
func (b *Bot) post(ctx context.Context, h *hook) {
	for ctx.Err() == nil {
		b.server.mu.Lock()
		var next *update
		if len(b.queue) > 0 {
			next = &b.queue[0]
		}
		news := b.news
		b.server.mu.Unlock()
		if next == nil {
			select {
			case <-news:
			case <-ctx.Done():
			}
			continue
		}
		words := b.server.deliver(ctx, h, next.raw)
		b.server.mu.Lock()
		if words == "" && len(b.queue) > 0 && b.queue[0].id == next.id {
			b.queue = b.queue[1:]
		} else if words != "" {
			h.failed, h.words = b.server.now(), words
		}
		b.server.mu.Unlock()
		if words != "" {
			timer := time.NewTimer(100 * time.Millisecond)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			timer.Stop()
		}
	}
}

// deliver posts an update and returns what went wrong.
func (s *Server) deliver(ctx context.Context, h *hook, raw []byte) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(raw))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	}
	resp, err := s.http.Do(r)
	if err != nil {
		return "Connection refused"
	}
	_ = resp.Body.Close() // nothing is in it
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return "Wrong response from the webhook: " + resp.Status
	}
	return ""
}
