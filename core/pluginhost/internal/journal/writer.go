package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Writer splits a stream into lines. It never fails and never blocks on more
// than the sink.
type Writer struct {
	journal *Journal
	level   string // of lines that do not say their own
	part    []byte
	skip    bool // the rest of a line that was too long
}

// Writer returns a Writer; level is that of lines which do not say their own.
func (j *Journal) Writer(level string) *Writer { return &Writer{journal: j, level: level} }

// Write takes a piece of the stream.
func (w *Writer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		line, rest, ended := bytes.Cut(p, []byte{'\n'})
		p = rest
		if w.skip {
			w.skip = !ended
			continue
		}
		room := MaxLine - len(w.part)
		w.skip = len(line) > room && !ended
		w.part = append(w.part, line[:min(len(line), room)]...)
		if ended || w.skip {
			w.end()
		}
	}
	return n, nil
}

// Close writes what is left without a newline.
func (w *Writer) Close() error {
	w.end()
	return nil
}

func (w *Writer) end() {
	if text := bytes.TrimRight(w.part, "\r"); len(text) > 0 {
		level, said := w.read(text)
		w.journal.write(level, said)
	}
	w.part = w.part[:0]
}

// read understands the JSON lines of log/slog; everything else is text.
func (w *Writer) read(line []byte) (level, text string) {
	if line[0] != '{' {
		return w.level, string(line)
	}
	var record map[string]any
	if json.Unmarshal(line, &record) != nil {
		return w.level, string(line)
	}
	said, ok := record["msg"].(string)
	if !ok {
		return w.level, string(line)
	}
	level = w.level
	if l, ok := record["level"].(string); ok {
		level = levelOf(l)
	}
	for _, key := range []string{"time", "level", "msg"} {
		delete(record, key)
	}
	return level, said + attributes(record)
}

func levelOf(l string) string {
	for _, known := range []string{"debug", "info", "warn", "error"} {
		if strings.HasPrefix(strings.ToLower(l), known) {
			return known
		}
	}
	return "info"
}

func attributes(record map[string]any) string {
	keys := make([]string, 0, len(record))
	for key := range record {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, key := range keys {
		value, err := json.Marshal(record[key])
		if err != nil {
			continue
		}
		fmt.Fprintf(&b, " %s=%s", key, value)
	}
	return b.String()
}
