package bridge_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Everything that a message has comes to the author, and what the author brings
// comes to the host.
func TestContentOfChannels(t *testing.T) {
	content := message.Content{
		Text: "hello", HTML: "<p>hello</p>", Quoted: "> before", Attachments: []message.Attachment{
			{BlobID: "blb_1", MediaType: "image/png", Filename: "a.png", Size: 3, ContentID: "a@b"},
			{Fetch: "file-2", Filename: "b.ogg", Voice: true},
			{BlobID: "blb_3", Original: true},
		},
		Mentions: []message.Mention{{ID: "7", Name: "Alice"}, {ID: "8", Name: "王芳"}},
		Envelope: &message.Envelope{
			Subject: "Re: hello", From: message.Party{Address: "a@example.com", Name: "A"}, ReplyTo: message.Party{Address: "r@example.com"},
			To: []message.Party{{Address: "t@example.com"}}, CC: []message.Party{{Address: "c@example.com"}}, BCC: []message.Party{{Address: "b@example.com"}},
		},
	}
	sent := make(chan channel.SendRequest, 1)
	brought := []channel.Inbound{
		{
			ExternalID: "1", Sender: channel.Person{ID: "alice", Email: "a@example.com", Phone: "+861"}, Content: content, Automatic: true,
			Trust: channel.Trust{Verdict: channel.Unverified, Reason: "no signature"}, Trigger: "followed", Thread: "t1",
			References: []string{"m1", "m2"}, Answers: "dlv_1",
		},
		{ExternalID: "2", Kind: channel.KindStatus, Target: "m3", DeliveryID: "dlv_2", Status: channel.Status{State: channel.Read, UpTo: true, Code: "c", Detail: "d"}},
		{ExternalID: "3", Kind: channel.KindEdit, Target: "m4", Content: message.Text("mended")},
		{ExternalID: "4", Kind: channel.KindRecall, Target: "m5"},
		{ExternalID: "5", Echo: true, Recipient: "alice", Sender: channel.Person{ID: "bob"}, Content: message.Text("from a phone")},
		{ExternalID: "6", Sender: channel.Person{ID: "alice"}, Content: message.Content{Location: &message.Location{Latitude: 1.5, Longitude: -2, Name: "n", Address: "a"}}},
		{ExternalID: "7", Sender: channel.Person{ID: "alice"}, Content: message.Content{Unsupported: &message.Unsupported{Kind: "poll", Summary: "s"}}},
		{ExternalID: "9", Sender: channel.Person{ID: "-1", Name: "Tea", Group: true}, Member: &channel.Member{ID: "7", Name: "Alice"}, Content: message.Text("hi all")},
		{Kind: channel.KindTyping, Sender: channel.Person{ID: "alice"}},
		{ExternalID: "8", Kind: channel.KindEvent, Sender: channel.Person{ID: "alice"}, Content: message.Text("entered"), Trust: channel.Trust{Verdict: channel.Refuted}},
	}
	p, host := start(t, &fake{send: func(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
		sent <- req
		return channel.SendResponse{}, errs.Doubt(nil, "the line broke")
	}, receive: func(context.Context, channel.ReceiveRequest) (channel.ReceiveResponse, error) {
		return channel.ReceiveResponse{Messages: brought}, nil
	}})
	s := stream(t, p)
	with := item("a", "c")
	with.Content, with.Thread, with.ReplyTo, with.References = bridge.InboundTo(brought[0]).GetContent(), "t1", "m2", []string{"m1", "m2"}
	with.Author, with.AuthorName, with.Automatic = pluginv1.Author_AUTHOR_AGENT, "Anna", true
	with.Act, with.Target = pluginv1.Act_ACT_EDIT, "m9"
	newer := item("b", "d")
	newer.Act = 17
	if err := s.Send(&pluginv1.DeliverRequest{Items: []*pluginv1.Outbound{with, newer}}); err != nil {
		t.Fatal(err)
	}
	for _, r := range receipts(t, s, 2) {
		if want := map[string]pluginv1.Outcome{"a": pluginv1.Outcome_OUTCOME_UNKNOWN, "b": pluginv1.Outcome_OUTCOME_REJECTED}[r.GetId()]; r.GetResult().GetOutcome() != want {
			t.Errorf("%v, want %v", r, want)
		}
	}
	got := <-sent
	want := channel.SendRequest{
		Content: content, Thread: "t1", ReplyTo: "m2", References: []string{"m1", "m2"}, Author: message.AuthorAgent, AuthorName: "Anna",
		Automatic: true, Act: channel.Edit, Target: "m9",
	}
	got.Instance, got.DeliveryID, got.ConversationID, got.Recipient, got.Seq = want.Instance, "", "", "", 0
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the author got %+v\nwant %+v", got, want)
	}
	answer, err := p.Channel.HandleWebhook(t.Context(), &pluginv1.HandleWebhookRequest{InstanceId: "inb_1"})
	if err != nil || len(answer.GetInbound()) != len(brought) {
		t.Fatalf("%v %v", answer, err)
	}
	for i, in := range answer.GetInbound() {
		want := brought[i]
		want.Instance = "inb_1"
		if back := bridge.Inbound(in); !reflect.DeepEqual(back, want) {
			t.Errorf("the host got %+v\nwant %+v", back, want)
		}
		if !in.Named() {
			t.Errorf("it has no name: %v", in)
		}
	}
	large := inbound("9")
	large.Content.HTML = strings.Repeat("x", 2<<20)
	err = host.Ingest(t.Context(), large, inbound("10"))
	if e := errs.As(err); e == nil || e.Source != errs.Rejected || e.Code != "too_large" || len(p.Host.Ingested()) != 1 {
		t.Errorf("%v, and %d came in", err, len(p.Host.Ingested()))
	}
}
