package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// counter is a server with the plugin vouchers, and codes in it.
type counter struct {
	*site
	id string // of the connection
	mu sync.Mutex
}

const vouchersPlugin = "patchbay/vouchers"

func newCounter(t *testing.T, source string) *counter {
	t.Helper()
	c := &counter{site: open(t, func(o *rig.Options) {
		if source != "" {
			o.Env = append(o.Env, "PATCHBAY_DATABASE_URL="+address(source))
		}
	})}
	var made struct{ ID string }
	c.ask(http.MethodPost, "/connections", map[string]any{
		"plugin": vouchersPlugin, "name": "Vouchers", "enabled": true,
		"config": map[string]any{"campaigns": []any{map[string]any{"id": "thanks", "name": "Thank you", "value": 10}}, "per_customer": 0},
	}, &made)
	c.id = made.ID
	c.serves()
	return c
}

// serves waits until the plugin answers.
func (c *counter) serves() {
	c.t.Helper()
	eventually(c.t, "the plugin's card", func() bool {
		var card struct{ State string }
		_, err := c.owner.Call(c.t.Context(), http.MethodPost, c.panel("customer", "render"), map[string]any{"conversation_id": c.chat, "locale": "en"}, &card)
		return err == nil && card.State == "ok"
	}, func() string { return c.out.Tail() })
}

func (c *counter) panel(name, verb string) string {
	return c.owner.At("/connections/" + c.id + "/panels/" + name + "/" + verb)
}

func (c *counter) ask(method, path string, in, out any) {
	c.t.Helper()
	if _, err := c.owner.Call(c.t.Context(), method, c.owner.At(path), in, out); err != nil {
		c.t.Fatalf("%s %s: %v\n%s", method, path, err, c.out.Tail())
	}
}

// page asks as the page of the settings does.
func (c *counter) page(method string, params any) string {
	c.t.Helper()
	var frame struct{ Token string }
	c.ask(http.MethodPost, "/connections/"+c.id+"/panels/settings/frame", map[string]any{"locale": "en"}, &frame)
	var answer struct{ Value json.RawMessage }
	c.ask(http.MethodPost, "/connections/"+c.id+"/panels/settings/call", map[string]any{"token": frame.Token, "method": method, "params": params}, &answer)
	return string(answer.Value)
}

func (c *counter) stock(n int) {
	c.t.Helper()
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("THX-%03d", i)
	}
	if got := c.page("import", map[string]any{"campaign": "thanks", "lines": lines}); !strings.Contains(got, fmt.Sprintf(`"added":%d`, n)) {
		c.t.Fatalf("import: %s", got)
	}
}

// give presses the button until somebody answers, and returns what goes into the
// composer.
func (c *counter) give(press string) string {
	var done struct {
		InsertText string `json:"insert_text"`
		Message    string
		Failed     bool
	}
	if !rig.Await(c.t.Context(), time.Minute, func() bool {
		_, err := c.owner.Call(c.t.Context(), http.MethodPost, c.panel("customer", "act"), map[string]any{
			"conversation_id": c.chat, "locale": "en", "action_id": press, "action": "give", "data": map[string]any{"campaign": "thanks"},
		}, &done)
		return err == nil
	}) {
		c.t.Errorf("%s: nobody answers", press)
	}
	if done.Failed {
		c.t.Errorf("%s: %s", press, done.Message)
	}
	return done.InsertText
}

// TestVouchers gives codes with the real plugin, its database beside the core's
// own on both databases, while the server is killed: each press gets one code,
// and no two the same. Then a colleague asks for one as a tool: whoever has the
// conversation is told, agrees, and it is given.
func TestVouchers(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { hands(t, "") })
	t.Run("postgres", func(t *testing.T) { hands(t, pgtest.Start(t).Schema(t)) })
}

func hands(t *testing.T, source string) {
	t.Helper()
	const presses = 20
	c := newCounter(t, source)
	c.ask(http.MethodPut, "/plugins/"+vouchersPlugin+"/grants", map[string]any{
		"scopes": []string{"database", "contacts:read", "conversations:read", "events:subscribe"},
	}, nil)
	c.stock(presses + 1)
	c.giveWhileKilled(presses)
	if got := c.page("overview", nil); !strings.Contains(got, fmt.Sprintf(`"free":1,"given":%d`, presses)) {
		t.Errorf("what is left: %s", got)
	}
	if got := c.page("given", map[string]any{"search": "thx-000"}); strings.Count(got, `"code"`) != 1 || !strings.Contains(got, `"conversation":"`+c.chat+`"`) {
		t.Errorf("what was given: %s", got)
	}
	c.agreed()
	c.forgets()
}

