package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Ring keeps the last records of a log, as they may be shown to strangers: the
// message, numbers, and values whose names are known to be harmless. Of other
// values it keeps the length. Records below info are not kept. It is safe for
// concurrent use.
type Ring struct {
	harmless *regexp.Regexp

	mu    sync.Mutex
	lines []string
	next  int
	full  bool
}

// How many records are kept, and how long one may be.
const (
	ringLines = 2000
	ringLine  = 500
)

// NewRing returns an empty Ring.
func NewRing() *Ring {
	return &Ring{harmless: regexp.MustCompile(`^[A-Za-z0-9_.:+-]{1,64}(/[a-z0-9-]{1,40})?$`), lines: make([]string, ringLines)}
}

// Lines returns what is kept, the oldest first.
func (r *Ring) Lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.full {
		return slices.Clone(r.lines[:r.next])
	}
	return slices.Concat(r.lines[r.next:], r.lines[:r.next])
}

func (r *Ring) add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines[r.next] = line[:min(len(line), ringLine)]
	if r.next++; r.next == len(r.lines) {
		r.next, r.full = 0, true
	}
}

// Kept returns a logger that writes to another and keeps its records in the ring.
func (r *Ring) Kept(log *slog.Logger) *slog.Logger {
	return slog.New(&tee{ring: r, inner: log.Handler()})
}

// tee hands records to a handler and to a ring.
type tee struct {
	ring  *Ring
	inner slog.Handler
	held  string // attributes that With added
	group string
}

// Enabled implements slog.Handler.
func (t *tee) Enabled(ctx context.Context, l slog.Level) bool { return t.inner.Enabled(ctx, l) }

// Handle implements slog.Handler.
func (t *tee) Handle(ctx context.Context, rec slog.Record) error {
	if rec.Level >= slog.LevelInfo {
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s %s%s", rec.Time.UTC().Format(time.RFC3339), rec.Level, shown(rec.Message), t.held)
		rec.Attrs(func(a slog.Attr) bool {
			b.WriteString(t.ring.say(t.group, a))
			return true
		})
		t.ring.add(b.String())
	}
	return t.inner.Handle(ctx, rec)
}

// WithAttrs implements slog.Handler.
func (t *tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *t
	out.inner = t.inner.WithAttrs(attrs)
	for _, a := range attrs {
		out.held += t.ring.say(t.group, a)
	}
	return &out
}

// WithGroup implements slog.Handler.
func (t *tee) WithGroup(name string) slog.Handler {
	out := *t
	out.inner, out.group = t.inner.WithGroup(name), t.group+name+"."
	return &out
}

// shown is a message, which is one of our own sentences: letters and the marks
// between them. What has anything else in it was made of something.
func shown(message string) string {
	strange := func(c rune) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		return !letter && !strings.ContainsRune(" ,.;:'-/()", c)
	}
	if len(message) > 200 || strings.ContainsFunc(message, strange) {
		return fmt.Sprintf("(a message of %d bytes)", len(message))
	}
	return message
}

// known are the names of values that say which of our own things is meant.
func known() []string {
	return []string{
		"plugin", "version", "state", "chore", "code", "workspace", "workspace_id", "inbox", "inbox_id", "conversation", "conversation_id",
		"delivery", "delivery_id", "webhook", "member", "member_id", "kind", "method", "status", "signal", "reason", "migration", "task",
	}
}

func (r *Ring) say(group string, a slog.Attr) string {
	v := a.Value.Resolve()
	var text string
	switch v.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindTime:
		text = v.String()
	case slog.KindInt64, slog.KindUint64:
		if text = v.String(); len(text) > 9 { // a telephone number, perhaps
			text = fmt.Sprintf("[%d digits]", len(text))
		}
	default:
		if err, ok := v.Any().(error); ok {
			text = cause(err)
			break
		}
		if text = v.String(); !slices.Contains(known(), a.Key) || !r.harmless.MatchString(text) {
			text = fmt.Sprintf("[%d bytes]", len(text))
		}
	}
	return " " + group + a.Key + "=" + text
}

// cause says of an error what is our own or the system's: its code, the system's
// word for it, and the types it is made of. Its sentence may quote anything.
func cause(err error) string {
	var parts []string
	if e, ok := errors.AsType[*errs.Error](err); ok {
		parts = append(parts, e.Code)
	}
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		parts = append(parts, `"`+no.Error()+`"`)
	}
	for _, well := range []error{context.Canceled, context.DeadlineExceeded, fs.ErrNotExist, fs.ErrPermission} {
		if errors.Is(err, well) {
			parts = append(parts, `"`+well.Error()+`"`)
		}
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		parts = append(parts, fmt.Sprintf("%T", e))
	}
	return strings.Join(parts, " < ")
}
