package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	"github.com/patchbay-im/patchbay/plugins/notify/notifytest"
	"github.com/patchbay-im/patchbay/plugins/notify/queue"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/hook/hooktest"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// desk is the plugin with one target, and a clock for all of them.
type desk struct {
	*testing.T
	host  *plugintest.Host
	is    *plugin
	robot *notifytest.Robot
	in    instance.Instance
	feed  uint64
}

// at is a Friday at noon in Shanghai.
var at = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

func newDesk(t *testing.T, kind string, robot *notifytest.Robot, config map[string]any) *desk {
	t.Helper()
	d := &desk{T: t, host: plugintest.NewHost(t, plugintest.Manifest(manifest), plugintest.Clock(at)), robot: robot}
	d.is = newPlugin(d.host.Env(), d.host.Now)
	robot.Clock(d.host.Now)
	d.configure(kind, config)
	return d
}

func (d *desk) configure(kind string, config map[string]any) {
	d.Helper()
	whole := map[string]any{"target": kind, "server": d.robot.Server, "timezone": "Asia/Shanghai", "language": "en"}
	maps.Copy(whole, config)
	raw, err := json.Marshal(whole)
	if err != nil {
		d.Fatal(err)
	}
	d.in = d.host.Connect(instance.Instance{ID: d.in.ID, Name: "Night shift", Config: raw, Revision: d.in.Revision + 1, Secrets: instance.Secrets{
		"/webhook": d.robot.Webhook, "/secret": d.robot.Secret,
	}})
	if _, err := d.is.Configure(d.Context(), instance.ConfigureRequest{Instance: d.in}); err != nil {
		d.Fatal(err)
	}
}

// news is a notification of a kind about a conversation.
func (d *desk) news(n int, kind string, more string) hook.Event {
	return d.event("notification.created", fmt.Sprintf(`{"notification":{"id":"ntf_%d","kind":%q,"at":%q,"member":{"id":"mem_1","name":"林晓","email":"lin@example.com"},
"link":"https://desk.example.com/conversations/all/cnv_%d","conversation_id":"cnv_%d","seq":3,"text":"Where is my order?","actor":{"kind":"contact","name":"Alice"},
"inbox":{"id":"inb_1","name":"Web"}},"conversation":{"id":"cnv_%d","state":"open"%s}}`, n, kind, d.host.Now().Format(time.RFC3339Nano), n, n, n, more))
}

func (d *desk) event(typ, data string) hook.Event {
	d.feed++
	return hook.Event{ID: fmt.Sprint("chg_", d.feed), Type: typ, Feed: d.feed, At: d.host.Now(), Data: json.RawMessage(data)}
}

func (d *desk) tell(events ...hook.Event) {
	d.Helper()
	if _, err := d.is.OnEvents(d.Context(), hook.OnEventsRequest{Instance: d.in, Events: events}); err != nil {
		d.Fatal(err)
	}
}

// tick is the schedule after a time.
func (d *desk) tick(after time.Duration) {
	d.Helper()
	d.host.Jump(after)
	if _, err := d.is.RunScheduled(d.Context(), instance.RunScheduledRequest{Instance: d.in, Key: scheduleKey}); err != nil {
		d.Fatal(err)
	}
}

// shown expects how many messages the group was shown, and returns the last.
func (d *desk) shown(want int) string {
	d.Helper()
	all := d.robot.Messages()
	if len(all) != want {
		d.Fatalf("the group was shown %d messages, want %d: %+v", len(all), want, all)
	}
	if want == 0 {
		return ""
	}
	return all[want-1].Text
}

func (d *desk) health() instance.Health {
	d.Helper()
	got, err := d.is.CheckHealth(d.Context(), instance.CheckHealthRequest{Instance: d.in})
	if err != nil {
		d.Fatal(err)
	}
	return got.Health
}

