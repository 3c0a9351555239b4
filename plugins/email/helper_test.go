package main

import (
	"bytes"
	"context"
	"net"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// dialer is a person's own program: it goes anywhere.
var dialer = &net.Dialer{}

func conversationOf(inbox string) host.Conversation { return host.Conversation{InboxID: inbox} }

// file puts a mail into the Sent folder, as a colleague's program does.
func (d *desk) file(_ string, raw []byte) {
	d.Helper()
	reader, err := mailbox.New(mailbox.Config{
		Protocol: mailbox.IMAP, Server: (config{Incoming: d.rig.IMAPS, Security: "tls", Certificates: d.certificate()}).incoming(),
		Credentials: endpoint.Credentials{Username: care, Password: "secret"}, Dial: dialer.DialContext, Cursors: noCursors{}, Now: time.Now,
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
