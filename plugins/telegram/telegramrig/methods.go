package telegramrig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	_ "image/gif"  // pictures
	_ "image/jpeg" // pictures
	_ "image/png"  // pictures
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// methods are those of the API that the fake has.
func methods() map[string]method {
	out := map[string]method{
		"getMe":               {do: (*Bot).getMe},
		"getUpdates":          {takes: []string{"offset", "limit", "timeout", "allowed_updates"}, do: (*Bot).getUpdates},
		"setWebhook":          {needs: []string{"url"}, takes: []string{"secret_token", "allowed_updates", "max_connections", "drop_pending_updates"}, do: (*Bot).setWebhook},
		"deleteWebhook":       {takes: []string{"drop_pending_updates"}, do: (*Bot).deleteWebhook},
		"getWebhookInfo":      {do: (*Bot).getWebhookInfo},
		"getFile":             {needs: []string{"file_id"}, do: (*Bot).getFile},
		"sendMessage":         {needs: []string{"chat_id", "text"}, takes: []string{"entities", "reply_parameters"}, do: (*Bot).sendMessage},
		"sendLocation":        {needs: []string{"chat_id", "latitude", "longitude"}, takes: []string{"reply_parameters"}, do: (*Bot).sendPlace},
		"sendVenue":           {needs: []string{"chat_id", "latitude", "longitude", "title", "address"}, takes: []string{"reply_parameters"}, do: (*Bot).sendPlace},
		"sendChatAction":      {needs: []string{"chat_id", "action"}, do: (*Bot).sendChatAction},
		"editMessageText":     {needs: []string{"chat_id", "message_id", "text"}, takes: []string{"entities"}, do: (*Bot).editMessage},
		"editMessageCaption":  {needs: []string{"chat_id", "message_id"}, takes: []string{"caption", "caption_entities"}, do: (*Bot).editMessage},
		"deleteMessage":       {needs: []string{"chat_id", "message_id"}, do: (*Bot).deleteMessage},
		"answerCallbackQuery": {needs: []string{"callback_query_id"}, do: (*Bot).answerCallbackQuery},
	}
	for name, field := range map[string]string{
		"sendPhoto": "photo", "sendDocument": "document", "sendAudio": "audio", "sendVoice": "voice", "sendVideo": "video", "sendAnimation": "animation",
	} {
		out[name] = method{needs: []string{"chat_id", field}, takes: []string{"caption", "caption_entities", "reply_parameters"}, do: func(b *Bot, _ *http.Request, p params) (any, *failure) {
			return b.sendFile(field, p)
		}}
	}
	return out
}

func (b *Bot) lock() func() {
	b.server.mu.Lock()
	return b.server.mu.Unlock
}

func (b *Bot) getMe(*http.Request, params) (any, *failure) {
	return map[string]any{
		"id": b.id, "is_bot": true, "first_name": b.username, "username": b.username, "can_join_groups": true, "can_read_all_group_messages": false,
	}, nil
}

