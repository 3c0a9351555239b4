package crm

import (
	"bytes"
	"encoding/binary"
)

// maxMarks is how many rows a cursor remembers: the core takes cursors of at
// most 8 KiB.
const maxMarks = 560

// marks are rows that were seen: of each the head of its fingerprint and its
// time, one after another.
type marks []byte

const (
	printSize = 5
	markSize  = printSize + 4
)

// has reports whether a row is among them.
func (m marks) has(fingerprint string) bool {
	for at := 0; at+markSize <= len(m); at += markSize {
		if bytes.Equal(m[at:at+printSize], []byte(fingerprint[:printSize])) {
			return true
		}
	}
	return false
}

// with adds a row.
func (m marks) with(fingerprint string, unix int64) marks {
	m = append(m, fingerprint[:printSize]...)
	return binary.BigEndian.AppendUint32(m, uint32(max(unix, 0))) //nolint:gosec // until 2106
}

// since returns those at a time or later.
func (m marks) since(unix int64) marks {
	var out marks
	for at := 0; at+markSize <= len(m); at += markSize {
		if int64(binary.BigEndian.Uint32(m[at+printSize:])) >= unix {
			out = append(out, m[at:at+markSize]...)
		}
	}
	return out
}

// last returns at most n, and a time that is later than all others were; 0 when
// there are no others.
func (m marks) last(n int) (marks, int64) {
	over := len(m)/markSize - n
	if over <= 0 {
		return m, 0
	}
	var after int64
	for at := 0; at < over*markSize; at += markSize {
		after = max(after, int64(binary.BigEndian.Uint32(m[at+printSize:]))+1)
	}
	return m[over*markSize:], after
}
