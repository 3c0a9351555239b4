package sdk_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// shout is a channel whose far side writes "<id> <from> <text>".
type shout struct{ env sdk.Env }

func (s *shout) Send(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	fmt.Println("to", req.Recipient+":", strings.ToUpper(req.Content.Text))
	return channel.SendResponse{MessageID: "far-" + req.DeliveryID}, nil
}

func (s *shout) Receive(_ context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	words := strings.SplitN(string(req.Body), " ", 3)
	if len(words) < 3 {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "Three words, please.")
	}
	return channel.ReceiveResponse{Messages: []channel.Inbound{
		{ExternalID: words[0], Sender: channel.Person{ID: words[1]}, Content: message.Text(words[2])},
	}}, nil
}

// A plugin is a value of type Plugin. Its main function passes it to Serve; a
// test may call what it offers without a process.
func ExamplePlugin() {
	plugin := sdk.Plugin{
		Manifest: []byte("id: acme/shout\nversion: 1.0.0\n"), // really the embedded plugin.yaml
		Channel:  func(env sdk.Env) (channel.Channel, error) { return &shout{env: env}, nil },
	}
	c, err := plugin.Channel(sdk.Env{})
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := c.Receive(context.Background(), channel.ReceiveRequest{Body: []byte("m1 alice good morning")})
	fmt.Println(in.Messages[0].Sender.ID, "says", in.Messages[0].Content.Text, err)
	_, err = c.Receive(context.Background(), channel.ReceiveRequest{Body: []byte("hm")})
	fmt.Println(err)
	out, err := c.Send(context.Background(), channel.SendRequest{DeliveryID: "dlv_1", Recipient: "alice", Content: message.Text("hello")})
	fmt.Println(out.MessageID, err)
	// Output:
	// alice says good morning <nil>
	// bad_request: Three words, please.
	// to alice: HELLO
	// far-dlv_1 <nil>
}
