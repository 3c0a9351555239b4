// Package entity reads the structure of mail: header fields and the tree of
// MIME entities (RFC 5322, 2045, 2046, 2231), of whatever bytes it is given.
//
// It keeps slices of the message instead of copies, and looks at each byte a
// bounded number of times. What is broken is read as far as it can be and told
// in Problems; what is over a limit stays one undivided entity. No byte of a
// body is dropped but what stands between the parts.
package entity

import (
	"bytes"
	"strings"
)

// Limits bound what reading costs. Zero fields take the default.
type Limits struct {
	Bytes  int // of the message; what is beyond is cut off. 50 MiB
	Header int // bytes of one header; fields beyond are skipped. 1 MiB
	Parts  int // entities in all. 1,000
	Depth  int // entities within one another. 20
}

func (l Limits) withDefaults() Limits {
	pick := func(v, otherwise int) int {
		if v <= 0 {
			return otherwise
		}
		return v
	}
	return Limits{pick(l.Bytes, 50<<20), pick(l.Header, 1<<20), pick(l.Parts, 1000), pick(l.Depth, 20)}
}

// Problem is something that a correct message would not have.
type Problem struct {
	Code   string // stable: one of the constants
	Detail string // in English, for logs
}

// What can be wrong.
const (
	TooLarge        = "too_large"
	HeaderTooLarge  = "header_too_large"
	TooManyParts    = "too_many_parts"
	TooDeep         = "too_deep"
	BadHeaderLine   = "bad_header_line"
	BadContentType  = "bad_content_type"
	NoBoundary      = "no_boundary"
	UnclosedParts   = "unclosed_parts"
	BadEncoding     = "bad_transfer_encoding"
	UnknownEncoding = "unknown_transfer_encoding"
	UnknownCharset  = "unknown_charset"
)

// maxProblems bounds the list: it is there to be read.
const maxProblems = 50

// Entity is a message or a part of one. The slices are those of the message
// that was read: nobody may write to them.
type Entity struct {
	Header            Header
	Type              string            // media type in lower case, such as "text/plain"
	Params            map[string]string // of Content-Type, decoded, names in lower case
	Disposition       string            // "attachment", "inline" or empty
	DispositionParams map[string]string
	Raw               []byte // header and body as they were received
	Body              []byte // as it was received, still encoded for transfer
	Children          []*Entity
}

// Read reads a message. It always returns an entity; for no bytes an empty one.
func Read(raw []byte, limits Limits) (*Entity, []Problem) {
	r := &reader{limits: limits.withDefaults()}
	if len(raw) > r.limits.Bytes {
		r.problem(TooLarge, "the end of the message is cut off")
		raw = raw[:r.limits.Bytes]
	}
	return r.entity(lineEnds(raw), "text/plain", 0), r.problems
}

// lineEnds mends messages whose lines end in a bare CR.
func lineEnds(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 {
		return bytes.ReplaceAll(raw, []byte{'\r'}, []byte{'\n'})
	}
	return raw
}

type reader struct {
	limits   Limits
	parts    int
	problems []Problem
}

func (r *reader) problem(code, detail string) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, Problem{code, detail})
	}
}

func (r *reader) entity(raw []byte, otherwise string, depth int) *Entity {
	r.parts++
	e := &Entity{Raw: raw}
	e.Header, e.Body = r.header(raw)
	given := e.Header.Get("Content-Type")
	e.Type, e.Params = Parameters(given)
	if !strings.Contains(e.Type, "/") {
		if given != "" {
			r.problem(BadContentType, given)
		}
		e.Type = otherwise
		if given != "" {
			e.Type = guessType(e.Type, given)
		}
	}
	e.Disposition, e.DispositionParams = Parameters(e.Header.Get("Content-Disposition"))
	if strings.HasPrefix(e.Type, "multipart/") {
		r.divide(e, depth)
	}
	return e
}