func TestTold(t *testing.T) {
	d := newDesk(t, kindWeCom, notifytest.WeCom(t), map[string]any{"mentions": []any{map[string]any{"member": "lin@example.com", "handle": "linxiao"}}})
	first := d.news(1, "mention", "")
	d.tell(first)
	text := d.shown(1)
	for _, want := range []string{"林晓: a colleague mentions you in a note", "inbox Web", "(https://desk.example.com/conversations/all/cnv_1)", "<@linxiao>"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "order") || strings.Contains(text, "Alice") {
		t.Errorf("what was written is told\n%s", text)
	}
	d.tell(first) // it comes again
	d.tell(d.news(2, "rating", ""), d.event("feed.gap", `{"after":1}`), d.event("moon.landed", `{"a":1}`))
	d.shown(1)
	d.configure(kindWeCom, map[string]any{"texts": true, "language": "zh-CN"})
	d.tell(d.news(3, "reply", ""))
	if text := d.shown(2); !strings.Contains(text, "Alice: Where is my order?") || !strings.Contains(text, "林晓：客户回复你") || !strings.Contains(text, "收件箱 Web") {
		t.Errorf("it says\n%s", text)
	}
}

// TestErased: when a person is erased, what waits says no more what they wrote.
func TestErased(t *testing.T) {
	d := newDesk(t, kindWeCom, notifytest.WeCom(t), map[string]any{"texts": true, "after_minutes": 1})
	d.tell(d.news(1, "mention", ""), d.news(2, "mention", ""))
	d.tell(d.event("erasure.changed", `{"id":"con_1"}`), d.event("conversation.deleted", `{"id":"cnv_2"}`))
	d.tick(2 * time.Minute)
	if text := d.shown(1); strings.Contains(text, "order") || strings.Contains(text, "Alice") || strings.Contains(text, "cnv_2") || !strings.Contains(text, "cnv_1") {
		t.Errorf("it says\n%s", text)
	}
}

// TestTogether: what several are told of one thing is one line.
func TestTogether(t *testing.T) {
	d := newDesk(t, kindFeishu, notifytest.Feishu(t, "s"), nil)
	a, b := d.news(1, "unattended", ""), d.news(1, "unattended", "")
	b.Data = json.RawMessage(strings.NewReplacer("ntf_1", "ntf_2", "mem_1", "mem_2", "林晓", "Mo").Replace(string(b.Data)))
	d.tell(a, b, d.news(3, "assigned", ""))
	if text := d.shown(1); !strings.Contains(text, "Patchbay: 2 notifications") || !strings.Contains(text, "林晓, Mo: a customer waits, and nobody is there") {
		t.Errorf("it says\n%s", text)
	}
}

// TestNobodyAttended: what is attended to in time is not told.
func TestNobodyAttended(t *testing.T) {
	d := newDesk(t, kindSlack, notifytest.Slack(t), map[string]any{"after_minutes": 10})
	for n := 1; n <= 9; n++ {
		d.tell(d.news(n, "reply", ""))
	}
	d.tell(d.news(10, "mention", ""), d.news(11, "unattended", `,"assignee_id":"mem_2"`), d.news(12, "unattended", ""))
	d.tell(
		d.event("message.created", `{"change":{"message":{"sender":{"kind":"contact"}}},"conversation":{"id":"cnv_1"}}`),
		d.event("message.created", `{"change":{"message":{"sender":{"kind":"agent"}}},"conversation":{"id":"cnv_2"}}`),
		d.event("conversation.assigned", `{"change":{"data":{"assignee_id":"mem_3"}},"conversation":{"id":"cnv_3"}}`),
		d.event("conversation.assigned", `{"change":{"data":{}},"conversation":{"id":"cnv_4"}}`),
		d.event("conversation.resolved", `{"conversation":{"id":"cnv_5"}}`),
		d.event("notification.read", `{"notification":{"member":{"id":"mem_1"},"ids":["ntf_6","ntf_x"]}}`),
		d.event("notification.read", `{"notification":{"member":{"id":"mem_2"}}}`),
		d.event("message.created", `{"change":{"message":{"sender":{"kind":"agent"}}},"conversation":{"id":"cnv_10"}}`), // calls for one in person
		d.event("message.created", `{"conversation":{}}`),
	)
	d.tick(9 * time.Minute)
	d.shown(0)
	d.tick(2 * time.Minute)
	text := d.shown(1)
	for n, want := range map[int]bool{1: true, 2: false, 3: false, 4: true, 5: false, 6: false, 7: true, 8: true, 9: true, 10: true, 11: false, 12: true} {
		if strings.Contains(text, fmt.Sprintf("cnv_%d|", n)) != want {
			t.Errorf("of cnv_%d it is told: %v, in\n%s", n, !want, text)
		}
	}
	d.tell(d.event("notification.read", `{"notification":{"member":{"id":"mem_1"}}}`))
	d.tick(time.Hour)
	d.shown(1)
}

