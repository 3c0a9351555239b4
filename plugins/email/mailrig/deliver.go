package mailrig

import (
	"context"
	"fmt"
	"net"
	"net/textproto"
	"strings"
)

// Deliver puts a mail into an account's inbox, past Postfix, and returns when
// Dovecot has it.
func (r *Rig) Deliver(ctx context.Context, from, to string, raw []byte) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.LMTP)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends what waits
	defer stop()
	text := textproto.NewConn(conn)
	defer text.Close() //nolint:errcheck // Dovecot has the mail, or an error is on its way
	if _, _, err := text.ReadResponse(220); err != nil {
		return err
	}
	for _, step := range []struct {
		say  string
		want int
	}{{"LHLO test", 250}, {"MAIL FROM:<" + from + ">", 250}, {"RCPT TO:<" + to + ">", 250}, {"DATA", 354}} {
		if err := text.PrintfLine("%s", step.say); err != nil {
			return err
		}
		if _, _, err := text.ReadResponse(step.want); err != nil {
			return fmt.Errorf("%s: %w", step.say, err)
		}
	}
	w := text.DotWriter()
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_, _, err = text.ReadResponse(250)
	return err
}

// Message is a small mail for a test: its Message-ID is <id@world.test>.
func Message(id, subject, body string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: Ann <ann@world.test>
To: shop@%s
Subject: %s
Message-ID: <%s@world.test>
Date: Mon, 05 Oct 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

%s
`, Domain, subject, id, body), "\n", "\r\n"))
}
