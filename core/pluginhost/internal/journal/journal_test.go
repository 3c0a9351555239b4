package journal_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/pluginhost/internal/journal"
)

// clock is a clock that the test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func open() (*journal.Journal, *clock, *[]journal.Line) {
	c := &clock{at: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	var sunk []journal.Line
	return journal.New(c.now, func(l journal.Line) { sunk = append(sunk, l) }, nil), c, &sunk
}

func put(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

func texts(lines []journal.Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Level+" "+l.Text)
	}
	return out
}

func TestLinesAreReadAcrossWrites(t *testing.T) {
	j, _, _ := open()
	w := j.Writer("warn")
	for _, piece := range []string{"one\ntw", "o\r\n", "\n", `{"time":"x","level":"ERROR","msg":"broke","b":2,"a":"x y"}` + "\n", `{"no":"message"}` + "\nrest"} {
		put(t, w, piece)
	}
	w.Close() //nolint:errcheck // never fails
	want := []string{"warn one", "warn two", `error broke a="x y" b=2`, `warn {"no":"message"}`, "warn rest"}
	if got := texts(j.Lines()); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if j.Last(time.Time{}) != "rest" {
		t.Errorf("last is %q", j.Last(time.Time{}))
	}
}

func TestLastWords(t *testing.T) {
	j, c, _ := open()
	w := j.Writer("warn")
	put(t, w, "panic: of a process before\n")
	c.at = c.at.Add(time.Second)
	since := c.at
	if got := j.Last(since); got != "" {
		t.Errorf("nothing was said, and the last word is %q", got)
	}
	put(t, w, "one\ntwo\n")
	if got := j.Last(since); got != "two" {
		t.Errorf("got %q", got)
	}
	put(t, w, "panic: teapot\n\ngoroutine 1 [running]:\nmain.main()\n")
	if got := j.Last(since); got != "panic: teapot" {
		t.Errorf("got %q", got)
	}
}

func TestFloodIsCappedAndCounted(t *testing.T) {
	j, c, sunk := open()
	w := j.Writer("info")
	for i := range 1000 {
		put(t, w, fmt.Sprintf("line %d\n", i))
	}
	if n := len(*sunk); n != journal.PerSecond {
		t.Fatalf("%d lines passed, want %d", n, journal.PerSecond)
	}
	c.at = c.at.Add(time.Second)
	put(t, w, "later\n")
	got := texts((*sunk)[journal.PerSecond:])
	if len(got) != 2 || !strings.Contains(got[0], "suppressed 800 lines") || got[1] != "info later" {
		t.Errorf("after the flood: %q", got)
	}
	lines := j.Lines()
	if len(lines) != journal.Keep || lines[0].Text != "line 2" || lines[journal.Keep-1].Text != "later" {
		t.Errorf("%d lines kept, from %q to %q", len(lines), lines[0].Text, lines[len(lines)-1].Text)
	}
}

func TestFlushTellsOfTheLastFlood(t *testing.T) {
	j, _, sunk := open()
	w := j.Writer("info")
	for range journal.PerSecond + 5 {
		put(t, w, "x\n")
	}
	j.Flush()
	j.Flush()
	if got := (*sunk)[journal.PerSecond:]; len(got) != 1 || !strings.Contains(got[0].Text, "suppressed 5 lines") {
		t.Errorf("flush told %q", texts(got))
	}
}

func TestLongLinesAreCut(t *testing.T) {
	j, _, _ := open()
	w := j.Writer("info")
	for range 1024 { // 1 MiB in one line
		put(t, w, strings.Repeat("x", 1024))
	}
	put(t, w, "tail\nnext\n")
	lines := j.Lines()
	if len(lines) != 2 || lines[1].Text != "next" {
		t.Fatalf("got %d lines, the last %q", len(lines), j.Last(time.Time{}))
	}
	if n := len(lines[0].Text); n > journal.MaxKept+len("…") {
		t.Errorf("kept %d bytes of a long line", n)
	}
}

func TestWhatIsShownIsClean(t *testing.T) {
	j, _, _ := open()
	w := j.Writer("info")
	put(t, w, "a\x1b[31mred\x00\tb\xff中文🙂\n")
	if got := j.Last(time.Time{}); got != "a[31mred b\uFFFD中文🙂" {
		t.Errorf("got %q", got)
	}
}
