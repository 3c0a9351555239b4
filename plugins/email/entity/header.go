package entity

import (
	"bytes"
	"strings"
)

// Field is one header field. The value is unfolded and otherwise as received,
// so it need not be UTF-8: Decode it to show it.
type Field struct{ Name, Value string }

// Header holds the fields in the order in which they stand: topmost first.
type Header []Field

// Get returns the first value under the name, as received, or nothing.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has says whether there is a field of that name, even an empty one.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// All returns every value under the name, topmost first.
func (h Header) All(name string) []string {
	var out []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f.Value)
		}
	}
	return out
}

// Text returns the first value under the name, decoded to be shown.
func (h Header) Text(name string) string { return Decode(h.Get(name)) }

// ReadHeader reads the header alone, of a message or of a block of fields such
// as those of a delivery status.
func ReadHeader(raw []byte) (header Header, rest []byte) {
	r := &reader{limits: Limits{}.withDefaults()}
	return r.header(raw)
}

func (r *reader) header(raw []byte) (header Header, body []byte) {
	var h headerReader
	size, over := 0, false
	for len(raw) > 0 {
		line, rest := cutLine(raw)
		switch {
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			return h.fields(), rest
		case size > r.limits.Header:
			if !over {
				over = true
				r.problem(HeaderTooLarge, "fields are left out")
			}
		case h.take(line):
		case len(h.list) == 0 && isEnvelope(line):
		case h.more(rest):
			r.problem(BadHeaderLine, string(line[:min(len(line), 80)]))
			h.fold(line)
		default:
			r.problem(BadHeaderLine, "the body begins without an empty line")
			return h.fields(), raw
		}
		size += len(line)
		raw = rest
	}
	return h.fields(), nil
}

// headerReader gathers the lines of fields, which may be many for one field.
type headerReader struct {
	list  Header
	value strings.Builder
}

func (h *headerReader) fields() Header {
	h.end()
	return h.list
}

func (h *headerReader) end() {
	if n := len(h.list); n > 0 && h.value.Len() > 0 {
		h.list[n-1].Value = strings.TrimSpace(h.value.String())
	}
	h.value.Reset()
}

func (h *headerReader) fold(line []byte) {
	h.value.WriteByte(' ')
	h.value.Write(bytes.TrimSpace(line))
}

// take takes a line that begins or continues a field.
func (h *headerReader) take(line []byte) bool {
	if line[0] == ' ' || line[0] == '\t' {
		if len(h.list) > 0 {
			h.fold(line)
		}
		return true
	}
	name, ok := fieldName(line)
	if !ok {
		return false
	}
	h.end()
	h.list = append(h.list, Field{Name: name})
	h.value.Write(bytes.TrimRight(line[bytes.IndexByte(line, ':')+1:], "\r\n"))
	return true
}

// more says whether the header goes on after a line that is not of a header: a
// field that only mail has follows before the next empty line.
func (h *headerReader) more(rest []byte) bool {
	if len(h.list) == 0 {
		return false
	}
	for range 50 {
		line, next := cutLine(rest)
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return false
		}
		if name, ok := fieldName(line); ok && known(name) {
			return true
		}
		rest = next
	}
	return false
}

func known(name string) bool {
	switch strings.ToLower(name) {
	case "from", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type",
		"content-transfer-encoding", "content-disposition", "content-id", "references", "in-reply-to", "received", "reply-to":
		return true
	}
	return false
}

func fieldName(line []byte) (string, bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 {
		return "", false
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return "", false
		}
	}
	return string(name), len(name) > 0
}

// isEnvelope knows the line that mailbox files put before a message.
func isEnvelope(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

func cutLine(b []byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1], b[i+1:]
	}
	return b, nil
}
