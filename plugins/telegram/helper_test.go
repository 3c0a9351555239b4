package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/telegram/telegramrig"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

const (
	token  = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
	secret = "a-secret-of-the-webhook"
)

// desk is the plugin with a bot on a strict server.
type desk struct {
	*testing.T
	far  *telegramrig.Server
	bot  *telegramrig.Bot
	host *plugintest.Host
	plug *plugintest.Plugin
	in   instance.Instance
}

// newDesk runs the plugin in the process of the test.
func newDesk(t *testing.T, change map[string]any) *desk {
	t.Helper()
	d := &desk{T: t, far: telegramrig.Start(t)}
	d.bot = d.far.AddBot(token, "shop_bot")
	d.host = plugintest.NewHost(t, plugintest.Manifest(manifest))
	d.plug = plugintest.InProcess(t, d.host, plugin())
	d.in = d.host.Connect(d.instance(change))
	return d
}

func plugin() sdk.Plugin { return sdk.Plugin{Manifest: manifest, Channel: open} }

func (d *desk) instance(change map[string]any) instance.Instance {
	return instance.Instance{ID: d.in.ID, Config: d.config(change), Secrets: instance.Secrets{"/token": token, "/webhook_secret": secret}}
}

func (d *desk) config(change map[string]any) json.RawMessage {
	d.Helper()
	config := map[string]any{"server": d.far.URL}
	maps.Copy(config, change)
	out, err := json.Marshal(config)
	if err != nil {
		d.Fatal(err)
	}
	return out
}

// until waits for what the plugin does by itself.
func (d *desk) until(what string, is func() bool) {
	d.Helper()
	end := time.Now().Add(time.Minute) // beside other suites
	for !is() {
		if time.Now().After(end) {
			d.Fatalf("not in time: %s\n%s", what, strings.Join(d.host.Logs(), "\n"))
		}
		select {
		case <-d.Context().Done():
			d.Fatal(d.Context().Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// came waits until so many items have come, and returns them.
func (d *desk) came(n int) []channel.Inbound {
	d.Helper()
	d.until("items come", func() bool { return len(d.host.Ingested()) >= n })
	return d.host.Ingested()
}

// health is what the plugin says of the bot.
func (d *desk) health() instance.Health {
	d.Helper()
	all := d.host.Reported()
	if len(all) == 0 {
		return instance.Health{}
	}
	return all[len(all)-1].Health
}

// to is a message for a chat.
func (d *desk) to(recipient, delivery string, c message.Content) channel.SendRequest {
	return channel.SendRequest{Instance: d.in, DeliveryID: delivery, ConversationID: "cnv_01HF0000000000000000000002", Recipient: recipient, Content: c, Author: message.AuthorAgent}
}

// file puts a file of ours into a conversation.
func (d *desk) file(name string, data []byte) message.Attachment {
	return d.host.AddFile(d.host.AddConversation(host.Conversation{InboxID: d.in.ID}), name, data)
}

// picture is a PNG of w by h.
func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	img.Set(0, 0, color.White)
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
