package paneltest_test

import (
	"context"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
	"github.com/patchbay-im/patchbay/sdk/panel/paneltest"
)

const manifest = `manifest_version: 1
id: test/subject
version: 1.0.0
name: {en: Subject}
summary: {en: A plugin to test the suite with.}
publisher: {name: Test}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [panel]
panels:
  - {name: order, slot: conversation.sidebar, title: {en: Order}}
  - {name: map, slot: navigation, title: {en: Map}, page: map.html}
`

type subject struct{ fault string }

func (s subject) Render(_ context.Context, req panel.RenderRequest) (panel.RenderResponse, error) {
	if req.Context.ConversationID == "" {
		if s.fault == "needs a conversation" && req.Context.Dark {
			panic("no conversation")
		}
		return panel.RenderResponse{}, nil
	}
	title := "Order of " + req.Context.ConversationID
	if s.fault == "shows another" && req.Context.ConversationID == "cnv_42" {
		title = "Order"
	}
	return panel.RenderResponse{Card: card.New(card.Text{Text: title}).With(card.Submit{Title: "Pay back", Action: "refund"})}, nil
}

func (s subject) Act(_ context.Context, req panel.ActRequest) (panel.ActResponse, error) {
	var data struct{ Order string }
	if err := req.Decode(&data); err != nil {
		if s.fault == "chokes" {
			return panel.ActResponse{}, err
		}
		return panel.ActResponse{}, errs.Reject(errs.CodeBadRequest, "That cannot be read.").WithCause(err)
	}
	if req.Action != "refund" || data.Order == "" {
		return panel.ActResponse{}, errs.Reject("unknown", "There is nothing to pay back.")
	}
	if s.fault == "says nothing" {
		return panel.ActResponse{}, nil
	}
	return panel.ActResponse{Message: "Paid back " + data.Order, InsertText: "Done", Card: card.New(card.Text{Text: "Paid"})}, nil
}

func (s subject) Call(_ context.Context, req panel.CallRequest) (panel.CallResponse, error) {
	if req.Method != "echo" {
		return panel.CallResponse{}, errs.Reject("unknown_method", "No such method.")
	}
	if s.fault == "does not echo" {
		return panel.CallResponse{}, nil
	}
	return panel.CallResponse{Value: req.Params}, nil
}

func TestSubject(t *testing.T) {
	here := panel.Context{Panel: "order", Slot: "conversation.sidebar", ConversationID: "cnv_42"}
	paneltest.Run(t, paneltest.Subject{
		Manifest: []byte(manifest),
		Open:     paneltest.InProcess(func(sdk.Env) (panel.Panel, error) { return subject{conformance.Fault()}, nil }),
		Views: []paneltest.View{
			{Context: here, Card: []string{"Order of cnv_42", `"refund"`}},
			{Name: "nothing", Context: panel.Context{Panel: "order"}},
		},
		Presses: []paneltest.Press{
			{Context: here, Action: "refund", Data: `{"order":"1042"}`, Message: "Paid back 1042", InsertText: "Done", Card: []string{"Paid"}},
			{Name: "no order", Context: here, Action: "refund", Message: "nothing to pay", Failed: true},
		},
		Calls: []paneltest.Call{
			{Context: here, Method: "echo", Params: `[1]`, Value: `[1]`},
			{Context: here, Method: "else", Code: "unknown_method"},
		},
	})
}

// A suite that never failed proves nothing: each fault is caught by the case
// that is there for it, and by no other.
func TestFaultsAreCaught(t *testing.T) {
	conformance.CatchesFaults(t, "TestSubject", map[string]string{
		"needs a conversation": "draws every card",
		"shows another":        "shows",
		"says nothing":         "takes presses",
		"does not echo":        "answers pages",
		"chokes":               "bears any press",
	})
}
