package hook_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// noCards keeps card numbers out of what agents write; events do not matter to it.
type noCards struct{ hook.Nothing }

func (noCards) Intercept(_ context.Context, req hook.InterceptRequest) (hook.InterceptResponse, error) {
	if req.Message != nil && strings.Contains(req.Message.Content.Text, "4111") {
		return hook.Deny("There is a card number in it."), nil
	}
	return hook.Allow(), nil
}

func ExampleHook() {
	var h hook.Hook = noCards{}
	for _, text := range []string{"Hello", "Is it 4111 1111 1111 1111?"} {
		answer, err := h.Intercept(context.Background(), hook.InterceptRequest{Message: &hook.MessageDraft{Content: message.Text(text)}})
		fmt.Println(answer.Verdict() == hook.VerdictAllow, answer.Reason(), err)
	}
	_, err := h.OnEvents(context.Background(), hook.OnEventsRequest{Events: []hook.Event{{ID: "1"}}})
	fmt.Println(err)
	// Output:
	// true  <nil>
	// false There is a card number in it. <nil>
	// <nil>
}