// TestQuiet: what comes in quiet hours is told together when they end.
func TestQuiet(t *testing.T) {
	d := newDesk(t, kindDingTalk, notifytest.DingTalk(t, "SEC1"), map[string]any{"quiet_from": "11:30", "quiet_to": "13:00"})
	d.tell(d.news(1, "reply", ""))
	d.tell(d.news(2, "mention", ""))
	d.tick(59 * time.Minute)
	d.shown(0)
	d.tick(2 * time.Minute)
	if text := d.shown(1); !strings.Contains(text, "Patchbay: 2 notifications") {
		t.Errorf("it says\n%s", text)
	}
}

// TestFlood: a robot is never told more often than it takes, and everything is
// told once, or counted where a message has no room for it.
func TestFlood(t *testing.T) {
	for kind, tt := range map[string]struct {
		robot *notifytest.Robot
		many  int // half a second apart
	}{
		kindWeCom: {notifytest.WeCom(t), 60}, kindDingTalk: {notifytest.DingTalk(t, "SEC1"), 60},
		kindFeishu: {notifytest.Feishu(t, "s"), 60}, kindSlack: {notifytest.Slack(t), 8},
	} {
		t.Run(kind, func(t *testing.T) {
			d := newDesk(t, kind, tt.robot, nil)
			for n := range tt.many {
				d.tell(d.news(n, "reply", ""))
				d.host.Jump(500 * time.Millisecond)
			}
			for range 4 {
				d.tick(time.Minute)
			}
			told, counted := make(map[string]int), 0
			for _, m := range tt.robot.Messages() {
				for _, link := range regexp.MustCompile(`cnv_[0-9]+`).FindAllString(m.Text, -1) {
					told[link]++
				}
				if more := regexp.MustCompile(`… and ([0-9]+) more`).FindStringSubmatch(m.Text); more != nil {
					n, err := strconv.Atoi(more[1])
					if err != nil {
						t.Fatal(err)
					}
					counted += n
				}
			}
			for link, times := range told {
				if times != 1 {
					t.Errorf("%s was told %d times", link, times)
				}
			}
			if len(told)+counted != tt.many || counted > 5 {
				t.Errorf("%d were told and %d counted, of %d", len(told), counted, tt.many)
			}
			doc, err := queue.Read(t.Context(), d.host.For(d.in.ID).State)
			if err != nil || doc.Fault != nil || doc.Batch != nil || len(doc.Items) > 0 {
				t.Errorf("left is %+v, %v", doc, err)
			}
			t.Logf("%d notifications within %d s: %d messages", tt.many, tt.many/2, len(tt.robot.Messages()))
		})
	}
}

// TestTrouble: what fails is tried again; what the far side certainly did not
// take comes once, and what it may have taken comes at least once.
func TestTrouble(t *testing.T) {
	d := newDesk(t, kindWeCom, notifytest.WeCom(t), nil)
	d.robot.Fail(notifytest.Trouble, notifytest.Garbage)
	d.tell(d.news(1, "reply", ""))
	d.shown(0)
	if h := d.health(); h.State != instance.Degraded || h.Code != "provider_unreachable" || !strings.Contains(h.Detail, "does not answer") {
		t.Errorf("its health is %+v", h)
	}
	d.tick(10 * time.Second) // it is shown, and the answer is none
	d.shown(1)
	d.tick(time.Second)
	d.shown(1)
	d.tick(time.Minute)
	d.shown(2)
	if h := d.health(); h != (instance.Health{}) {
		t.Errorf("its health is %+v", h)
	}
	d.tick(time.Hour)
	d.shown(2)
}

