package conversation

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
)

// Window is a time in which the far side takes messages to the customer.
type Window struct {
	On        string // what opened it: see channel.Window
	OpenedAt  time.Time
	ExpiresAt time.Time
	Quota     int // messages; 0 = any number
	Used      int
}

// takes reports whether one more message fits at a time.
func (w Window) takes(at time.Time) bool {
	return at.Before(w.ExpiresAt) && (w.Quota == 0 || w.Used < w.Quota)
}

// OpenWindows records that the customer did something that opens windows, of
// those that the channel declares. What was open by the same begins anew, unless
// it was opened later: what a channel brings may be old.
func (c *Conversation) OpenWindows(declared []channel.Window, on string, at time.Time) {
	if on == "" {
		on = channel.TriggerMessage
	}
	for _, d := range declared {
		if d.On != on {
			continue
		}
		opened := Window{On: on, OpenedAt: at, ExpiresAt: at.Add(d.For), Quota: d.Quota}
		i := slices.IndexFunc(c.Windows, func(w Window) bool { return w.On == on })
		switch {
		case i < 0:
			c.Windows = append(slices.Clone(c.Windows), opened)
		case at.After(c.Windows[i].OpenedAt):
			c.Windows = slices.Clone(c.Windows)
			c.Windows[i] = opened
		}
	}
}

// Spend takes the message with a seq, which is pending, from the windows that are
// open; it must have left when its window closes (Deadline). A channel that
// declares no windows takes any number. It is taken from a window without a
// quota first, and else from the one that closes first. See CanSpend for its errors.
func (c *Conversation) Spend(declared []channel.Window, at time.Time, seq uint64) error {
	i, err := c.pick(declared, at)
	if err != nil || i < 0 {
		return err
	}
	c.Windows = slices.Clone(c.Windows)
	c.Windows[i].Used++
	c.expire(seq, c.Windows[i].ExpiresAt)
	return nil
}

// CanSpend conflicts with message.window_closed when no window is open, and with
// message.window_quota when those that are have no more to give.
func (c *Conversation) CanSpend(declared []channel.Window, at time.Time) error {
	_, err := c.pick(declared, at)
	return err
}

// pick returns the window that a message is taken from; -1 = it needs none.
func (c *Conversation) pick(declared []channel.Window, at time.Time) (int, error) {
	if len(declared) == 0 {
		return -1, nil
	}
	best, open := -1, false
	for i, w := range c.Windows {
		open = open || at.Before(w.ExpiresAt)
		if w.takes(at) && (best < 0 || w.before(c.Windows[best])) {
			best = i
		}
	}
	switch {
	case best >= 0:
		return best, nil
	case open:
		return -1, errs.New(errs.Conflict, "message.window_quota",
			"The channel takes no more messages to this customer for now. It takes some again when they write.")
	default:
		return -1, errs.New(errs.Conflict, "message.window_closed",
			"The channel takes no messages to this customer now. It takes some again when they write.")
	}
}

// Left returns how many messages the window that closes at a time still takes;
// false when it is not open any more, or takes any number.
func (c *Conversation) Left(closes time.Time) (int, bool) {
	i := c.closing(closes)
	if i < 0 {
		return 0, false
	}
	return c.Windows[i].Quota - c.Windows[i].Used, true
}

// Refund gives the window that closes at a time n messages back, which were
// spent and left as one with another.
func (c *Conversation) Refund(closes time.Time, n int) {
	i := c.closing(closes)
	if i < 0 {
		return
	}
	c.Windows = slices.Clone(c.Windows)
	c.Windows[i].Used = max(c.Windows[i].Used-n, 0)
}

// closing finds the window with a quota that closes at a time; -1 = none.
func (c *Conversation) closing(at time.Time) int {
	return slices.IndexFunc(c.Windows, func(w Window) bool { return w.Quota > 0 && w.ExpiresAt.Equal(at) })
}

// before reports whether a message is taken from w rather than from another.
func (w Window) before(other Window) bool {
	if (w.Quota == 0) != (other.Quota == 0) {
		return w.Quota == 0
	}
	return w.ExpiresAt.Before(other.ExpiresAt)
}

// windows are those that a channel declares.
func (s *Service) windows(plugin channel.PluginID) []channel.Window {
	return s.capabilities(plugin).Windows
}

// Deadline returns until when a message that is being saved must leave; zero =
// as long as any.
func (c *Conversation) Deadline(seq uint64) time.Time { return c.deadlines[seq] }

// expire says until when what a pending change has leave may be handed over;
// the zero time says nothing.
func (c *Conversation) expire(seq uint64, at time.Time) {
	if at.IsZero() {
		return
	}
	if c.deadlines == nil {
		c.deadlines = make(map[uint64]time.Time, 1)
	}
	c.deadlines[seq] = at
}
