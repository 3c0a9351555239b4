// Command mailserver runs the mail servers of package mailrig for tests in other
// languages, and to try things out by hand: it prints where they are as a line
// of JSON and runs until its standard input ends. Each argument is an account,
// whose password is "secret".
package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"

	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		slog.Error("the mail servers do not run", "error", err)
		os.Exit(1)
	}
}

// where is what is printed.
type where struct {
	*mailrig.Rig
	Dir         string // of all that the servers keep
	Certificate string // PEM
}

func run(ctx context.Context, accounts []string) (err error) {
	rig, err := mailrig.Launch(ctx, mailrig.Options{Postfix: true})
	if err != nil {
		return err
	}
	defer func() {
		if stopped := rig.Stop(); err == nil {
			err = stopped
		}
	}()
	for _, address := range accounts {
		if err := rig.Account(ctx, address, "secret"); err != nil {
			return err
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(where{Rig: rig, Dir: rig.Dir(), Certificate: rig.Certificate()}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
