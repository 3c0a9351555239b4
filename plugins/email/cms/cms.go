// Package cms takes the content out of an opaquely signed message (RFC 8551,
// RFC 5652), so that it can be read. It does not check the signature.
//
// The encoding is BER: Outlook writes lengths that are not said in advance and
// strings in pieces, which encoding/asn1 refuses.
package cms

import (
	"bytes"
	"errors"
)

// ErrNoContent says that the bytes hold no signed content: they are encrypted,
// detached, or something else.
var ErrNoContent = errors.New("cms: no signed content")

const (
	tagOctets   = 0x04
	tagOID      = 0x06
	tagSequence = 0x30
	tagContext0 = 0xa0
	pieces      = 0x24
	maxDepth    = 16
)

// Content returns what was signed: a MIME entity.
func Content(b []byte) ([]byte, error) {
	outer, ok := inside(b, tagSequence)
	if !ok || !isOID(outer, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}) {
		return nil, ErrNoContent
	}
	wrapped, ok := find(outer, tagContext0)
	if !ok {
		return nil, ErrNoContent
	}
	signed, ok := inside(wrapped, tagSequence)
	if !ok {
		return nil, ErrNoContent
	}
	info, ok := find(signed, tagSequence)
	if !ok || !isOID(info, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}) {
		return nil, ErrNoContent
	}
	explicit, ok := find(info, tagContext0)
	if !ok {
		return nil, ErrNoContent
	}
	out, ok := octets(explicit, 0)
	if !ok {
		return nil, ErrNoContent
	}
	return out, nil
}

// element is one value. The body of one without a length ends before its
// end-of-contents octets.
type element struct {
	tag  byte
	body []byte
	rest []byte
}

func next(b []byte, depth int) (element, bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f || depth > maxDepth {
		return element{}, false
	}
	tag, size, b := b[0], int(b[1]), b[2:]
	switch {
	case size == 0x80:
		return unsized(tag, b, depth)
	case size > 0x80:
		n := size & 0x7f
		if n > 4 || n > len(b) {
			return element{}, false
		}
		size = 0
		for _, c := range b[:n] {
			size = size<<8 | int(c)
		}
		b = b[n:]
	}
	if size < 0 || size > len(b) {
		return element{}, false
	}
	return element{tag, b[:size], b[size:]}, true
}

func unsized(tag byte, b []byte, depth int) (element, bool) {
	rest := b
	for !bytes.HasPrefix(rest, []byte{0, 0}) {
		e, ok := next(rest, depth+1)
		if !ok {
			return element{}, false
		}
		rest = e.rest
	}
	return element{tag, b[:len(b)-len(rest)], rest[2:]}, true
}

func inside(b []byte, tag byte) ([]byte, bool) {
	e, ok := next(b, 0)
	return e.body, ok && e.tag == tag
}

// find returns the body of the first value with the tag.
func find(b []byte, tag byte) ([]byte, bool) {
	for len(b) > 0 {
		e, ok := next(b, 0)
		if !ok {
			return nil, false
		}
		if e.tag == tag {
			return e.body, true
		}
		b = e.rest
	}
	return nil, false
}

func isOID(b, oid []byte) bool {
	e, ok := next(b, 0)
	return ok && e.tag == tagOID && bytes.Equal(e.body, oid)
}

// octets reads a string that may come in pieces.
func octets(b []byte, depth int) ([]byte, bool) {
	var out []byte
	for len(b) > 0 && depth < maxDepth {
		e, ok := next(b, 0)
		if !ok {
			return nil, false
		}
		switch e.tag {
		case tagOctets:
			out = append(out, e.body...)
		case pieces:
			inner, ok := octets(e.body, depth+1)
			if !ok {
				return nil, false
			}
			out = append(out, inner...)
		default:
			return nil, false
		}
		b = e.rest
	}
	return out, out != nil
}
