package delivery_test

import (
	"reflect"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
)

func TestAnswering(t *testing.T) {
	alice, office, bob := channel.Party{Address: "alice@example.com", Name: "Alice"}, channel.Party{Address: "office@example.com"}, channel.Party{Address: "bob@example.com"}
	theirs := &channel.Envelope{Subject: "Order", From: alice, CC: []channel.Party{bob}}
	for name, c := range map[string]struct{ answer, to, want *channel.Envelope }{
		"nothing said":         {nil, theirs, &channel.Envelope{Subject: "Re: Order", To: []channel.Party{alice}}},
		"answers elsewhere":    {nil, &channel.Envelope{Subject: "回复：订单", From: alice, ReplyTo: office}, &channel.Envelope{Subject: "回复：订单", To: []channel.Party{office}}},
		"an answer already":    {nil, &channel.Envelope{Subject: "RE: x", From: alice}, &channel.Envelope{Subject: "RE: x", To: []channel.Party{alice}}},
		"somebody is named":    {&channel.Envelope{CC: []channel.Party{bob}}, theirs, &channel.Envelope{Subject: "Re: Order", CC: []channel.Party{bob}}},
		"a subject of its own": {&channel.Envelope{Subject: "New"}, theirs, &channel.Envelope{Subject: "New", To: []channel.Party{alice}}},
		"nobody to answer":     {nil, &channel.Envelope{}, &channel.Envelope{Subject: "Re:"}},
		"no mail":              {nil, nil, nil},
	} {
		if got := delivery.Answering(c.answer, c.to); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
