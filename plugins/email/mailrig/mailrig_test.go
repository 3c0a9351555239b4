package mailrig_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
)

// eventually waits for something that a server does by itself.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	end := time.Now().Add(20 * time.Second)
	for !is() {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func count(t *testing.T, r *mailrig.Rig, user, folder string) int {
	t.Helper()
	s, err := r.Status(t.Context(), user, folder)
	if err != nil {
		t.Fatal(err)
	}
	return s.Messages
}

// The world's mail goes through Postfix to Dovecot; what cannot be delivered
// comes back, or waits; nothing leaves.
func TestMailGoesThrough(t *testing.T) {
	begun := time.Now()
	r := mailrig.Start(t, mailrig.Options{Postfix: true})
	t.Logf("started in %v", time.Since(begun))
	const shop = "shop@" + mailrig.Domain
	if err := r.Account(t.Context(), shop, "secret"); err != nil {
		t.Fatal(err)
	}
	send := func(from, to string) error {
		return smtp.SendMail(r.SMTP, nil, from, []string{to}, mailrig.Message("a", "hello", "text"))
	}
	// The certificate must be trusted: net/smtp upgrades by itself.
	if err := send("ann@world.test", shop); err == nil {
		t.Error("an unknown certificate was trusted")
	}
	out := func(from, to string) error {
		c, err := smtp.Dial(r.SMTP)
		if err != nil {
			return err
		}
		defer c.Close() //nolint:errcheck // Quit says it
		if err := c.Mail(from); err != nil {
			return err
		}
		if err := c.Rcpt(to); err != nil {
			return err
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		if _, err := w.Write(mailrig.Message("a", "hello", "text")); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		return c.Quit()
	}
	if err := out("ann@world.test", shop); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the mail is in the inbox", func() bool { return count(t, r, shop, "INBOX") == 1 })
	if err := out("ann@world.test", "someone@elsewhere.example"); err == nil || !strings.Contains(err.Error(), "554") {
		t.Errorf("relaying for strangers: %v", err)
	}
	if err := out("ann@world.test", "gone@"+mailrig.Domain); err == nil || !strings.Contains(err.Error(), "550") {
		t.Errorf("a refused recipient: %v", err)
	}
	if err := out(shop, "nobody@"+mailrig.Domain); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a bounce comes back", func() bool { return count(t, r, shop, "INBOX") == 2 })
	if err := out(shop, "x@"+mailrig.LaterDomain); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the mail waits", func() bool {
		q, err := r.Queue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(q) == 1 && q[0].Recipients[0].Address == "x@"+mailrig.LaterDomain && q[0].Queue == "deferred"
	})
}

// What tests do to Dovecot: kick, restart, rename, move, renumber.
func TestDovecotObeys(t *testing.T) {
	begun := time.Now()
	r := mailrig.Start(t, mailrig.Options{})
	t.Logf("started in %v", time.Since(begun))
	const shop = "shop@" + mailrig.Domain
	if err := r.Account(t.Context(), shop, "secret"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := r.Deliver(t.Context(), "ann@world.test", shop, mailrig.Message(strconv.Itoa(i), "hello", "text")); err != nil {
			t.Fatal(err)
		}
	}
	say := func(conn net.Conn, line, want string) {
		t.Helper()
		if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		for {
			got, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if strings.HasPrefix(got, strings.Fields(line)[0]+" ") {
				if strings.Fields(got)[1] != want {
					t.Fatalf("%s: %s", line, got)
				}
				return
			}
		}
	}
	conn, err := (&tls.Dialer{Config: r.TLS()}).DialContext(t.Context(), "tcp", r.IMAPS)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // was kicked
	say(conn, "a login "+shop+" wrong", "NO")
	say(conn, "b login "+shop+" secret", "OK")
	if err := r.Account(t.Context(), shop, "other"); err != nil {
		t.Fatal(err)
	}
	if err := r.Kick(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadString('\x00'); err == nil {
		t.Error("the connection lives on")
	}
	again, err := (&tls.Dialer{Config: r.TLS()}).DialContext(t.Context(), "tcp", r.IMAPS)
	if err != nil {
		t.Fatal(err)
	}
	say(again, "a login "+shop+" secret", "NO")
	say(again, "b login "+shop+" other", "OK")
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := r.Status(t.Context(), shop, "INBOX")
	if err != nil || before.Messages != 3 || before.UIDNext != 4 || before.Unseen != 3 {
		t.Fatalf("%+v, %v", before, err)
	}
	if err := r.Renumber(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	if after, err := r.Status(t.Context(), shop, "INBOX"); err != nil || after.UIDValidity == before.UIDValidity || after.Messages != 3 {
		t.Errorf("%+v, %v", after, err)
	}
	for what, err := range map[string]error{
		"create": r.Create(t.Context(), shop, "Archive"), "move": r.Move(t.Context(), shop, "INBOX", "Archive"), "rename": r.Rename(t.Context(), shop, "Archive", "Old"),
		"restart": r.Restart(t.Context(), func() {
			if _, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.IMAP); err == nil {
				t.Error("somebody listens")
			}
		}),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if n := count(t, r, shop, "Old"); n != 3 {
		t.Errorf("%d moved", n)
	}
}

// Stop leaves no process and no file.
func TestStopLeavesNothing(t *testing.T) {
	r, err := mailrig.Launch(t.Context(), mailrig.Options{Postfix: os.Geteuid() == 0})
	if errors.Is(err, mailrig.ErrAbsent) && os.Getenv("PATCHBAY_TEST_REQUIRE") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := r.Dir()
	out, err := exec.CommandContext(t.Context(), "pgrep", "-f", dir).Output()
	if err != nil || len(strings.Fields(string(out))) == 0 {
		t.Fatalf("no process names %s: %s, %v", dir, out, err)
	}
	begun := time.Now()
	if err := errors.Join(r.Stop(), r.Stop()); err != nil {
		t.Fatal(err)
	}
	t.Logf("stopped in %v", time.Since(begun))
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	for _, address := range []string{r.IMAP, r.POP3S, r.LMTP, r.SMTP, r.Submission} {
		if c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address); err == nil {
			t.Errorf("somebody listens on %s", address)
			_ = c.Close()
		}
	}
	if out, _ := exec.CommandContext(t.Context(), "pgrep", "-f", dir).Output(); len(out) > 0 {
		t.Errorf("processes are left: %s", out)
	}
}

// Should the program die, its servers end with it.
func TestServersDieWithUs(t *testing.T) {
	if os.Getenv("MAILRIG_DIE") == "1" {
		r, err := mailrig.Launch(t.Context(), mailrig.Options{Postfix: os.Geteuid() == 0})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("dir=" + r.Dir())
		syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // nobody is left to see it
	}
	mailrig.Start(t, mailrig.Options{}) // skips where there are no servers
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestServersDieWithUs$")
	c.Env = append(os.Environ(), "MAILRIG_DIE=1")
	out, err := c.Output()
	_, dir, ok := strings.Cut(string(out), "dir=")
	if err == nil || !ok {
		t.Fatalf("it did not die: %s, %v", out, err)
	}
	dir = strings.Fields(dir)[0]
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	eventually(t, "all are gone", func() bool {
		left, _ := exec.CommandContext(t.Context(), "pgrep", "-f", dir).Output()
		return len(left) == 0
	})
}
