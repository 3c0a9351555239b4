package main

import (
	"bytes"
	"context"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	"github.com/patchbay-im/patchbay/sdk/host"
)

func conversationOf(inbox string) host.Conversation { return host.Conversation{InboxID: inbox} }

// file puts a mail into the Sent folder, as a colleague's program does.
func (d *desk) file(raw []byte) {
	d.Helper()
	reader, err := mailbox.New(mailbox.Config{
		Protocol: mailbox.IMAP, Server: d.rig.Server(d.rig.IMAPS, endpoint.TLS),
		Credentials: endpoint.Credentials{Username: care, Password: "secret"}, Dial: mailrig.Dial, Cursors: noCursors{}, Now: time.Now,
		Handle: func(context.Context, *mailbox.Raw) error { return nil },
	})
	if err != nil {
		d.Fatal(err)
	}
	folder, err := reader.Sent()
	if err != nil {
		d.Fatal(err)
	}
	if _, err := folder.Put(d.Context(), "<phone@shop.test>", bytes.NewReader(raw), int64(len(raw))); err != nil {
		d.Fatal(err)
	}
}
