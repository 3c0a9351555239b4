// Package journal keeps what a plugin's process writes: the last lines for the
// console, and every line that passes the cap for the server's log.
//
// Concurrency: a Journal may be written to through several Writers at once;
// each Writer belongs to one goroutine.
package journal

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Caps. What is beyond them is counted, not kept.
const (
	MaxLine   = 64 << 10 // bytes of one line that are read; the rest of it is dropped
	MaxKept   = 4 << 10  // bytes of one line that are kept
	PerSecond = 200      // lines
	Keep      = 200      // lines
)

// Line is one line of output.
type Line struct {
	At    time.Time
	Level string // debug, info, warn, error
	Text  string
}

// Journal is the output of one plugin, over all its processes.
type Journal struct {
	now    func() time.Time
	sink   func(Line)
	redact *Redactor

	mu         sync.Mutex
	lines      []Line // a ring
	next       int
	second     time.Time // the second that is counted
	counted    int
	suppressed int
}

// New returns an empty Journal. sink is told of every line that passes the
// cap, by the writing goroutine. Of what the plugin writes secrets are taken out
// first, as NewRedactor has it.
func New(now func() time.Time, sink func(Line), secrets func() []string) *Journal {
	return &Journal{now: now, sink: sink, redact: NewRedactor(secrets)}
}

// Lines returns the last lines, the oldest first.
func (j *Journal) Lines() []Line {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Line, 0, len(j.lines))
	out = append(out, j.lines[j.next%max(len(j.lines), 1):]...)
	return append(out, j.lines[:j.next%max(len(j.lines), 1)]...)
}

// Last returns the line since a moment that says most about an end: the first
// of a Go program's dying words, or else the last one; "" when there is none.
func (j *Journal) Last(since time.Time) string {
	last := ""
	for _, line := range j.Lines() {
		if line.At.Before(since) {
			continue
		}
		if strings.HasPrefix(line.Text, "panic: ") || strings.HasPrefix(line.Text, "fatal error: ") {
			return line.Text
		}
		last = line.Text
	}
	return last
}

// Add writes a line of the host's own between those of the plugin.
func (j *Journal) Add(level, text string) {
	j.mu.Lock()
	line := j.keep(level, text)
	j.mu.Unlock()
	j.sink(line)
}

// Flush tells of suppressed lines that no later line has told of.
func (j *Journal) Flush() {
	j.mu.Lock()
	notice, ok := j.notice()
	j.mu.Unlock()
	if ok {
		j.sink(notice)
	}
}

// write takes one line of the plugin, under the cap.
func (j *Journal) write(level, text string) {
	j.mu.Lock()
	second := j.now().Truncate(time.Second)
	var out []Line
	if !second.Equal(j.second) {
		j.second, j.counted = second, 0
		if notice, ok := j.notice(); ok {
			out = append(out, notice)
			j.counted++ // so that it is among the lines kept, whatever follows
		}
	}
	j.counted++
	pass := j.counted <= PerSecond
	if !pass {
		j.suppressed++
	}
	j.mu.Unlock()
	if pass {
		text = j.redact.Clean(shorten(text)) // not under the lock, which readers wait for
		j.mu.Lock()
		out = append(out, j.keep(level, text))
		j.mu.Unlock()
	}
	for _, line := range out {
		j.sink(line)
	}
}

func (j *Journal) notice() (Line, bool) {
	if j.suppressed == 0 {
		return Line{}, false
	}
	line := j.keep("warn", fmt.Sprintf("suppressed %d lines: more than %d in a second", j.suppressed, PerSecond))
	j.suppressed = 0
	return line, true
}

func (j *Journal) keep(level, text string) Line {
	line := Line{At: j.now(), Level: level, Text: clean(shorten(text))}
	if len(j.lines) < Keep {
		j.lines = append(j.lines, line)
		return line
	}
	j.lines[j.next] = line
	j.next = (j.next + 1) % Keep
	return line
}

// shorten bounds a line.
func shorten(text string) string {
	if len(text) > MaxKept {
		text = text[:MaxKept] + "…"
	}
	return text
}

// clean makes a line safe to show: no control characters, no broken UTF-8,
// bounded.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}
