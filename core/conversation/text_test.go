package conversation_test

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

// limited declares the channel's limit, as its manifest would.
func (d *desk) limited(limit int) {
	d.plugins.Installed = []channel.Type{
		{Plugin: "example/other", Capabilities: channel.Capabilities{TextLimit: 5}},
		{Plugin: d.Inbox.Plugin, Capabilities: channel.Capabilities{TextLimit: limit}},
	}
}

func TestTextRules(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	long := strings.Repeat("长", conversation.MaxText)
	for name, tt := range map[string]struct {
		kind  conversation.MessageKind
		limit int
		text  string
		code  string // "" = accepted
	}{
		"plain":                        {conversation.Text, 0, "hi", ""},
		"lines and tabs":               {conversation.Text, 0, "a\r\n\tb", ""},
		"emoji and Chinese":            {conversation.Text, 0, "你好 👋🏽", ""},
		"markup is text":               {conversation.Text, 0, "<b>&amp;</b>", ""},
		"nothing":                      {conversation.Text, 0, "", "message.text_empty"},
		"only space":                   {conversation.Text, 0, " \n\t\u3000 ", "message.text_empty"},
		"NUL":                          {conversation.Text, 0, "a\x00b", "message.text_control"},
		"escape":                       {conversation.Text, 0, "a\x1b[31mb", "message.text_control"},
		"C1 control":                   {conversation.Text, 0, "a\u0085b", "message.text_control"},
		"broken UTF-8":                 {conversation.Text, 0, "a\xffb", "message.text_encoding"},
		"half a character":             {conversation.Text, 0, "\xe4\xbd", "message.text_encoding"},
		"a surrogate":                  {conversation.Text, 0, "\xed\xa0\x80", "message.text_encoding"},
		"as long as may be":            {conversation.Text, 0, long, ""},
		"longer than may be":           {conversation.Text, 0, long + "长", "message.text_too_long"},
		"the channel's limit":          {conversation.Text, 300, strings.Repeat("长", 300), ""},
		"beyond the channel's limit":   {conversation.Text, 300, strings.Repeat("长", 301), "message.text_too_long"},
		"a short limit":                {conversation.Text, 70, strings.Repeat("x", 70), ""},
		"beyond a short limit":         {conversation.Text, 70, strings.Repeat("x", 71), "message.text_too_long"},
		"a limit above our own":        {conversation.Text, 50_000, long + "长", "message.text_too_long"},
		"a note knows no channel":      {conversation.Note, 70, strings.Repeat("x", 71), ""},
		"a note has a limit":           {conversation.Note, 70, long + "长", "message.text_too_long"},
		"a note is text":               {conversation.Note, 0, "a\x00b", "message.text_control"},
		"another channel's limit":      {conversation.Text, 0, strings.Repeat("x", 500), ""},
		"another kind":                 {"event", 0, "hi", "message.kind"},
		"no kind":                      {"", 0, "hi", "message.kind"},
		"broken UTF-8 that is no text": {conversation.Text, 0, "\xff", "message.text_encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			d.limited(tt.limit)
			got, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{
				Conversation: c.ID, ClientID: d.IDs.New("m"), Kind: tt.kind, Text: tt.text,
			})
			if tt.code == "" {
				if err != nil || got.Change.Message.Text != tt.text {
					t.Errorf("accepted as %+v, %v", got.Change.Message, err)
				}
				return
			}
			e := errs.As(err)
			if err == nil || e.Kind != errs.Invalid || e.Code != tt.code || len(e.Fields) != 1 {
				t.Fatalf("got %v, want %s", err, tt.code)
			}
			if p := e.Fields[0].Pointer; p != "/text" && tt.code != "message.kind" || p != "/kind" && tt.code == "message.kind" {
				t.Errorf("points to %s", p)
			}
		})
	}
}

func TestClientIDRules(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	for id, ok := range map[string]bool{
		"0197a1b2-0000-7000-8000-000000000000": true, "x": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, "a b": false, "a\x00": false, "a\n": false, "标识": false, "\xff": false,
	} {
		_, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{
			Conversation: c.ID, ClientID: id, Kind: conversation.Text, Text: "hi",
		})
		if ok && err != nil {
			t.Errorf("%q: %v", id, err)
		} else if !ok {
			d.refused(err, errs.Invalid, "message.client_id")
		}
	}
}