func (b *Bot) getUpdates(r *http.Request, p params) (any, *failure) {
	defer b.lock()()
	if b.hook != nil {
		return nil, &failure{status: http.StatusConflict, words: "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"}
	}
	b.allow(p)
	if b.asked != nil {
		b.asked() // whoever asked before is told
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	b.asked = cancel
	offset, _ := strconv.ParseInt(p.values["offset"], 10, 64)
	limit, _ := strconv.Atoi(p.values["limit"])
	if limit < 1 || limit > 100 {
		limit = 100
	}
	if offset > 0 {
		b.queue = slices.DeleteFunc(b.queue, func(u update) bool { return u.id < offset })
	}
	seconds, _ := strconv.Atoi(p.values["timeout"])
	timer := time.NewTimer(time.Duration(seconds) * time.Second)
	defer timer.Stop()
	for len(b.queue) == 0 {
		news := b.news
		b.server.mu.Unlock()
		over := false
		select {
		case <-news:
		case <-timer.C:
			over = true
		case <-ctx.Done():
		}
		b.server.mu.Lock()
		if ctx.Err() != nil {
			return nil, &failure{status: http.StatusConflict, words: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}
		}
		if over {
			break
		}
	}
	b.asked = nil
	out := []json.RawMessage{}
	for _, u := range b.queue[:min(limit, len(b.queue))] {
		out = append(out, u.raw)
	}
	return out, nil
}

func (b *Bot) allow(p params) {
	if list := p.values["allowed_updates"]; list != "" {
		_ = json.Unmarshal([]byte(list), &b.allowed) // else as before
	}
}

func (b *Bot) setWebhook(_ *http.Request, p params) (any, *failure) {
	defer b.lock()()
	u, err := url.Parse(p.values["url"])
	secret := p.values["secret_token"]
	switch {
	case err != nil || u.Scheme != "https" && u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost": // as servers of one's own
		return nil, bad("bad webhook: HTTPS url must be provided for webhook")
	case secret != "" && !regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`).MatchString(secret):
		return nil, bad("secret token contains unallowed characters")
	}
	b.allow(p)
	b.drop(p)
	b.silence()
	ctx, cancel := context.WithCancel(context.Background())
	b.hook = &hook{url: p.values["url"], secret: secret, stop: cancel}
	go b.post(ctx, b.hook)
	return true, nil
}

// drop does what nobody should ask for.
func (b *Bot) drop(p params) {
	if p.values["drop_pending_updates"] == "true" {
		b.queue = nil
	}
}

func (b *Bot) deleteWebhook(_ *http.Request, p params) (any, *failure) {
	defer b.lock()()
	b.drop(p)
	if b.hook != nil {
		b.hook.stop()
		b.hook = nil
	}
	return true, nil
}

func (b *Bot) getWebhookInfo(*http.Request, params) (any, *failure) {
	defer b.lock()()
	out := map[string]any{"url": "", "has_custom_certificate": false, "pending_update_count": len(b.queue)}
	if b.hook != nil {
		out["url"] = b.hook.url
		if b.hook.words != "" {
			out["last_error_date"], out["last_error_message"] = b.hook.failed.Unix(), b.hook.words
		}
	}
	return out, nil
}

// open finds the chat that is written to.
func (b *Bot) open(p params) (int64, *chat, *failure) {
	n, err := strconv.ParseInt(p.values["chat_id"], 10, 64)
	c := b.chats[n]
	switch {
	case err != nil || c == nil:
		return 0, nil, bad("chat not found")
	case c.movedTo != 0:
		f := bad("group chat was upgraded to a supergroup chat")
		f.movedTo = c.movedTo
		return 0, nil, f
	case c.blocked:
		return 0, nil, forbiddenBy("bot was blocked by the user")
	case c.gone:
		return 0, nil, forbiddenBy("bot was kicked from the group chat")
	}
	return n, c, nil
}

// send keeps a message of the bot, and returns it as the API does.
// entities is the parameter that marks its text.
func (b *Bot) send(p params, m Message, entities string) (any, *failure) {
	n, c, f := b.open(p)
	if f != nil {
		return nil, f
	}
	if m.Named, f = c.named(p.values[entities], m.Text); f != nil {
		return nil, f
	}
	if raw := p.values["reply_parameters"]; raw != "" {
		var reply struct {
			ID      int  `json:"message_id"`
			Without bool `json:"allow_sending_without_reply"`
		}
		if json.Unmarshal([]byte(raw), &reply) != nil || reply.ID == 0 {
			return nil, bad("can't parse reply parameters")
		}
		to := c.there[reply.ID]
		switch {
		case to != nil && !to.Deleted:
			m.ReplyTo = reply.ID
		case !reply.Without:
			return nil, bad("message to be replied not found")
		}
	}
	b.numbered++
	m.Chat, m.ID, m.At = n, b.numbered, b.server.now()
	kept := m
	c.there[m.ID] = &kept
	b.sent = append(b.sent, &kept)
	return b.told(&kept), nil
}

func (b *Bot) told(m *Message) map[string]any {
	out := map[string]any{"message_id": m.ID, "chat": b.chats[m.Chat].fields, "date": m.At.Unix(), "from": map[string]any{"id": b.id, "is_bot": true, "first_name": b.username}}
	if m.Kind == "message" {
		out["text"] = m.Text
	} else if m.Text != "" {
		out["caption"] = m.Text
	}
	return out
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

func (b *Bot) sendMessage(_ *http.Request, p params) (any, *failure) {
	defer b.lock()()
	text := p.values["text"]
	switch {
	case strings.TrimSpace(text) == "":
		return nil, bad("message text is empty")
	case units(text) > 4096:
		return nil, bad("message is too long")
	}
	return b.send(p, Message{Kind: "message", Text: text}, "entities")
}

func (b *Bot) sendPlace(_ *http.Request, p params) (any, *failure) {
	defer b.lock()()
	latitude, err := strconv.ParseFloat(p.values["latitude"], 64)
	if err != nil || latitude < -90 || latitude > 90 {
		return nil, bad("wrong latitude")
	}
	return b.send(p, Message{Kind: "location", Text: strings.TrimSpace(p.values["title"] + " " + p.values["latitude"] + "," + p.values["longitude"])}, "")
}

func (b *Bot) sendFile(field string, p params) (any, *failure) {
	defer b.lock()()
	f, ok := p.files[field]
	switch {
	case !ok:
		return nil, bad("wrong file identifier/HTTP URL specified")
	case len(f.data) == 0:
		return nil, bad("file must be non-empty")
	case units(p.values["caption"]) > 1024:
		return nil, bad("message caption is too long")
	case len(f.data) > 50<<20:
		return nil, &failure{status: http.StatusRequestEntityTooLarge, words: "Request Entity Too Large"}
	}
	if field == "photo" {
		picture, _, err := image.DecodeConfig(bytes.NewReader(f.data))
		switch {
		case len(f.data) > 10<<20:
			return nil, bad("file is too big")
		case err != nil:
			return nil, bad("IMAGE_PROCESS_FAILED")
		case picture.Width+picture.Height > 10_000 || picture.Width > 20*picture.Height || picture.Height > 20*picture.Width:
			return nil, bad("PHOTO_INVALID_DIMENSIONS")
		}
	}
	return b.send(p, Message{Kind: field, Text: p.values["caption"], Filename: f.name, Data: f.data}, "caption_entities")
}

func (b *Bot) sendChatAction(_ *http.Request, p params) (any, *failure) {
	defer b.lock()()
	n, _, f := b.open(p)
	if f != nil {
		return nil, f
	}
	if p.values["action"] != "typing" {
		return nil, bad("wrong parameter action in request")
	}
	b.actions = append(b.actions, Action{n, p.values["action"]})
	return true, nil
}

// find returns a message of a chat that the bot wrote.
func (b *Bot) find(p params, what string) (*Message, *failure) {
	n, err := strconv.ParseInt(p.values["chat_id"], 10, 64)
	c := b.chats[n]
	if err != nil || c == nil {
		return nil, bad("chat not found")
	}
	number, _ := strconv.Atoi(p.values["message_id"])
	m := c.there[number]
	switch {
	case m == nil || m.Deleted:
		return nil, bad("message to " + what + " not found")
	case m.theirs && what == "edit":
		return nil, bad("message can't be edited")
	}
	return m, nil
}

func (b *Bot) editMessage(_ *http.Request, p params) (any, *failure) {
	defer b.lock()()
	m, f := b.find(p, "edit")
	if f != nil {
		return nil, f
	}
	text, isText := p.values["text"]
	most := 4096
	if !isText {
		text, most = p.values["caption"], 1024
	}
	switch {
	case isText && m.Kind != "message":
		return nil, bad("there is no text in the message to edit")
	case !isText && m.Kind == "message":
		return nil, bad("there is no caption in the message to edit")
	case units(text) > most:
		return nil, bad("message is too long")
	}
	named, f := b.chats[m.Chat].named(p.values[map[bool]string{true: "entities", false: "caption_entities"}[isText]], text)
	switch {
	case f != nil:
		return nil, f
	case text == m.Text && slices.Equal(named, m.Named):
		return nil, bad("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	m.Text, m.Named = text, named
	m.Edited++
	return b.told(m), nil
}

func (b *Bot) deleteMessage(_ *http.Request, p params) (any, *failure) {
	defer b.lock()()
	m, f := b.find(p, "delete")
	if f != nil {
		return nil, f
	}
	if b.server.now().Sub(m.At) > 48*time.Hour {
		return nil, bad("message can't be deleted for everyone")
	}
	m.Deleted = true
	return true, nil
}

func (b *Bot) answerCallbackQuery(_ *http.Request, p params) (any, *failure) {
	defer b.lock()()
	if !b.pressed[p.values["callback_query_id"]] {
		return nil, bad("query is too old and response timeout expired or query ID is invalid")
	}
	b.pressed[p.values["callback_query_id"]] = false
	return true, nil
}

// stored is a file that a user sent.
type stored struct {
	data  []byte
	size  int64
	path  string
	until time.Time // the path's
}

// AddFile stores a file that users may send, and returns its file_id. size is
// what it claims to have where that is more than data.
func (b *Bot) AddFile(data []byte, size int64) string {
	defer b.lock()()
	id := fmt.Sprintf("file-%d-%d", b.id, len(b.files)+1)
	b.files[id] = &stored{data: data, size: max(size, int64(len(data)))}
	return id
}

func (b *Bot) getFile(_ *http.Request, p params) (any, *failure) {
	defer b.lock()()
	f := b.files[p.values["file_id"]]
	switch {
	case f == nil:
		return nil, bad("wrong file_id or the file is temporarily unavailable")
	case f.size > 20<<20:
		return nil, bad("file is too big")
	}
	b.server.nextID++
	f.path, f.until = fmt.Sprintf("photos/file_%d.jpg", b.server.nextID), b.server.now().Add(time.Hour)
	return map[string]any{"file_id": p.values["file_id"], "file_unique_id": "u" + p.values["file_id"], "file_size": f.size, "file_path": f.path}, nil
}

// serveFile hands out a file under the path that getFile named, for an hour.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/file/bot"), "/")
	if b := s.bots[token]; b != nil {
		for _, f := range b.files {
			if f.path == path && path != "" && s.now().Before(f.until) {
				_, _ = w.Write(f.data) // the client's to bear
				return
			}
		}
	}
	answer(w, nil, &failure{status: http.StatusNotFound, words: "Not Found"})
}
