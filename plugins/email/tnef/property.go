package tnef

import "encoding/binary"

// Kinds of property values (MS-OXCDATA 2.11.1).
const (
	kindObject  = 0x0d
	kindString  = 0x1e
	kindUnicode = 0x1f
	kindBinary  = 0x102
	manyValues  = 0x1000
	firstNamed  = 0x8000
)

type property struct {
	id    uint32
	kind  uint32
	value []byte // the first one, of properties with several
}

// properties calls found for each property of a block, until one that cannot be
// read.
func properties(b []byte, found func(property)) {
	in := &input{rest: b}
	for range in.long() {
		kind, id := in.short(), in.short()
		if id >= firstNamed {
			in.take(16)
			if in.long() == 0 {
				in.take(4)
			} else {
				in.padded(in.long())
			}
		}
		value := in.values(kind)
		if in.failed {
			return
		}
		found(property{id: id, kind: kind &^ manyValues, value: value})
	}
}

func (in *input) values(kind uint32) []byte {
	many := kind&manyValues != 0
	kind &^= manyValues
	count := uint32(1)
	variable := kind == kindObject || kind == kindString || kind == kindUnicode || kind == kindBinary
	if many || variable {
		count = in.long()
	}
	var first []byte
	for i := range count {
		var v []byte
		if variable {
			v = in.padded(in.long())
		} else {
			v = in.take(fixed(kind))
		}
		if in.failed {
			return nil
		}
		if i == 0 {
			first = v
		}
	}
	return first
}

// fixed is the size of values of one size, filled up to four bytes.
func fixed(kind uint32) uint32 {
	switch kind {
	case 0x05, 0x06, 0x07, 0x14, 0x40:
		return 8
	case 0x48:
		return 16
	}
	return 4
}

// input is read from the front. After a read beyond the end it has failed, and
// gives nothing more.
type input struct {
	rest   []byte
	failed bool
}

func (in *input) take(n uint32) []byte {
	if in.failed || uint64(n) > uint64(len(in.rest)) {
		in.failed = true
		in.rest = nil
		return nil
	}
	out := in.rest[:n]
	in.rest = in.rest[n:]
	return out
}

// padded takes n bytes and what fills them up to a multiple of four.
func (in *input) padded(n uint32) []byte {
	out := in.take(n)
	if fill := -n & 3; !in.failed && uint64(fill) <= uint64(len(in.rest)) {
		in.take(fill)
	}
	return out
}

func (in *input) long() uint32 {
	b := in.take(4)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

func (in *input) short() uint32 {
	b := in.take(2)
	if b == nil {
		return 0
	}
	return uint32(binary.LittleEndian.Uint16(b))
}
