package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// console is what the author of a plugin reads in the terminal: the run's own
// sentences, what the plugin writes, and what the server has to complain of.
//
// Concurrency: safe for concurrent use.
type console struct {
	mu      sync.Mutex
	out     io.Writer
	swapped time.Duration // the last pause of a swap; 0 = not known
}

func newConsole(out io.Writer) *console { return &console{out: out} }

func (c *console) say(format string, args ...any) {
	c.print("▸", fmt.Sprintf(format, args...))
}

// fault tells of something that is wrong.
func (c *console) fault(text string) { c.print("✗", text) }

// print writes lines, each with its mark, so that who reads knows whose it is.
func (c *console) print(mark, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		say(c.out, "%s %s\n", mark, line)
	}
}

// pause says how long deliveries rested in the last swap.
func (c *console) pause() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.swapped == 0 {
		return ""
	}
	return fmt.Sprintf("; deliveries rested for %s", c.swapped.Round(100*time.Microsecond))
}

// handler is where the server's log goes: of the plugin everything that it
// writes, of the server what is wrong.
func (c *console) handler(plugin string) slog.Handler { return &devLog{console: c, plugin: plugin} }

// devLog implements slog.Handler.
type devLog struct {
	console *console
	plugin  string
	attrs   []slog.Attr
}

// Enabled implements slog.Handler.
func (h *devLog) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (h *devLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	out.attrs = slices.Concat(h.attrs, attrs)
	return &out
}

// WithGroup implements slog.Handler. Nothing in the server makes groups.
func (h *devLog) WithGroup(string) slog.Handler { return h }

// Handle implements slog.Handler.
func (h *devLog) Handle(_ context.Context, r slog.Record) error {
	all := make(map[string]slog.Value)
	for _, a := range h.attrs {
		all[a.Key] = a.Value
	}
	r.Attrs(func(a slog.Attr) bool { all[a.Key] = a.Value; return true })
	ours := all["plugin"].Kind() == slog.KindString && all["plugin"].String() == h.plugin
	switch {
	case r.Message == "plugin was replaced" && ours:
		h.console.mu.Lock()
		h.console.swapped = all["pause"].Duration()
		h.console.mu.Unlock()
	case r.Message == "plugin output":
		if ours {
			h.console.print("│", readable(r.Level, all["text"].String()))
		}
	case ours && (r.Message == "plugin ended" || r.Message == "plugin failed" || r.Message == "plugin could not be replaced"):
		// told by the run itself
	case r.Level >= slog.LevelWarn:
		h.console.print("server "+strings.ToLower(r.Level.String())+":", withFields(r.Message, all))
	}
	return nil
}

// readable writes a line of the plugin: the SDK's log, which is JSON, as
// "level message key=value"; any other as it is.
func readable(level slog.Level, line string) string {
	var fields map[string]any
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &fields) != nil || fields["msg"] == nil {
		if level >= slog.LevelError {
			return strings.ToLower(level.String()) + "  " + line
		}
		return line
	}
	start := fmt.Sprintf("%-5s %v", strings.ToLower(fmt.Sprint(fields["level"])), fields["msg"])
	for _, key := range []string{"level", "msg", "time"} {
		delete(fields, key)
	}
	return withFields(start, fields)
}

// withFields adds "key=value" for each field, by key.
func withFields[T any](text string, fields map[string]T) string {
	var b strings.Builder
	b.WriteString(text)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(&b, " %s=%v", key, fields[key])
	}
	return b.String()
}

// relative takes the folder out of what a compiler says: the author knows it.
func (v *devRun) relative(err error) string {
	return strings.ReplaceAll(Said(err), v.folder+string(filepath.Separator), "")
}
