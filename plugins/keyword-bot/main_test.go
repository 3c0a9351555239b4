package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/bot/bottest"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// shop is a small shop's settings.
const shop = `{
	"greeting": "Welcome! 欢迎光临！",
	"menu": [
		{"label": "Opening hours", "answer": "We open from 9 to 17."},
		{"label": "退换货", "answer": "七天内可以退换。", "then": "stay"},
		{"label": "Complaints", "then": "hand_off", "team": "Care"},
		{"label": "That is all", "answer": "Good bye!", "then": "resolve"}
	],
	"rules": [
		{"keywords": ["parcel", "快递", "物流"], "answer": "Your parcel is on its way. 包裹在路上。"},
		{"keywords": ["hi", "你好"], "match": "equals", "answer": "Hello!"},
		{"keywords": ["track"], "match": "starts", "answer": "Tracking."},
		{"keywords": ["order"], "tool": "acme/shop:orders", "args": "{\"asked\": [\"{said}\"]}", "answer": "Order {result.orders.0.id}: {result.orders.0.state}{result.none}."},
		{"keywords": ["points"], "tool": "acme/shop:points"},
		{"keywords": ["close"], "tool": "acme/shop:close", "answer": "Closed: {result}", "then": "resolve"},
		{"keywords": ["VIP"], "answer": "VIP 专线为您服务", "then": "hand_off", "team": "VIP"}
	],
	"misses": 2
}`

func TestBot(t *testing.T) {
	subject := bottest.Subject{
		Manifest: manifest,
		Config:   shop,
		BadConfigs: []string{
			`[]`, `{"misses":0}`, `{"rules":[{"keywords":[]}]}`, `{"menu":[{"label":""}]}`, `{"unknown":1}`,
			`{"rules":[{"keywords":["x"]}]}`, `{"rules":[{"keywords":["　"],"answer":"a"}]}`, `{"menu":[{"label":"a","answer":" "}]}`,
			`{"menu":[{"label":"A","answer":"1"},{"label":"ａ","answer":"2"}]}`, `{"people":[" "]}`,
			`{"menu":[{"label":"a","tool":"no tool"}]}`, `{"menu":[{"label":"a","tool":"a/b:c","args":"[1]"}]}`, `{"menu":[{"label":"a","answer":"x","args":"{}"}]}`,
			`{"menu":[{"label":"a","answer":"{result}"}]}`,
		},
		Dialogues: []bottest.Dialogue{
			{Name: "menu", Steps: []bottest.Step{
				{Opened: true, Replies: []string{"Welcome! 欢迎光临！\n\n1. Opening hours\n2. 退换货\n3. Complaints\n4. That is all"}},
				{Say: "1", Replies: []string{"9 to 17"}},
				{Say: " ２。 ", Replies: []string{"七天内"}},
				{Say: "OPENING  hours!", Replies: []string{"9 to 17"}},
				{Say: "menu", Replies: []string{"1. Opening hours"}},
				{Say: "4", Replies: []string{"Good bye!"}, Resolve: true},
			}},
			{Name: "keywords", Steps: []bottest.Step{
				{Say: "Where is my ＰＡＲＣＥＬ?", Replies: []string{"on its way"}},
				{Say: "我的快递到哪了", Replies: []string{"在路上"}},
				{Say: "Hi!", Replies: []string{"Hello!"}},
				{Say: "track 1042", Replies: []string{"Tracking."}},
				{Say: "我是vip", Replies: []string{"专线"}, HandOff: "rule"},
			}},
			{Name: "tools", Locale: "en", Steps: []bottest.Step{
				{Say: "my order", Replies: []string{"I am looking"}, Tool: "acme/shop:orders"},
				{ToolOutput: `{"orders":[{"id":1042,"state":"sent"}]}`, Replies: []string{"Order 1042: sent."}},
				{Say: "points?", Replies: []string{"I am looking"}, Tool: "acme/shop:points"},
				{ToolOutput: `{"points":7}`, Replies: []string{`{"points":7}`}},
				{Say: "points", Replies: []string{"I am looking"}, Tool: "acme/shop:points"},
				{ToolOutput: `null`, Replies: []string{"It is done."}},
				{Say: "close it", Replies: []string{"I am looking"}, Tool: "acme/shop:close"},
				{ToolOutput: `"yes"`, Replies: []string{"Closed: yes"}, Resolve: true},
			}},
			{Name: "a tool that fails", Locale: "en", Steps: []bottest.Step{
				{Say: "order", Replies: []string{"I am looking"}, Tool: "acme/shop:orders"},
				{Denied: true, Replies: []string{"a person will take over"}, HandOff: reasonTool},
			}},
			{Name: "asks for a person", Steps: []bottest.Step{{Say: "I want a real person", Replies: []string{"a person will take over"}, HandOff: bot.ReasonAskedForAgent}}},
			{Name: "转人工", Steps: []bottest.Step{{Say: "转人工", Replies: []string{"正在为您转接"}, HandOff: bot.ReasonAskedForAgent}}},
			{Name: "to a team", Steps: []bottest.Step{{Say: "complaints", Replies: []string{"take over"}, HandOff: "rule"}}},
			{Name: "misses", Locale: "en", Steps: []bottest.Step{
				{Say: "this is it", Replies: []string{"did not understand"}},
				{Say: "parcel", Replies: []string{"on its way"}},
				{Say: "5", Replies: []string{"did not understand"}},
				{Say: "backtrack", Replies: []string{"take over"}, HandOff: bot.ReasonNoAnswer},
			}},
			{Name: "没听懂", Locale: "zh-CN", Steps: []bottest.Step{
				{Say: "???", Replies: []string{"没有听懂"}},
				{Say: "🙂", Replies: []string{"转接"}, HandOff: bot.ReasonNoAnswer},
			}},
		},
	}
	t.Run("in process", func(t *testing.T) { subject.Open = bottest.InProcess(newBot); bottest.Run(t, subject) })
	t.Run("process", func(t *testing.T) { subject.Open = bottest.Process(t, "."); bottest.Run(t, subject) })
}

