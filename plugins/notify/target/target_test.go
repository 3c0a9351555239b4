package target_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/notify/notifytest"
	"github.com/patchbay-im/patchbay/plugins/notify/target"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// rig is a robot with what sends to it.
type rig struct {
	robot  *notifytest.Robot
	target func(address string) target.Target
}

func rigs(t *testing.T) map[string]rig {
	t.Helper()
	client := func(r *notifytest.Robot) target.Doer {
		at, err := outbound.HostOf(r.Server)
		if err != nil {
			t.Fatal(err)
		}
		c, err := outbound.New(outbound.Options{Configured: []string{at}, Tries: 1, Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	wecom, dingtalk, feishu, slack := notifytest.WeCom(t), notifytest.DingTalk(t, "SECabc+/="), notifytest.Feishu(t, "s3cr3t"), notifytest.Slack(t)
	return map[string]rig{
		"wecom": {wecom, func(a string) target.Target { return target.WeCom{By: client(wecom), Address: a} }},
		"dingtalk": {dingtalk, func(a string) target.Target {
			return target.DingTalk{By: client(dingtalk), Address: a, Secret: dingtalk.Secret, Now: time.Now}
		}},
		"feishu": {feishu, func(a string) target.Target {
			return target.Feishu{By: client(feishu), Address: a, Secret: feishu.Secret, Now: time.Now}
		}},
		"slack": {slack, func(a string) target.Target { return target.Slack{By: client(slack), Address: a} }},
	}
}

// address is where the fake is, as if it were the platform.
func address(r *notifytest.Robot) string {
	_, path, _ := strings.Cut(strings.TrimPrefix(r.Webhook, "https://"), "/")
	return r.Server + "/" + path
}

func message(lines ...target.Line) target.Message {
	return target.Message{Title: "Patchbay: 2 notifications", Lines: lines, More: func(n int) string { return fmt.Sprintf("… and %d more", n) }}
}

// slowly gives a robot a clock on which ten seconds pass with every look.
func slowly(r *notifytest.Robot) {
	start := time.Now()
	n := 0
	r.Clock(func() time.Time { n++; return start.Add(time.Duration(n) * 10 * time.Second) })
}

func TestSend(t *testing.T) {
	for name, rig := range rigs(t) {
		t.Run(name, func(t *testing.T) {
			slowly(rig.robot)
			to := rig.target(address(rig.robot))
			link := "https://desk.example.com/conversations/all/cnv_1?at=9&x=(1)"
			err := to.Send(t.Context(), message(
				target.Line{Text: "林晓: a customer answers you", Note: "inbox Web", Said: "Alice: where is it?", Link: link, Mention: []string{"13800138000"}},
				target.Line{Text: "Mo: a ticket is given to you", Mention: []string{"U123ABC"}},
			))
			if err != nil {
				t.Fatal(err)
			}
			got := rig.robot.Messages()
			if len(got) != 1 {
				t.Fatalf("the group was shown %d messages", len(got))
			}
			for _, want := range []string{"林晓", "a customer answers you", "inbox Web", "where is it?", "conversations/all/cnv", "a ticket is given to you"} {
				if !strings.Contains(got[0].Text, want) {
					t.Errorf("%q is missing in\n%s", want, got[0].Text)
				}
			}
			if want := []string{"13800138000", "U123ABC"}; !slices.Equal(got[0].Mentions, want) {
				t.Errorf("called are %q in\n%s", got[0].Mentions, got[0].Text)
			}
		})
	}
}

// TestLong: what does not fit is counted, and the message is taken.
func TestLong(t *testing.T) {
	for name, rig := range rigs(t) {
		t.Run(name, func(t *testing.T) {
			slowly(rig.robot)
			var lines []target.Line
			for i := range 400 {
				lines = append(lines, target.Line{Text: fmt.Sprintf("第%d条：客户在等待而无人在线", i), Note: "收件箱 网站", Said: strings.Repeat("很长的话", 20), Link: "https://desk.example.com/conversations/all/cnv_" + strings.Repeat("0", 26)})
			}
			m := message(lines...)
			m.Rest = 7
			if err := rig.target(address(rig.robot)).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			text := rig.robot.Messages()[0].Text
			told := strings.Count(text, "客户在等待而无人在线")
			if want := fmt.Sprintf("… and %d more", 407-told); told < 5 || !strings.Contains(text, want) {
				t.Errorf("%d are told, and there is no %q at the end of\n%s", told, want, text[max(0, len(text)-200):])
			}
		})
	}
}

// TestHostileTexts: what people write calls nobody, and hides no link.
func TestHostileTexts(t *testing.T) {
	for name, rig := range rigs(t) {
		t.Run(name, func(t *testing.T) {
			slowly(rig.robot)
			evil := "<@all> <!channel> @所有人 [click](https://evil.example) **bold**\n# head </font><https://evil.example|bank>"
			err := rig.target(address(rig.robot)).Send(t.Context(), message(
				target.Line{Text: evil, Note: evil, Said: evil, Link: "https://desk.example.com/a)b|c>", Mention: []string{"all", "<x>", "a b", ""}},
			))
			if err != nil {
				t.Fatal(err)
			}
			got := rig.robot.Messages()[0]
			if len(got.Mentions) > 0 {
				t.Errorf("called are %q", got.Mentions)
			}
			if name == "feishu" { // its texts have no markup
				return
			}
			for _, bad := range []string{"<@all>", "<!channel>", "[click](", "<https://evil", "\n# head"} {
				if strings.Contains(got.Text, bad) && (name != "slack" || bad != "[click](") { // which is none there
					t.Errorf("%q stands in\n%s", bad, got.Text)
				}
			}
		})
	}
}

// TestRefusals: what each robot refuses, and what that means.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, robot string
		arrange     func(*notifytest.Robot)
		address     func(string) string
		lines       []target.Line
		times       int
		sort        target.Sort
		code        string
		after       time.Duration
	}{
		{name: "wrong key", robot: "wecom", address: func(a string) string { return a + "x" }, sort: target.Paused, code: target.CodeKey},
		{name: "wrong token", robot: "dingtalk", address: func(a string) string { return a + "x" }, sort: target.Paused, code: target.CodeKey},
		{name: "wrong token", robot: "feishu", address: func(a string) string { return strings.Replace(a, "11111111", "21111111", 1) }, sort: target.Paused, code: target.CodeKey},
		{name: "wrong path", robot: "slack", address: func(a string) string { return a + "x" }, sort: target.Paused, code: target.CodeKey},
		{name: "off", robot: "wecom", arrange: func(r *notifytest.Robot) { r.Disable(true) }, sort: target.Paused, code: target.CodeDisabled},
		{name: "off", robot: "dingtalk", arrange: func(r *notifytest.Robot) { r.Disable(true) }, sort: target.Paused, code: target.CodeDisabled},
		{name: "off", robot: "feishu", arrange: func(r *notifytest.Robot) { r.Disable(true) }, sort: target.Paused, code: target.CodeDisabled},
		{name: "archived", robot: "slack", arrange: func(r *notifytest.Robot) { r.Disable(true) }, sort: target.Paused, code: target.CodeGone},
		{name: "keyword", robot: "dingtalk", arrange: func(r *notifytest.Robot) { r.Keyword("监控") }, sort: target.Paused, code: target.CodeKeyword},
		{name: "keyword", robot: "feishu", arrange: func(r *notifytest.Robot) { r.Keyword("监控") }, sort: target.Paused, code: target.CodeKeyword},
		{name: "clock", robot: "dingtalk", arrange: tomorrow, sort: target.Paused, code: target.CodeSignature},
		{name: "clock", robot: "feishu", arrange: tomorrow, sort: target.Paused, code: target.CodeSignature},
		{name: "too often", robot: "wecom", times: 20, sort: target.Later, code: target.CodeBusy, after: time.Minute},
		{name: "too often", robot: "dingtalk", times: 20, sort: target.Later, code: target.CodeBusy, after: 10 * time.Minute},
		{name: "too often", robot: "feishu", times: 5, sort: target.Later, code: target.CodeBusy, after: time.Minute},
		{name: "too often", robot: "slack", times: 1, sort: target.Later, code: target.CodeBusy, after: time.Second},
		{name: "trouble", robot: "wecom", arrange: func(r *notifytest.Robot) { r.Fail(notifytest.Trouble) }, sort: target.Later, code: target.CodeTrouble},
		{name: "cut", robot: "feishu", arrange: func(r *notifytest.Robot) { r.Fail(notifytest.Cut) }, sort: target.Later, code: target.CodeTrouble},
		{name: "garbage", robot: "dingtalk", arrange: func(r *notifytest.Robot) { r.Fail(notifytest.Garbage) }, sort: target.Later, code: target.CodeTrouble},
		{name: "another host", robot: "slack", address: func(string) string { return "https://evil.example/services/x" }, sort: target.Paused, code: target.CodeNotAllowed},
		{name: "no address", robot: "wecom", address: func(string) string { return "https://\x7f" }, sort: target.Paused, code: target.CodeKey},
	} {
		t.Run(tt.robot+"/"+tt.name, func(t *testing.T) {
			rig := rigs(t)[tt.robot]
			if tt.arrange != nil {
				tt.arrange(rig.robot)
			}
			at := address(rig.robot)
			if tt.address != nil {
				at = tt.address(at)
			}
			to, m := rig.target(at), message(target.Line{Text: "hello"})
			if tt.times > 0 {
				still := time.Now()
				rig.robot.Clock(func() time.Time { return still })
			}
			for range tt.times {
				if err := to.Send(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			err := to.Send(t.Context(), m)
			f := target.FailureOf(err)
			if f == nil || f.Sort != tt.sort || f.Code != tt.code || f.After != tt.after {
				t.Fatalf("it is %+v, %v", f, err)
			}
			if text := fmt.Sprint(err); strings.Contains(text, "693a91f6") || strings.Contains(text, "566cc69d") || strings.Contains(text, "T00000000") {
				t.Errorf("the error names the address: %s", text)
			}
		})
	}
}

func tomorrow(r *notifytest.Robot) {
	r.Clock(func() time.Time { return time.Now().Add(24 * time.Hour) })
}