// TestPaused: what the robot refuses until somebody acts waits, is shown in
// plain words, and goes out when the connection is changed or tested.
func TestPaused(t *testing.T) {
	d := newDesk(t, kindDingTalk, notifytest.DingTalk(t, "SEC1"), nil)
	d.robot.Disable(true)
	d.tell(d.news(1, "reply", ""))
	d.tell(d.news(2, "reply", ""))
	if h := d.health(); h.State != instance.Down || h.Code != "robot_disabled" || !strings.Contains(h.Detail, "Turn it on there") {
		t.Errorf("its health is %+v", h)
	}
	card := d.card()
	if !strings.Contains(card, `"2"`) || !strings.Contains(card, "turned off") || !strings.Contains(card, "Send a test message") {
		t.Errorf("the card is %s", card)
	}
	if got := d.press("manage"); !got.Failed || !strings.Contains(got.Message, "Turn it on there") {
		t.Errorf("the test says %+v", got)
	}
	d.robot.Disable(false)
	d.tick(time.Minute)
	d.shown(0) // not yet
	if got := d.press("manage"); got.Failed || got.Message != "The test message was sent." {
		t.Errorf("the test says %+v", got)
	}
	if text := d.shown(1); !strings.Contains(text, "“Night shift”") {
		t.Errorf("the test says\n%s", text)
	}
	d.tick(time.Second)
	d.shown(3)
	d.robot.Disable(true)
	d.tell(d.news(3, "reply", ""))
	d.robot.Disable(false)
	d.configure(kindDingTalk, map[string]any{"texts": true})
	d.tick(time.Second)
	d.shown(4)
	if _, err := d.is.Act(t.Context(), panel.ActRequest{Instance: d.in, Action: actionTest, Context: panel.Context{Locale: "zh-CN"}}); errs.As(err) == nil || !strings.Contains(err.Error(), "插件管理者") {
		t.Errorf("who may not manage is told %v", err)
	}
	if _, err := d.is.Act(t.Context(), panel.ActRequest{Instance: d.in, Action: "other"}); errs.As(err) == nil {
		t.Error("there is another button")
	}
}

func (d *desk) card() string {
	d.Helper()
	got, err := d.is.Render(d.Context(), panel.RenderRequest{Instance: d.in, Context: panel.Context{Panel: "status", Locale: "en", May: []string{panel.MayManage}}})
	if err != nil {
		d.Fatal(err)
	}
	raw, err := got.Card.JSON()
	if err != nil {
		d.Fatal(err)
	}
	return string(raw)
}

func (d *desk) press(may ...string) panel.ActResponse {
	d.Helper()
	got, err := d.is.Act(d.Context(), panel.ActRequest{Instance: d.in, Action: actionTest, Context: panel.Context{Panel: "status", Locale: "en", May: may}})
	if err != nil {
		d.Fatal(err)
	}
	return got
}

// TestTry: before anything is saved a test message says whether it will work.
func TestTry(t *testing.T) {
	d := newDesk(t, kindFeishu, notifytest.Feishu(t, "s"), nil)
	try := func(probe bool, secret string) string {
		t.Helper()
		got, err := d.is.ValidateConfig(t.Context(), instance.ValidateConfigRequest{
			Config: d.in.Config, Secrets: instance.Secrets{"/webhook": d.robot.Webhook, "/secret": secret}, Probe: probe, Locale: "zh-CN",
		})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, p := range got.Problems {
			out.WriteString(p.Pointer + " " + p.Message)
		}
		return out.String()
	}
	if got := try(false, "wrong"); got != "" || len(d.robot.Messages()) > 0 {
		t.Errorf("while somebody types: %q", got)
	}
	if got := try(true, "wrong"); !strings.HasPrefix(got, "/secret 对方拒绝签名") {
		t.Errorf("with another secret: %q", got)
	}
	if got := try(true, "s"); got != "" {
		t.Errorf("with the secret: %q", got)
	}
	if text := d.shown(1); !strings.Contains(text, "This is a test.") {
		t.Errorf("it says %s", text)
	}
}

