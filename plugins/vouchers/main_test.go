package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/paneltest"
	"github.com/patchbay-im/patchbay/sdk/tool"
	"github.com/patchbay-im/patchbay/sdk/tool/tooltest"
)

// shop is a small shop's settings.
const shop = `{"campaigns":[{"id":"thanks","name":"Thank you","value":10},{"id":"sorry","name":"Sorry","value":25.5},{"id":"old","name":"Spring","value":5,"until":"2020-03-31"}],"bots_up_to":10,"agents_up_to":20,"note":"late parcel"}`

func badConfigs() []string {
	return []string{
		`{}`, `{"campaigns":[]}`, `{"campaigns":[{"id":"A b","name":"x"}]}`, `{"campaigns":[{"id":"a","name":" "}]}`,
		`{"campaigns":[{"id":"a","name":"x"},{"id":"a","name":"y"}]}`, `{"campaigns":[{"id":"a","name":"x","value":-1}]}`,
		`{"campaigns":[{"id":"a","name":"x","value":1.005}]}`, `{"campaigns":[{"id":"a","name":"x","until":"2026-02-30"}]}`,
		`{"campaigns":[{"id":"a","name":"x"}],"sentence":"Here you are"}`, `{"campaigns":[{"id":"a","name":"x"}],"unknown":1}`,
	}
}

func TestPanel(t *testing.T) {
	here := panel.Context{Panel: "customer", Slot: "conversation.sidebar", ConversationID: "cnv_1", ContactID: "con_1", May: []string{panel.MayRead, panel.MayWrite}}
	quick, reader, settings := here, here, panel.Context{Panel: "settings", Slot: "settings.page", May: []string{panel.MayRead, panel.MayWrite, panel.MayManage}}
	quick.Panel, quick.Slot, quick.Locale = "quick", "composer.action", "zh-CN"
	reader.May = []string{panel.MayRead}
	clerk := settings
	clerk.May = []string{panel.MayRead}
	subject := paneltest.Subject{
		Manifest: manifest, Config: shop, BadConfigs: badConfigs(),
		Views: []paneltest.View{
			{Context: here, Card: []string{"no voucher yet", "has codes left"}},
			{Name: "zh", Context: quick, Card: []string{"没有剩余券码"}},
			{Name: "reader", Context: reader, Card: []string{"no voucher yet"}},
			{Name: "no customer", Context: panel.Context{Panel: "customer"}},
			{Name: "report", Context: panel.Context{Panel: "report", Slot: "report.page"}, Card: []string{"No voucher was given"}},
		},
		Presses: []paneltest.Press{
			{Context: here, Action: "give", Data: `{"campaign":"thanks"}`, Failed: true, Message: "“Thank you” has no codes left"},
			{Name: "none chosen", Context: here, Action: "give", Failed: true, Message: "Choose a campaign"},
			{Name: "no campaign", Context: here, Action: "give", Data: `{"campaign":"x"}`, Failed: true, Message: "no such campaign"},
			{Name: "over", Context: here, Action: "give", Data: `{"campaign":"old"}`, Failed: true, Message: "ended on 2020-03-31"},
			{Name: "too much", Context: here, Action: "give", Data: `{"campaign":"sorry"}`, Failed: true, Message: "above 20 EUR needs"},
			{Name: "reader", Context: reader, Action: "give", Data: `{"campaign":"thanks"}`, Failed: true, Message: "may not give"},
			{Name: "zh", Context: quick, Action: "give", Data: `{"campaign":"sorry"}`, Failed: true, Message: "须经批准"},
			{Name: "else", Context: here, Action: "take", Failed: true, Message: "no such button"},
		},
		Calls: []paneltest.Call{
			{Context: settings, Method: "overview", Value: `{"id":"sorry","name":"Sorry","value":"25.50 EUR","free":0,"given":0}`},
			{Context: settings, Method: "import", Params: `{"campaign":"thanks","lines":["A-1","","A-1"]}`, Value: `{"added":1,"refused":[{"line":2,"why":"empty"},{"line":3,"why":"twice"}]}`},
			{Context: settings, Method: "import", Params: `{"campaign":"sorry","lines":["A-1"]}`, Value: `{"added":0,"refused":[{"line":1,"why":"known","campaign":"Thank you"}]}`},
			{Context: settings, Method: "import", Params: `{"campaign":"Sorry","lines":["A-2"]}`, Code: "unknown_campaign"},
			{Context: settings, Method: "overview", Value: `"free":1`},
			{Context: settings, Method: "given", Params: `{"search":"a"}`, Value: `{"gifts":[],"next":""}`},
			{Context: settings, Method: "given", Params: `{"search":"\u0000"}`, Code: "bad_request"},
			{Context: settings, Method: "csv", Value: "given_by_kind"},
			{Context: settings, Method: "discard", Params: `{"campaign":"thanks"}`, Value: `{"discarded":1}`},
			{Context: clerk, Method: "overview", Code: "not_allowed"},
			{Context: here, Method: "overview", Code: "unknown_method"},
		},
	}
	t.Run("in process", func(t *testing.T) {
		subject.Open = paneltest.InProcess(func(env sdk.Env) (panel.Panel, error) { return newPlugin(env, time.Now), nil })
		paneltest.Run(t, subject)
	})
	t.Run("process", func(t *testing.T) {
		subject.Open = paneltest.Process(t, ".")
		paneltest.Run(t, subject)
	})
}

func TestTools(t *testing.T) {
	subject := tooltest.Subject{
		Manifest: manifest, Config: shop,
		Uses: []tooltest.Use{
			{Tool: "give_voucher", Args: `{"campaign":"thanks"}`, Code: "no_codes"},
			{Name: "by name", Tool: "give_voucher", Args: `{"campaign":"thank YOU"}`, Code: "no_codes"},
			{Name: "no campaign", Tool: "give_voucher", Args: `{"campaign":"x"}`, Code: "unknown_campaign"},
			{Name: "long note", Tool: "give_voucher", Args: `{"campaign":"thanks","note":"` + string(bytes.Repeat([]byte("x"), 201)) + `"}`, Code: "bad_request"},
			{Tool: "give_small_voucher", Args: `{"campaign":"thanks"}`, Code: "no_codes"},
			{Name: "not so small", Tool: "give_small_voucher", Args: `{"campaign":"sorry"}`, Code: "needs_approval"},
			{Tool: "voucher_balance", Output: `{"id":"thanks","name":"Thank you","value":"10 EUR","free":0,"without_approval":true}`},
		},
	}
	t.Run("in process", func(t *testing.T) {
		subject.Open = tooltest.InProcess(func(env sdk.Env) (tool.Tools, error) { return newPlugin(env, time.Now), nil })
		tooltest.Run(t, subject)
	})
	t.Run("process", func(t *testing.T) {
		subject.Open = tooltest.Process(t, ".")
		tooltest.Run(t, subject)
	})
}
