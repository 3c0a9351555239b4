// Command openidprovider is the OpenID Connect provider of openidtest as a
// process, for tests that are not written in Go. It listens on loopback, says
// where on its first line of output, takes orders as lines of JSON on its input,
// answers each with a line, and ends with its input.
//
//	{"redirect":"http://127.0.0.1:8080/api/v1/oidc/idp_1/callback"}
//	{"person":{"subject":"1","email":"pat@example.com","verified":true,"name":"Pat"}}
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/patchbay-im/patchbay/core/internal/openidtest"
)

// ready is the first line of output.
type ready struct {
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// order is a line of input; what is empty is left as it is.
type order struct {
	Redirect string             `json:"redirect"` // where the client's browsers go back to
	Person   *openidtest.Person `json:"person"`   // who signs in from now on
}

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "openidprovider:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	p, err := openidtest.Start(ctx, "")
	if err != nil {
		return err
	}
	defer p.Close()
	say := json.NewEncoder(out)
	if err := say.Encode(ready{p.Issuer(), openidtest.ClientID, openidtest.ClientSecret}); err != nil {
		return fmt.Errorf("say where it listens: %w", err)
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("an order: %w", err)
		}
		if o.Person != nil {
			p.Says(*o.Person)
		}
		if o.Redirect != "" {
			if err := p.Register(o.Redirect); err != nil {
				return err
			}
		}
		if err := say.Encode(o); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	return nil
}