// TestMail: members get mails of their own, by a real mail server; without leave
// to know addresses the connection says so.
func TestMail(t *testing.T) {
	r := mailrig.Start(t, mailrig.Options{Postfix: true})
	members := map[string]string{"mem_1": "lin@" + mailrig.Domain, "mem_2": "mo@" + mailrig.Domain}
	for _, address := range members {
		if err := r.Account(t.Context(), address, "secret"); err != nil {
			t.Fatal(err)
		}
	}
	h := plugintest.NewHost(t, plugintest.Manifest(manifest), plugintest.Clock(at))
	d := &desk{T: t, host: h, is: newPlugin(h.Env(), h.Now)}
	d.is.tls = r.TLS()
	settings := fmt.Sprintf(`{"target":"mail","mail_server":%q,"mail_user":%q,"mail_from":%q,"mail_to_members":true,"language":"zh-CN"}`, r.Submission, members["mem_1"], members["mem_1"])
	d.in = h.Connect(instance.Instance{Name: "Mail", Config: json.RawMessage(settings), Secrets: instance.Secrets{"/mail_password": "secret"}})
	blind := d.in
	blind.Scopes, blind.Revision = []string{"events:subscribe"}, d.in.Revision+1
	if _, err := d.is.Configure(t.Context(), instance.ConfigureRequest{Instance: blind}); err == nil || !strings.Contains(err.Error(), "成员的邮箱地址") {
		t.Errorf("without the scope: %v", err)
	}
	if _, err := d.is.Configure(t.Context(), instance.ConfigureRequest{Instance: d.in}); err != nil {
		t.Fatal(err)
	}
	var events []hook.Event
	for n, member := range []string{"mem_1", "mem_2", "mem_1", "mem_3"} {
		e := d.news(n+1, "mention", "")
		e.Data = json.RawMessage(strings.NewReplacer("mem_1", member, "lin@example.com", members[member]).Replace(string(e.Data)))
		events = append(events, e)
	}
	d.tell(events...)
	d.tick(time.Second)
	for address, want := range map[string]int{members["mem_1"]: 1, members["mem_2"]: 1} {
		end := time.Now().Add(20 * time.Second)
		for {
			status, err := r.Status(t.Context(), address, "INBOX")
			if err != nil {
				t.Fatal(err)
			}
			if status.Messages == want {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s has %d mails, want %d", address, status.Messages, want)
			}
			runtime.Gosched()
		}
	}
	if h := d.health(); h != (instance.Health{}) {
		t.Errorf("its health is %+v", h)
	}
	doc, err := queue.Read(t.Context(), h.For(d.in.ID).State)
	if err != nil || doc.Number != 2 || doc.Batch != nil || len(doc.Items) > 0 {
		t.Errorf("left is %+v, %v", doc, err)
	}
	try := instance.ValidateConfigRequest{Config: d.in.Config, Secrets: instance.Secrets{"/mail_password": "wrong"}, Probe: true, Locale: "en"}
	if got, err := d.is.ValidateConfig(t.Context(), try); err != nil || len(got.Problems) != 1 || got.Problems[0].Pointer != "/mail_password" {
		t.Errorf("with a wrong password: %+v, %v", got, err)
	}
}

// TestTooOld: what could not be told for a day is no news.
func TestTooOld(t *testing.T) {
	d := newDesk(t, kindWeCom, notifytest.WeCom(t), nil)
	d.robot.Disable(true)
	d.tell(d.news(1, "reply", ""))
	d.tick(25 * time.Hour)
	d.robot.Disable(false)
	d.tick(time.Hour)
	d.shown(0)
	d.tell(d.news(2, "reply", ""))
	d.shown(1)
}

// TestSuite: as every hook, in this process and as a process.
func TestSuite(t *testing.T) {
	robot := notifytest.WeCom(t)
	subject := hooktest.Subject{
		Manifest: manifest, Config: fmt.Sprintf(`{"target":"wecom","server":%q}`, robot.Server), Secrets: map[string]string{"/webhook": robot.Webhook},
		BadConfigs: []string{`{"target":"wecom","server":"ftp://x"}`, `{"target":"pager"}`, `{"target":"wecom","mentions":[{"member":" ","handle":"x"}]}`, `{"target":"wecom","work_from":"25:00"}`},
		Events: []hooktest.Event{
			{Type: "notification.created", Data: `{"notification":{"id":"ntf_1","kind":"reply","member":{"id":"mem_1"},"conversation_id":"cnv_1"},"conversation":{"id":"cnv_1"}}`},
			{Type: "notification.created", Data: `{"notification":{"id":"ntf_2","kind":"sent_from_the_future","member":{"id":"mem_1"}}}`},
			{Type: "notification.read", Data: `{"notification":{"member":{"id":"mem_1"}}}`},
		},
	}
	t.Run("in process", func(t *testing.T) { subject.Open = hooktest.InProcess(notify().Hook); hooktest.Run(t, subject) })
	t.Run("process", func(t *testing.T) { subject.Open = hooktest.Process(t, "."); hooktest.Run(t, subject) })
}
