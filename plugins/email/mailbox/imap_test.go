package mailbox_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// What arrives is announced and read at once.
func TestArrival(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	deliver(t, r, "old")
	run(t, account(t, r, d))
	ready(t, d)
	var took []time.Duration
	for i := range 10 {
		begun := time.Now()
		deliver(t, r, strconv.Itoa(i))
		eventually(t, "it arrives", func() bool { return len(d.all()) == i+1 })
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	t.Logf("from the delivery's beginning to the handler's end: median %v, slowest %v", took[len(took)/2], took[len(took)-1])
	if took[len(took)/2] > 2*time.Second {
		t.Errorf("IDLE is as slow as asking: %v", took)
	}
	for i, g := range d.all() {
		if g.id != fmt.Sprintf("<%d@world.test>", i) || g.role != mailbox.Inbox || g.again || g.truncated || !strings.Contains(g.body, fmt.Sprintf("text of %d\r\n", i)) {
			t.Errorf("got %+v", g)
		}
	}
	if s, err := r.Status(t.Context(), shop, "INBOX"); err != nil || s.Unseen != 11 || s.Messages != 11 {
		t.Errorf("reading changed the mailbox: %+v, %v", s, err)
	}
}

// A connection that the server ends, and a server that goes away, are waited for;
// what came meanwhile is read.
func TestKicksAndRestarts(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	run(t, account(t, r, d))
	ready(t, d)
	deliver(t, r, "a")
	wait(t, d, "a")
	if err := r.Kick(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "b")
	wait(t, d, "a", "b")
	if err := r.Restart(t.Context(), func() { eventually(t, "it is missed", func() bool { return len(d.told(mailbox.Lost)) >= 4 }) }); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "c")
	wait(t, d, "a", "b", "c")
	for _, n := range d.told(mailbox.Lost) {
		if e := errs.As(n.Err); e.Source != errs.FarSide || e.Code != errs.CodeUnavailable {
			t.Errorf("told: %v", n.Err)
		}
	}
}

// Chatwoot #10429, #4882: whoever reads a mail in another program first must not
// take it from us.
func TestReadElsewhereArrives(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	stop := run(t, account(t, r, d))
	ready(t, d)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "a")
	if err := r.Flag(t.Context(), shop, "INBOX", `\Seen`); err != nil {
		t.Fatal(err)
	}
	run(t, account(t, r, d))
	wait(t, d, "a")
}

// Chatwoot #9234, #11451: what came while nobody read for days is read, however
// long that was and whatever the mail's own date says.
func TestLongAbsence(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	stop := run(t, account(t, r, d))
	ready(t, d)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "a", "b") // dated weeks ago
	later := account(t, r, d)
	later.Now = func() time.Time { return time.Now().Add(30 * 24 * time.Hour) }
	run(t, later)
	wait(t, d, "a", "b")
}

