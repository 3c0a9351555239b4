package mailbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
)

// A thousand mails arrive while the reader ends, connections are cut and the
// server restarts, at random moments. Each is taken once, under one key.
func TestExactlyOnce(t *testing.T) {
	t.Parallel()
	for _, protocol := range []mailbox.Protocol{mailbox.IMAP, mailbox.POP3} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			total := 200
			if os.Getenv("PATCHBAY_TEST_LONG") == "1" {
				total = 1000
			}
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 1))
			r, d := rig(t), newDesk()
			c := account(t, r, d)
			c.Poll = 10 * time.Second
			if protocol == mailbox.POP3 {
				c.Protocol, c.Server = protocol, r.Server(r.POP3S, endpoint.TLS)
			}
			stop := run(t, c)
			ready(t, d)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			h := &harm{r: r, d: d, delivered: make(chan error, 1)}
			go func() { h.delivered <- h.pour(t.Context(), total) }()
			begun := time.Now()
			for all := false; !all || len(distinct(d)) < total; {
				if time.Since(begun) > 4*time.Minute {
					t.Fatalf("%d of %d after %v", len(distinct(d)), total, time.Since(begun))
				}
				all = h.once(t, c, random) || all
			}
			t.Logf("%d mails in %v; %d cuts, %d restarts of the server, %d ends of the reader; %d were handed on twice", total, time.Since(begun), h.cuts, h.restarts, h.ends, len(d.all())-total)
			if h.cuts == 0 || h.restarts == 0 || h.ends < 5 {
				t.Errorf("nothing happened: %d, %d, %d", h.cuts, h.restarts, h.ends)
			}
			once(t, d, total, int(h.poured.Load()))
		})
	}
}

// harm is what happens while mails are poured in, and how often it did.
type harm struct {
	r                    *mailrig.Rig
	d                    *desk
	cuts, restarts, ends int
	away                 atomic.Bool // the server is being restarted
	poured               atomic.Int64
	delivered            chan error
}

// once reads for a moment while something happens, and reports whether all is
// delivered.
func (h *harm) once(t *testing.T, c mailbox.Config, random *rand.Rand) (all bool) {
	t.Helper()
	stop := run(t, c)
	time.Sleep(time.Duration(20+random.IntN(200)) * time.Millisecond)
	switch {
	case h.ends%4 == 1:
		h.restarts++
		h.away.Store(true)
		if err := h.r.Restart(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		h.away.Store(false)
	case random.IntN(2) == 0:
		h.cuts++
		_ = h.r.Kick(t.Context(), shop) // there may be nobody to kick
	}
	if random.IntN(2) == 0 { // a crash between handling and keeping the place
		h.d.cursors.mu.Lock()
		h.d.down = errors.New("the host is gone")
		h.d.cursors.mu.Unlock()
	}
	time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
	h.ends++
	if err := stop(); err != nil {
		t.Error(err)
	}
	h.d.cursors.mu.Lock()
	h.d.down = nil
	h.d.cursors.mu.Unlock()
	select {
	case err := <-h.delivered:
		if err != nil {
			t.Fatal(err)
		}
		return true
	default:
		return false
	}
}

// pour delivers mails. One that a restart of the server cut is delivered again:
// it may be there twice, under the same Message-ID and another number.
func (h *harm) pour(ctx context.Context, total int) error {
	for i := range total {
		for {
			h.poured.Add(1)
			err := h.r.Deliver(ctx, "ann@world.test", shop, mailrig.Message(fmt.Sprintf("n%d", i), "subject", string(bytes.Repeat([]byte("text "), i%50))))
			if err == nil {
				time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
				break
			}
			if ctx.Err() != nil || !h.away.Load() && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ECONNRESET) {
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

func distinct(d *desk) map[string]bool {
	out := make(map[string]bool)
	for _, g := range d.all() {
		out[g.id] = true
	}
	return out
}

// once checks what was handed on: every mail, a key for each, and the same key
// for the same mail alone; over IMAP in the order of the server's numbers. A
// delivery that a restart cut may have been made: twice is as often as it was
// poured.
func once(t *testing.T, d *desk, total, poured int) {
	t.Helper()
	byKey, last := make(map[string]string), 0
	for _, g := range d.all() {
		if g.again {
			t.Errorf("%s says that it is known", g.id)
		}
		if before, ok := byKey[g.key]; ok {
			if before != g.id {
				t.Errorf("%s is the key of %s and of %s", g.key, before, g.id)
			}
			continue
		}
		byKey[g.key] = g.id
		if _, number, imap := strings.Cut(strings.TrimPrefix(g.key, "imap/inbox/"), "/"); imap && strings.HasPrefix(g.key, "imap/") {
			uid, err := strconv.Atoi(number)
			if err != nil || uid <= last {
				t.Errorf("%s after %d (%v)", g.key, last, err)
			}
			last = uid
		}
	}
	if n := len(distinct(d)); n != total || len(byKey) > poured {
		t.Errorf("%d mails under %d keys, want %d and at most %d", n, len(byKey), total, poured)
	}
}