// Nothing in the settings is fine too: people get the conversation.
func TestEmpty(t *testing.T) {
	subject := bottest.Subject{Manifest: manifest, Open: bottest.InProcess(newBot), Dialogues: []bottest.Dialogue{{Steps: []bottest.Step{
		{Opened: true},
		{Say: "menu", Replies: []string{"did not understand"}},
		{Say: "1", Replies: []string{"take over"}, HandOff: bot.ReasonNoAnswer},
	}}}}
	bottest.Run(t, subject)
}

// What people get with the conversation.
func TestSummary(t *testing.T) {
	var got *bot.HandOff
	out := bot.NewTurn(func(e bot.Event) error {
		if e.HandOff != nil {
			got = e.HandOff
		}
		return nil
	})
	var history []message.Message
	for i := range 7 {
		history = append(history,
			message.Message{Author: message.AuthorCustomer, Content: message.Text(fmt.Sprintf("question\n %d", i))},
			message.Message{Author: message.AuthorBot, Content: message.Text("no idea")})
	}
	history = append(history, message.Message{Author: message.AuthorCustomer, Content: message.Text("agent " + strings.Repeat("长", 300))})
	_, err := keywordBot{}.Turn(context.Background(), bot.TurnRequest{
		Instance: instance.Instance{Config: []byte(`{"team":"Care"}`)}, Trigger: bot.TriggerMessage, History: history, Locale: "en-GB",
	}, out)
	if err != nil || got == nil {
		t.Fatal(got, err)
	}
	want := "The customer asked for a person.\nThe customer wrote:\n- question 3\n- question 4\n- question 5\n- question 6\n- agent " + strings.Repeat("长", 194) + "…"
	if got.Team != "Care" || got.Summary != want {
		t.Errorf("%+v", got)
	}
}

// What customers write stays a text of the arguments, and answers take what is
// there.
func TestToolTexts(t *testing.T) {
	args, err := argsOf(`{"q":"for {said}","n":1,"list":["{said}",true]}`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(filled(args, ` ","admin":true,"x":" `))
	if want := `{"list":["\",\"admin\":true,\"x\":\"",true],"n":1,"q":"for \",\"admin\":true,\"x\":\""}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	for answer, want := range map[string]string{
		"{result.a.b}":          "x",
		"{result.list.1} €":     "2.50 €",
		"{result.list.9}":       "",
		"{result.a}":            `{"b":"x"}`,
		"{results} {result.a.b": "{results} {result.a.b",
		"no place":              "no place",
		"{result.long}":         strings.Repeat("长", maxAnswer-1) + "…",
	} {
		output, err := json.Marshal(map[string]any{"a": map[string]any{"b": "x"}, "list": []any{1, json.Number("2.50")}, "long": strings.Repeat("长", maxAnswer+1)})
		if got := answerOf(answer, output); err != nil || got != want {
			t.Errorf("%s: %q, %v", answer, got, err)
		}
	}
}
