// Command kitprovider is the mail server that the conformance kit speaks to: see
// ../conformance.yaml, and docs/build-plugins/conformance.md for what the two say
// to each other. It has one mailbox, takes mail for anybody, and sends none on.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"

	"github.com/patchbay-im/patchbay/sdk/conformance/farside"
)

// The mailbox.
const (
	address  = "care@kit.example"
	password = "kit-password-3f9a"
)

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil { //nolint:forbidigo // the root
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until its input ends.
func run(ctx context.Context, in io.Reader, out io.Writer) error {
	box, err := mailbox()
	if err != nil {
		return err
	}
	var addresses [3]string
	var listeners net.ListenConfig
	book := farside.NewBook(func(m farside.Manner) bool { return m.RetryAfter == 0 }) // servers of mail do not say when to come again
	for i, serve := range []func(net.Listener) error{
		box.Serve, submission(book).Serve, (&http.Server{Handler: book, ReadHeaderTimeout: time.Minute}).Serve,
	} {
		l, err := listeners.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		addresses[i] = l.Addr().String()
		go func() { _ = serve(l) }() // until the process ends
	}
	err = json.NewEncoder(out).Encode(map[string]any{
		"control": "http://" + addresses[2], "words": map[string]string{"imap": addresses[0], "smtp": addresses[1]},
	})
	if err != nil {
		return fmt.Errorf("say where it is: %w", err)
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// mailbox is the IMAP server.
func mailbox() (*imapserver.Server, error) {
	user := imapmemserver.NewUser(address, password)
	for _, name := range []string{"INBOX", "Sent"} {
		if err := user.Create(name, nil); err != nil {
			return nil, fmt.Errorf("make the folder %s: %w", name, err)
		}
	}
	memory := imapmemserver.New()
	memory.AddUser(user)
	return imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		InsecureAuth: true, Logger: quiet{},
	}), nil
}

// submission is the SMTP server.
func submission(b *farside.Book) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{book: b, conn: c}, nil }))
	s.Domain, s.AllowInsecureAuth, s.ErrorLog = "kit.example", true, quiet{}
	s.MaxMessageBytes, s.MaxRecipients = 32<<20, 100
	return s
}

// quiet says nothing: connections are cut on purpose here.
type quiet struct{}

// Printf implements the loggers of both servers.
func (quiet) Printf(string, ...any) {}

// Println implements smtp.Logger.
func (quiet) Println(...any) {}
