// Package main is mail as a channel: a mailbox is read over IMAP or POP3, answers
// go out by SMTP. What mail is made of is read and written by the packages
// beside it; this one says what becomes of it in the core.
package main

import (
	"context"
	_ "embed"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(sdk.Plugin{Manifest: manifest, Channel: open}) }

func open(env sdk.Env) (channel.Channel, error) {
	return &email{env: env, now: time.Now, group: env.Group(context.Background()), accounts: make(map[string]*account), barred: make(map[string]error)}, nil
}
