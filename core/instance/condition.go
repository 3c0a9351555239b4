package instance

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// ConditionState is how an account fares, by all that was said of it.
type ConditionState string

// The states.
const (
	ConditionUnknown     ConditionState = "unknown" // nothing was said yet, or somebody has just tried to mend it
	ConditionOK          ConditionState = "ok"
	ConditionDegraded    ConditionState = "degraded"    // it works, with a complaint
	ConditionFailing     ConditionState = "failing"     // it does not work, and may again by itself
	ConditionCredentials ConditionState = "credentials" // its far side has rejected its credentials for good
)

// ConditionStates lists them.
func ConditionStates() []ConditionState {
	return []ConditionState{ConditionUnknown, ConditionOK, ConditionDegraded, ConditionFailing, ConditionCredentials}
}

// CodeAuthExpired is the code by which a plugin says that the far side rejected
// the credentials.
const CodeAuthExpired = "auth_expired"

// Rules of conditions.
const (
	MaxTurns         = 50              // of a condition that are kept
	RejectionsNeeded = 3               // in a row, for ConditionCredentials
	RejectedFor      = 5 * time.Minute // from the first of them to the last
	Settled          = 3 * time.Minute // so long it is bad, or good again, before anybody is told

	maxTurnDetail = 300 // bytes
)

// Condition is how an account, an inbox or a connection, has fared.
type Condition struct {
	Workspace identity.WorkspaceID
	Instance  string // inb_ or pin_
	State     ConditionState
	Code      string    // why, stable; "" when it is well
	Detail    string    // for administrators
	Since     time.Time // of State
	GoodAt    time.Time // when it was well last; zero = never. While it is well: when it became so
	Revision  uint64    // of what the plugin was told, as the last report knew it

	// Rejections counts how often the far side rejected the credentials since
	// RejectedAt, up to RejectionsNeeded. What is no rejection and no success
	// counts as neither.
	Rejections int
	RejectedAt time.Time

	// ResumedAt is when it was paused last until: what waited meanwhile has
	// waited since then, and no longer. Zero = it never was.
	ResumedAt time.Time

	Told     bool      // administrators were told that it is bad, and not yet that it is good again
	NoticeAt time.Time // when they are to be told of what it is now; zero = they need not be

	Turns []Turn // the newest first, at most MaxTurns
}

// Turn is one change of a condition.
type Turn struct {
	At     time.Time      `json:"at"`
	State  ConditionState `json:"state"`
	Code   string         `json:"code,omitempty"`
	Detail string         `json:"detail,omitempty"`
}

// Report is what was said of an account.
type Report struct {
	Workspace identity.WorkspaceID
	Instance  string
	Revision  uint64 // of what the plugin was told
	Health    Health
	At        time.Time
}

// Bad reports whether administrators should do something about it.
func (c Condition) Bad() bool { return c.State == ConditionFailing || c.State == ConditionCredentials }

// Paused reports whether the account is left alone: its far side has rejected
// its credentials for good, and they are those of a revision of what its plugin
// is told. Nothing is handed over for it, and its plugin has closed it.
func (c Condition) Paused(revision uint64) bool {
	return c.State == ConditionCredentials && revision <= c.Revision
}

// Good reports whether it is known to work.
func (c Condition) Good() bool { return c.State == ConditionOK || c.State == ConditionDegraded }

// Outage is a time in which an account did not work.
type Outage struct {
	From, Until time.Time
}

// WorthTelling is how long an account has to have been bad for an Outage.
const WorthTelling = 5 * time.Minute

// Outage returns the last time that the account did not work for WorthTelling or
// more, of those that its turns tell; false when there is none, or it does not
// work now. That somebody tried it again ends none.
func (c Condition) Outage() (Outage, bool) {
	if !c.Good() {
		return Outage{}, false
	}
	var until, from time.Time
	for _, t := range c.Turns { // the newest first
		switch t.State {
		case ConditionOK, ConditionDegraded:
			if !from.IsZero() && until.Sub(from) >= WorthTelling {
				return Outage{From: from, Until: until}, true
			}
			until, from = t.At, time.Time{}
		case ConditionFailing, ConditionCredentials:
			from = t.At
		case ConditionUnknown:
		}
	}
	return Outage{From: from, Until: until}, !from.IsZero() && !until.IsZero() && until.Sub(from) >= WorthTelling
}

// After returns the condition after a report. Credentials count as rejected for
// good when that was said RejectionsNeeded times over RejectedFor, without a
// success between; what may pass by itself never counts as that. New settings
// are judged anew.
func (c Condition) After(r Report) Condition {
	if r.Revision > c.Revision {
		c.Revision, c.Rejections = r.Revision, 0
		if c.State == ConditionCredentials {
			c = c.Again(r.At)
		}
	}
	h, state := r.Health, ConditionFailing
	switch h.State {
	case "ok":
		c.Rejections, state = 0, ConditionOK
		h.Code, h.Detail = "", ""
	case "degraded":
		state = ConditionDegraded
	case "down":
		if h.Code == CodeAuthExpired && rejected(&c, r.At) {
			state = ConditionCredentials
		}
	default:
		return c
	}
	if c.State == ConditionCredentials && state != ConditionOK {
		return c
	}
	return c.become(state, h, r.At)
}

// rejected counts a rejection, and reports whether it is one too many.
func rejected(c *Condition, now time.Time) bool {
	if c.Rejections == 0 {
		c.RejectedAt = now
	}
	c.Rejections = min(c.Rejections+1, RejectionsNeeded)
	return c.Rejections == RejectionsNeeded && now.Sub(c.RejectedAt) >= RejectedFor
}

// Again returns the condition after somebody did something about it: what was
// counted does not count any more.
func (c Condition) Again(now time.Time) Condition {
	c.Rejections = 0
	return c.become(ConditionUnknown, Health{}, now)
}

// Noticed returns the condition after administrators were told.
func (c Condition) Noticed() Condition {
	c.Told, c.NoticeAt = c.Bad(), time.Time{}
	return c
}

func (c Condition) become(state ConditionState, h Health, now time.Time) Condition {
	wasBad, turned := c.Bad(), state != c.State
	if turned {
		if c.State == ConditionOK || state == ConditionOK {
			c.GoodAt = now
		}
		if c.State == ConditionCredentials {
			c.ResumedAt = now
		}
		c.State, c.Since = state, now
	}
	if turned || h.Code != c.Code {
		turn := Turn{At: now, State: state, Code: h.Code, Detail: cut(h.Detail, maxTurnDetail)}
		c.Turns = append([]Turn{turn}, c.Turns[:min(len(c.Turns), MaxTurns-1)]...)
	}
	c.Code, c.Detail = h.Code, h.Detail
	switch {
	case c.Bad() == c.Told || !c.Bad() && !c.Good():
		c.NoticeAt = time.Time{}
	case c.State == ConditionCredentials:
		c.NoticeAt = now
	case wasBad != c.Bad() || c.NoticeAt.IsZero():
		c.NoticeAt = now.Add(Settled)
	}
	return c
}

// cut shortens a text to so many bytes, between characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for i := range text {
		if i > most-len("…") {
			return text[:i] + "…"
		}
	}
	return text
}
