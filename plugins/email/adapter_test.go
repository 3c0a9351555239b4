package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/compose"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// TestAdapter is the contract of all channels on real mail servers. Each case has
// a mailbox and customers of its own.
func TestAdapter(t *testing.T) {
	rig := mailrig.Start(t, mailrig.Options{Postfix: true})
	var cases atomic.Int64
	channeltest.RunAdapter(t, channeltest.Adapter{
		Plugin: sdk.Plugin{Manifest: manifest, Channel: open}, Program: plugintest.Build(t, "."),
		FarSide: func(t *testing.T) (channeltest.FarSide, instance.Instance) {
			w := &world{rig: rig, gate: rig.NewGate(t), number: cases.Add(1), written: make(map[string][]byte)}
			if err := rig.Account(t.Context(), w.mailbox(), "secret"); err != nil {
				t.Fatal(err)
			}
			config, err := json.Marshal(map[string]any{
				"address": w.mailbox(), "name": "Shop", "provider": "other", "incoming": rig.IMAP, "outgoing": w.gate.Address, "security": "none",
			})
			if err != nil {
				t.Fatal(err)
			}
			return w, instance.Instance{Config: config, Secrets: instance.Secrets{"/password": "secret"}}
		},
		Settled: func(t *testing.T, h *plugintest.Host, in instance.Instance) {
			for end := time.Now().Add(time.Minute); !knowsPlace(h, in.ID); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("it never knows from where to read: %s", h.Logs())
				}
			}
		},
	})
}

// knowsPlace reports whether the reader knows from where to read: what comes
// from then on is new.
func knowsPlace(h *plugintest.Host, id string) bool {
	for key := range h.State(id) {
		if strings.HasPrefix(key, "place/") && strings.Contains(strings.ToUpper(key), "INBOX") {
			return true
		}
	}
	return false
}

// world is everybody who writes to one mailbox, and gets mail from it.
type world struct {
	rig    *mailrig.Rig
	gate   *mailrig.Gate
	number int64

	written map[string][]byte // mails, by their IDs
}

func (w *world) mailbox() string { return fmt.Sprintf("desk%d@%s", w.number, mailrig.Domain) }

// Write implements channeltest.FarSide.
func (w *world) Write(t *testing.T, said ...channeltest.Said) ([]channeltest.Request, error) {
	for _, one := range said {
		if one.Unknown {
			return nil, channeltest.Absent("mails have no kinds: what a reader does not know is a file")
		}
		from := fmt.Sprintf("%s%d@%s", one.From, w.number, mailrig.Domain)
		if err := w.rig.Account(t.Context(), from, "secret"); err != nil {
			return nil, err
		}
		if w.written[one.ID] == nil {
			raw, err := w.mail(from, one)
			if err != nil {
				return nil, err
			}
			w.written[one.ID] = raw
		}
		if err := w.rig.Deliver(t.Context(), from, w.mailbox(), w.written[one.ID]); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (w *world) mail(from string, said channeltest.Said) ([]byte, error) {
	mail := compose.Mail{
		ID: fmt.Sprintf("%s.%d@world.test", said.ID, w.number), Date: time.Now(), From: address.Address{Email: from},
		To: []address.Address{{Email: w.mailbox()}}, Subject: "A question", Text: said.Text + "\n",
	}
	if said.File != nil {
		mail.Attachments = []message.File{{Name: "picture.png", Type: "image/png", Data: said.File}}
	}
	written, err := compose.Write(mail)
	return written.Raw, err
}

// Forge implements channeltest.FarSide.
func (*world) Forge(*testing.T, channeltest.Forgery, channeltest.Said) ([]channeltest.Request, error) {
	return nil, channeltest.Absent("the plugin comes for mail by itself; who a sender is has tests of its own")
}

// Behave implements channeltest.FarSide.
func (w *world) Behave(_ *testing.T, how channeltest.Behaviour) error {
	w.gate.Behave(map[channeltest.Behaviour]mailrig.Manner{
		channeltest.Well: mailrig.Pass, channeltest.Absentee: mailrig.HangUp, channeltest.Speechless: mailrig.SayNothing,
		channeltest.Busy: mailrig.NotNow, channeltest.Broken: mailrig.Fail, channeltest.Refusing: mailrig.Never,
	}[how])
	return nil
}

// Got implements channeltest.FarSide.
func (w *world) Got(*testing.T) []channeltest.Got {
	var out []channeltest.Got
	for _, p := range w.gate.Passed() {
		out = append(out, channeltest.Got{To: p.To, Text: message.Read(p.Raw, message.Limits{}).Text})
	}
	return out
}
