package main

import (
	"encoding/json"
	"hash/fnv"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/telegram/telegramrig"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// The contract of all channels, asked for messages and posted to.
func TestContract(t *testing.T) {
	program := plugintest.Build(t, ".")
	for mode, posts := range map[string]bool{"polling": false, "webhook": true} {
		t.Run(mode, func(t *testing.T) {
			channeltest.RunAdapter(t, channeltest.Adapter{Plugin: plugin(), Program: program, FarSide: func(t *testing.T) (channeltest.FarSide, instance.Instance) {
				t.Helper()
				return newFarSide(t, posts)
			}})
		})
	}
}

// farSide is a bot's customers as the suite steers them.
type farSide struct {
	far   *telegramrig.Server
	bot   *telegramrig.Bot
	posts bool // what is said is posted to the inbox

	mu      sync.Mutex
	numbers map[string]int // message ids, by what the suite calls them
}

func newFarSide(t *testing.T, posts bool) (channeltest.FarSide, instance.Instance) {
	t.Helper()
	f := &farSide{far: telegramrig.Start(t), posts: posts, numbers: make(map[string]int)}
	f.bot = f.far.AddBot(token, "shop_bot")
	in := instance.Instance{Config: json.RawMessage(`{"groups":"conversation","server":"` + f.far.URL + `"}`), Secrets: instance.Secrets{"/token": token}}
	if posts {
		in.Config = json.RawMessage(`{"mode":"webhook","groups":"conversation","server":"` + f.far.URL + `"}`)
		in.Secrets["/webhook_url"], in.Secrets["/webhook_secret"] = "http://127.0.0.1:1/hooks/x/", secret
	}
	return f, in
}

// user is the account of a customer.
func user(word string) map[string]any {
	h := fnv.New32a()
	_, _ = h.Write([]byte(word)) // a hash does not fail
	return telegramrig.User(int64(h.Sum32()%100_000)+1, word)
}

// group is a group of a name.
func group(word string) map[string]any {
	h := fnv.New32a()
	_, _ = h.Write([]byte(word)) // a hash does not fail
	return telegramrig.Group(-int64(h.Sum32()%100_000)-1, word)
}

// message is what somebody says in a chat, nil = in private, as Telegram has it.
func (f *farSide) message(in map[string]any, said channeltest.Said) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.numbers[said.ID] == 0 {
		f.numbers[said.ID] = len(f.numbers) + 1
	}
	who := user(said.From)
	if in == nil {
		in = telegramrig.Private(who)
	}
	m := map[string]any{"message_id": f.numbers[said.ID], "date": 1700000000, "from": who, "chat": in}
	switch {
	case said.Unknown:
		m["hologram"] = map[string]any{"of": "tomorrow"}
	case said.File != nil:
		m["caption"] = said.Text
		m["document"] = map[string]any{"file_id": f.bot.AddFile(said.File, 0), "file_unique_id": "u", "file_name": "a.png", "mime_type": "image/png"}
	default:
		m["text"] = said.Text
	}
	return m
}

// Write implements channeltest.FarSide.
func (f *farSide) Write(t *testing.T, all ...channeltest.Said) ([]channeltest.Request, error) {
	t.Helper()
	return f.write(t, nil, all), nil
}

// WriteIn implements channeltest.Gatherer.
func (f *farSide) WriteIn(t *testing.T, word string, all ...channeltest.Said) ([]channeltest.Request, error) { //nolint:unparam // as the interface has it
	t.Helper()
	return f.write(t, group(word), all), nil
}

func (f *farSide) write(t *testing.T, in map[string]any, all []channeltest.Said) []channeltest.Request {
	t.Helper()
	var out []channeltest.Request
	for _, said := range all {
		f.bot.Know(user(said.From))
		if !f.posts {
			f.bot.Put("message", f.message(in, said))
			continue
		}
		out = append(out, f.request(t, in, said, secret))
	}
	return out
}

func (f *farSide) request(t *testing.T, in map[string]any, said channeltest.Said, given string) channeltest.Request {
	t.Helper()
	m := f.message(in, said)
	body, err := json.Marshal(map[string]any{"update_id": m["message_id"], "message": m})
	if err != nil {
		t.Fatal(err)
	}
	return channeltest.Request{Name: said.ID, Header: map[string]string{"X-Telegram-Bot-Api-Secret-Token": given}, Body: string(body)}
}

// Forge implements channeltest.FarSide.
func (f *farSide) Forge(t *testing.T, how channeltest.Forgery, said channeltest.Said) ([]channeltest.Request, error) {
	t.Helper()
	switch {
	case !f.posts:
		return nil, channeltest.Absent("nothing is posted")
	case how == channeltest.Altered || how == channeltest.Stale:
		return nil, channeltest.Absent("Telegram proves itself by a secret, and signs nothing")
	case how == channeltest.Unsigned:
		return []channeltest.Request{f.request(t, nil, said, "")}, nil
	default:
		return []channeltest.Request{f.request(t, nil, said, "wrong"), f.request(t, nil, said, secret+"x")}, nil
	}
}

// Behave implements channeltest.FarSide.
func (f *farSide) Behave(_ *testing.T, how channeltest.Behaviour) error {
	f.far.Behave(map[channeltest.Behaviour]telegramrig.Fault{
		channeltest.Absentee:   {Status: http.StatusServiceUnavailable, Cut: true},
		channeltest.Speechless: {Cut: true},
		channeltest.Busy:       {Status: http.StatusTooManyRequests, After: 1},
		channeltest.Broken:     {Status: http.StatusInternalServerError},
		channeltest.Refusing:   {Status: http.StatusForbidden, Words: "Forbidden: bot was blocked by the user"},
	}[how])
	return nil
}

// Got implements channeltest.FarSide.
func (f *farSide) Got(*testing.T) []channeltest.Got {
	var out []channeltest.Got
	for _, m := range f.bot.Sent() {
		out = append(out, channeltest.Got{To: strconv.FormatInt(m.Chat, 10), Text: m.Text})
	}
	return out
}

// Has implements channeltest.Keeper.
func (f *farSide) Has(*testing.T) []channeltest.Got {
	var out []channeltest.Got
	for _, m := range f.bot.Sent() {
		if !m.Deleted {
			out = append(out, channeltest.Got{To: strconv.FormatInt(m.Chat, 10), Text: m.Text})
		}
	}
	return out
}

// Shown implements channeltest.Watcher.
func (f *farSide) Shown(*testing.T) []channeltest.Shown {
	var out []channeltest.Shown
	for _, a := range f.bot.Actions() {
		out = append(out, channeltest.Shown{To: strconv.FormatInt(a.Chat, 10), Kind: channel.SignalTyping}) // the server takes no other
	}
	return out
}
