package main

import (
	"testing"

	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/hook/hooktest"
)

const settings = `{"words":[
	{"words":["guarantee","最便宜"],"reason":""},
	{"words":["competitor"],"do":"mask","reason":"We do not name others."},
	{"words":["返现"],"reason":"不能承诺返现"}],
	"phones":"mask","cards":"refuse"}`

func TestGuard(t *testing.T) {
	subject := hooktest.Subject{
		Manifest: manifest, Config: settings,
		BadConfigs: []string{`{"words":[{"words":["　"]}]}`, `{"words":[{"words":[]}]}`, `{"phones":"shout"}`, `{"x":1}`},
		Drafts: []hooktest.Draft{
			{Text: "你好，您的订单已发货。", Verdict: hook.VerdictAllow},
			{Text: "We GUARANTEE it", Verdict: hook.VerdictDeny, Reason: "“GUARANTEE”"},
			{Text: "我们 最 便*宜", Verdict: hook.VerdictDeny, Reason: "最 便*宜"},
			{Text: "给您返现", Verdict: hook.VerdictDeny, Reason: "不能承诺返现"},
			{Text: "warranty is guaranteed", Verdict: hook.VerdictAllow}, // another word
			{Text: "Ask Competitor, or competitor.", Verdict: hook.VerdictChange, Changed: "Ask **********, or **********.", Reason: "We do not name others."},
			{Text: "Call +49 30 1234567 now", Verdict: hook.VerdictChange, Changed: "Call *** ** ******* now", Reason: "Numbers are covered"},
			{Text: "我的电话是１３８００１３８０００", Verdict: hook.VerdictChange, Changed: "我的电话是***********"},
			{Text: "138 0013 8000 or 13900139000", Verdict: hook.VerdictChange, Changed: "*** **** **** or ***********"},
			{Text: "Order 2026112213800138000", Verdict: hook.VerdictAllow}, // part of a longer number
			{Text: "card 4111 1111 1111 1111", Verdict: hook.VerdictDeny, Reason: "Card numbers"},
			{Text: "no card 4111 1111 1111 1112", Verdict: hook.VerdictAllow},
			{Text: "", Verdict: hook.VerdictAllow},
			{Inbox: "inb_1", Verdict: hook.VerdictAllow},
		},
	}
	t.Run("in process", func(t *testing.T) { subject.Open = hooktest.InProcess(newHook); hooktest.Run(t, subject) })
	t.Run("process", func(t *testing.T) { subject.Open = hooktest.Process(t, "."); hooktest.Run(t, subject) })
}

// Without settings only card numbers are refused.
func TestDefaults(t *testing.T) {
	hooktest.Run(t, hooktest.Subject{
		Manifest: manifest, Open: hooktest.InProcess(newHook), Config: `{}`,
		Drafts: []hooktest.Draft{
			{Text: "+49 30 1234567, guarantee", Verdict: hook.VerdictAllow},
			{Text: "4111-1111-1111-1111", Verdict: hook.VerdictDeny, Reason: "Card numbers"},
		},
	})
}

func TestTexts(t *testing.T) {
	zh, en := textsFor("zh-CN"), textsFor("de")
	for _, tt := range []struct{ got, want string }{
		{zh.refusal(hit{kind: kindPhone}), "不能把电话号码发给客户。"},
		{zh.refusal(hit{kind: kindWord, text: "最便宜"}), "“最便宜”不能发给客户。"},
		{en.refusal(hit{kind: kindCard}), "Card numbers must not be sent to customers."},
		{en.refusal(hit{reason: "No."}), "No."},
		{en.masked([]hit{{kind: kindCard}, {kind: kindPhone}, {kind: kindWord}}), "Numbers are covered. Words that must not be sent are covered"},
		{zh.masked([]hit{{kind: kindWord}, {kind: kindPhone}}), "已遮盖不能外发的词，已遮盖号码"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