// The mailbox is numbered anew: all of the last days comes again and says so,
// and nothing is missed.
func TestRenumbered(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	stop := run(t, account(t, r, d))
	ready(t, d)
	deliver(t, r, "a", "b", "c")
	wait(t, d, "a", "b", "c")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "d")
	if err := r.Renumber(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	stop = run(t, account(t, r, d))
	eventually(t, "all again", func() bool { return len(d.all()) == 7 })
	fresh := make(map[string]bool)
	for _, g := range d.all()[3:] {
		if !g.again {
			t.Errorf("does not say that it may be known: %+v", g)
		}
		fresh[g.id] = true
	}
	if len(fresh) != 4 || len(d.told(mailbox.Renumbered)) != 1 {
		t.Errorf("again: %v; told %v", fresh, d.told(mailbox.Renumbered))
	}
	deliver(t, r, "e")
	eventually(t, "what is new", func() bool { return len(d.all()) == 8 })
	if g := d.all()[7]; g.again || g.id != "<e@world.test>" {
		t.Errorf("after it: %+v", g)
	}
	keys := make(map[string]bool)
	for _, g := range d.all() {
		keys[g.key] = true
	}
	if len(keys) != 8 {
		t.Errorf("keys are used twice: %v", keys)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	run(t, account(t, r, d)) // and the next session begins where this one ended
	deliver(t, r, "f")
	eventually(t, "the next", func() bool { return len(d.all()) >= 9 })
	if g := d.all(); len(g) != 9 || g[8].again {
		t.Errorf("got %v", ids(g))
	}
}

// Libredesk #623: what a colleague sends from another program is read as echo,
// also after the folder has got another name.
func TestSentFromElsewhere(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	c := account(t, r, d)
	c.Sent, c.Junk, c.Poll = true, true, 10*time.Second
	stop := run(t, c)
	ready(t, d)
	deliver(t, r, "a")
	wait(t, d, "a")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := r.Move(t.Context(), shop, "INBOX", "Sent"); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "spam")
	if err := r.Move(t.Context(), shop, "INBOX", "Spam"); err != nil {
		t.Fatal(err)
	}
	stop = run(t, c)
	eventually(t, "the echo", func() bool { return len(d.all()) == 3 })
	roles := make(map[mailbox.Role]string)
	for _, g := range d.all()[1:] {
		roles[g.role] = g.id + g.folder
	}
	if roles[mailbox.Sent] != "<a@world.test>Sent" || roles[mailbox.Junk] != "<spam@world.test>Spam" {
		t.Errorf("got %v", roles)
	}
	deliver(t, r, "b") // the inbox, which lost its mail, goes on
	eventually(t, "the inbox", func() bool { return len(d.all()) == 4 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// A folder that is moved away is told of once, and the inbox goes on; when it is
// back, it is read from where it was.
func TestFolderMoved(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	if err := r.Create(t.Context(), shop, "Support"); err != nil {
		t.Fatal(err)
	}
	c := account(t, r, d)
	c.Folders = []string{"Support"}
	stop := run(t, c)
	ready(t, d)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "a")
	if err := errors.Join(r.Move(t.Context(), shop, "INBOX", "Support"), r.Rename(t.Context(), shop, "Support", "Elsewhere")); err != nil {
		t.Fatal(err)
	}
	stop = run(t, c)
	deliver(t, r, "b")
	wait(t, d, "b")
	missing := d.told(mailbox.FolderMissing)
	if len(missing) != 1 || missing[0].Folder != "Support" || errs.As(missing[0].Err).Code != endpoint.CodeFolder {
		t.Fatalf("told %v", missing)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := r.Rename(t.Context(), shop, "Elsewhere", "Support"); err != nil {
		t.Fatal(err)
	}
	run(t, c)
	wait(t, d, "b", "a")
	if g := d.all()[1]; g.role != mailbox.Other || g.folder != "Support" {
		t.Errorf("got %+v", g)
	}
}

// At the very first time, mail is read from a day on, or none of what is there.
func TestFirstTime(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	deliver(t, r, "a", "b")
	c := account(t, r, d)
	c.Since = time.Now().Add(-time.Hour)
	stop := run(t, c)
	wait(t, d, "a", "b")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	d = newDesk()
	c = account(t, r, d)
	c.Since = time.Now().Add(3 * 24 * time.Hour) // servers know days, of their zone
	run(t, c)
	ready(t, d)
	deliver(t, r, "c")
	wait(t, d, "c")
}

// What arrives between connecting a mailbox and the first look into it is new.
func TestArrivedBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	c := account(t, r, d)
	deliver(t, r, "old")
	nextSecond(t)
	c.Connected = time.Now()
	deliver(t, r, "a", "b")
	run(t, c)
	wait(t, d, "a", "b")
	deliver(t, r, "c")
	wait(t, d, "a", "b", "c")
}

// A mail that cannot be handled is told of, and does not stand in the way; one
// that ends the process neither.
func TestPoison(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	offered := 0
	d.refuse = func(g got) error {
		switch g.subject {
		case "about bad":
			offered++
			return errors.New("cannot be parsed")
		case "about worse":
			panic("index out of range")
		}
		return nil
	}
	run(t, account(t, r, d))
	ready(t, d)
	deliver(t, r, "a", "bad", "worse", "b")
	wait(t, d, "a", "b")
	told := d.told(mailbox.Poisoned)
	if offered != 3 || len(told) != 2 || told[0].Key == "" || told[0].Folder != "INBOX" || !strings.Contains(told[1].Err.Error(), "index out of range") {
		t.Errorf("offered %d times, told %v", offered, told)
	}
}

// While the host cannot take mail, it waits, and so does what comes after it.
func TestHeld(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	down := true
	offered := 0
	d.refuse = func(got) error {
		if offered++; offered > 3 {
			down = false
		}
		if down {
			return errs.Unavailable(nil, "the host is away")
		}
		return nil
	}
	run(t, account(t, r, d))
	ready(t, d)
	deliver(t, r, "a", "b")
	wait(t, d, "a", "b")
	if len(d.told(mailbox.Held)) != 1 || len(d.told(mailbox.Poisoned)) != 0 {
		t.Errorf("told %v, %v", d.told(mailbox.Held), d.told(mailbox.Poisoned))
	}
}

// Of a mail that is too large, the head is read; larger ones than fit into memory
// wait in a file, which goes.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, protocol := range []mailbox.Protocol{mailbox.IMAP, mailbox.POP3} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			r, d := rig(t), newDesk()
			c := account(t, r, d)
			c.MaxSize, c.Head, c.InMemory, c.Poll = 1<<20, 64<<10, 10<<10, 10*time.Second
			if protocol == mailbox.POP3 {
				c.Protocol, c.Server = protocol, r.Server(r.POP3S, endpoint.TLS)
			}
			stop := run(t, c)
			ready(t, d)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			line := strings.Repeat("x", 74) + "\r\n"
			for id, lines := range map[string]int{"small": 10, "medium": 5000, "large": 30000} {
				if err := r.Deliver(t.Context(), "ann@world.test", shop, mailrig.Message(id, id, strings.Repeat(line, lines))); err != nil {
					t.Fatal(err)
				}
			}
			run(t, c)
			eventually(t, "three", func() bool { return len(d.all()) == 3 })
			for _, g := range d.all() {
				whole := map[string]int{"small": 10, "medium": 5000, "large": 30000}[g.subject] * len(line)
				if g.truncated != (g.subject == "large") || !g.truncated && g.length < whole || g.truncated && (g.length < 50<<10 || g.length > 64<<10) {
					t.Errorf("%s: %d bytes, truncated %v", g.subject, g.length, g.truncated)
				}
			}
			eventually(t, "no file is left", func() bool {
				left, err := os.ReadDir(c.SpoolDir)
				return err == nil && len(left) == 0
			})
		})
	}
}
