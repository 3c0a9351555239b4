package mailbox

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// delivery hands mail on.
type delivery struct {
	c     *Config
	begun bool // a mail was handled in this session
}

// Pauses before a mail is offered again.
const (
	firstOffer = 250 * time.Millisecond
	lastOffer  = time.Minute
)

// hand offers a mail until it is taken or given up. survived is called when it
// was refused for the first time: whatever is wrong, it ends no process. An error
// is that of ctx, or of survived.
func (d *delivery) hand(ctx context.Context, raw *Raw, survived func() error) error {
	pause, held := firstOffer, false
	for failed, first := 0, true; ; first = false {
		err := d.offer(ctx, raw)
		if err == nil {
			return nil
		}
		if first {
			if err := survived(); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errs.As(err).Source == errs.FarSide {
			if !held {
				d.c.Notice(ctx, Notice{Kind: Held, Folder: raw.Folder, Key: raw.Key, Err: err})
			}
			held = true
		} else if failed++; failed >= d.c.Tries {
			d.c.Notice(ctx, Notice{Kind: Poisoned, Folder: raw.Folder, Key: raw.Key, Err: err})
			return nil
		}
		if !sleep(ctx, max(pause, min(errs.As(err).RetryAfter, lastOffer))) {
			return ctx.Err()
		}
		pause = min(2*pause, lastOffer)
	}
}

// offer calls Handle; a panic is its error.
func (d *delivery) offer(ctx context.Context, raw *Raw) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errs.Panicked(v)
		}
	}()
	return d.c.Handle(ctx, raw)
}