// guessType reads what Content-Type must have meant: some old programs write
// "text" alone. What cannot be guessed is a file.
func guessType(otherwise, given string) string {
	switch word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(given)), ";"); strings.TrimSpace(word) {
	case "text", "plain":
		return "text/plain"
	case "html":
		return "text/html"
	case "":
		return otherwise
	}
	return "application/octet-stream"
}

// divide reads the parts of a multipart entity. One that cannot be divided
// becomes a text, or a file if it is over a limit.
func (r *reader) divide(e *Entity, depth int) {
	if depth >= r.limits.Depth {
		r.problem(TooDeep, e.Type)
		e.Type = "application/octet-stream"
		return
	}
	body := e.Body
	if enc := e.encoding(); enc == "base64" || enc == "quoted-printable" {
		if b := e.boundary(body); b == "" || !bytes.Contains(body, []byte("--"+b)) {
			body, _ = e.decode()
		}
	}
	boundary := e.boundary(body)
	segments, closed := split(body, boundary)
	if len(segments) == 0 {
		r.problem(NoBoundary, e.Type)
		e.Type, e.Params = "text/plain", map[string]string{}
		return
	}
	if !closed {
		r.problem(UnclosedParts, e.Type)
	}
	otherwise := "text/plain"
	if e.Type == "multipart/digest" {
		otherwise = "message/rfc822"
	}
	for _, s := range segments {
		if r.parts >= r.limits.Parts {
			r.problem(TooManyParts, "the rest is one file")
			rest := body[offset(body, s):]
			e.Children = append(e.Children, &Entity{Type: "application/octet-stream", Params: map[string]string{}, Raw: rest, Body: rest})
			return
		}
		e.Children = append(e.Children, r.entity(s, otherwise, depth+1))
	}
}

// boundary is the declared one, or that of the first line that looks like one.
func (e *Entity) boundary(body []byte) string {
	if b := strings.TrimRight(e.Params["boundary"], " \t"); b != "" {
		return b
	}
	for line := range bytes.Lines(body) {
		line = bytes.TrimRight(line, " \t\r\n")
		if len(line) > 4 && bytes.HasPrefix(line, []byte("--")) && bytes.IndexByte(line, ' ') < 0 {
			return string(line[2:])
		}
	}
	return ""
}

// split returns what stands between the delimiters of a body. Text before the
// first and after the closing one is nobody's.
func split(body []byte, boundary string) (segments [][]byte, closed bool) {
	if boundary == "" {
		return nil, false
	}
	mark := []byte("--" + boundary)
	from, open := 0, false
	for at := 0; at < len(body); {
		i := bytes.Index(body[at:], mark)
		if i < 0 {
			break
		}
		i += at
		end, last, ok := delimiter(body, i, len(mark))
		if !ok {
			at = i + len(mark)
			continue
		}
		if open {
			segments = append(segments, trimEnd(body[from:i]))
		}
		from, at, open, closed = end, end, !last, last
	}
	if open {
		segments = append(segments, body[from:])
	}
	return segments, closed
}

// delimiter says whether the mark at i is a line of its own, where the next
// line begins and whether it closes the parts.
func delimiter(body []byte, i, n int) (next int, last, ok bool) {
	if i > 0 && body[i-1] != '\n' {
		return 0, false, false
	}
	rest := body[i+n:]
	line := rest
	if j := bytes.IndexByte(rest, '\n'); j >= 0 {
		line, next = rest[:j], i+n+j+1
	} else {
		next = len(body)
	}
	switch line = bytes.TrimRight(line, " \t\r"); {
	case len(line) == 0:
		return next, false, true
	case bytes.Equal(line, []byte("--")):
		return next, true, true
	}
	return 0, false, false
}

// trimEnd takes away the line end that belongs to the delimiter.
func trimEnd(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}

// offset is where part begins in body, of which it is a slice.
func offset(body, part []byte) int { return cap(body) - cap(part) }