// forgets: the real feed tells the plugin of an erasure, and what it keeps names
// nobody any more.
func (c *counter) forgets() {
	c.t.Helper()
	var chat struct{ Contact struct{ ID string } }
	c.ask(http.MethodGet, "/conversations/"+c.chat, nil, &chat)
	if got := c.page("given", map[string]any{"search": chat.Contact.ID}); !strings.Contains(got, `"code"`) {
		c.t.Errorf("before the erasure: %s", got)
	}
	c.ask(http.MethodPost, "/contacts/"+chat.Contact.ID+"/erase", map[string]any{"confirm": chat.Contact.ID, "reason": "request"}, nil)
	eventually(c.t, "vouchers that name nobody", func() bool {
		return !strings.Contains(c.page("given", map[string]any{"search": chat.Contact.ID}), `"code"`)
	}, func() string { return c.out.Tail() })
	if got := c.page("given", map[string]any{"search": "thx-000"}); strings.Count(got, `"code"`) != 1 {
		c.t.Errorf("the code that was given: %s", got)
	}
}

func (c *counter) giveWhileKilled(presses int) {
	c.t.Helper()
	got := make(map[string]string) // by sentence: press
	next := make(chan string, presses)
	for i := range presses {
		next <- fmt.Sprintf("act_%02d", i)
	}
	close(next)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for press := range next {
				said := c.give(press)
				c.mu.Lock()
				if other, taken := got[said]; taken {
					c.t.Errorf("%s and %s got %q", press, other, said)
				}
				got[said] = press
				c.mu.Unlock()
			}
		})
	}
	eventually(c.t, "half of the vouchers", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(got) >= presses/2 || c.t.Failed()
	}, func() string { return c.out.Tail() })
	c.server.Kill()
	c.start()
	wg.Wait()
	c.serves()
	for said, press := range got {
		if again := c.give(press); again != said {
			c.t.Errorf("%s got %q, and pressed again %q", press, said, again)
		}
	}
}

// agreed has a colleague ask for a voucher, whom the owner answers.
func (c *counter) agreed() {
	c.t.Helper()
	mate, err := c.owner.Invite(c.t.Context(), "mate@badinput.example", "Mate", "agent", "correct-horse-battery-43")
	must(c.t, err)
	c.ask(http.MethodPost, "/conversations/"+c.chat+"/assign", map[string]any{"member_id": c.owner.ID}, nil)
	use := map[string]any{"key": "once", "args": map[string]any{"campaign": "Thank you"}, "conversation_id": c.chat}
	path := mate.At("/tools/" + vouchersPlugin + "/give_voucher")
	var call struct {
		ID, State string
		Output    struct{ Code string }
	}
	_, err = mate.Call(c.t.Context(), http.MethodPost, path, use, &call)
	must(c.t, err)
	if call.State != "pending" {
		c.t.Fatalf("the use is %q", call.State)
	}
	if told := c.told(c.owner); told != 1 {
		c.t.Errorf("who has the conversation is told %d times", told)
	}
	if told := c.told(mate); told != 0 {
		c.t.Errorf("who asks is told %d times", told)
	}
	if n := c.changes(call.ID); n != 1 {
		c.t.Errorf("the feed tells of it %d times", n)
	}
	c.ask(http.MethodPost, "/approvals/"+call.ID, map[string]any{"approve": true}, nil)
	_, err = mate.Call(c.t.Context(), http.MethodPost, path, use, &call)
	must(c.t, err)
	if call.State != "done" || call.Output.Code != "THX-020" {
		c.t.Errorf("what came of it: %+v", call)
	}
	if n := c.changes(call.ID); n != 2 {
		c.t.Errorf("afterwards the feed tells of it %d times", n)
	}
}

// told is how often a member was told that a tool waits for a yes.
func (c *counter) told(m rig.Member) int {
	c.t.Helper()
	var list struct {
		Items []struct {
			Kind string
			Text string
		}
	}
	_, err := m.Call(c.t.Context(), http.MethodGet, m.At("/notifications?limit=50"), nil, &list)
	must(c.t, err)
	n := 0
	for _, one := range list.Items {
		if one.Kind == "approval_asked" && one.Text == "Give a voucher" {
			n++
		}
	}
	return n
}

// changes is how often the feed says that what waits has changed.
func (c *counter) changes(call string) int {
	c.t.Helper()
	n := 0
	for after := uint64(0); ; {
		var page struct {
			Items []struct {
				Feed uint64
				Type string
				Data struct{ ID string }
			}
		}
		c.ask(http.MethodGet, fmt.Sprintf("/events?after=%d&limit=200", after), nil, &page)
		if len(page.Items) == 0 {
			return n
		}
		for _, e := range page.Items {
			after = e.Feed
			if e.Type == "approval.changed" && e.Data.ID == call {
				n++
			}
		}
	}
}
