package tnef

import "encoding/binary"

// maxRTF bounds rich text that is unpacked, in bytes.
const maxRTF = 8 << 20

// dictionary is what every compressed rich text begins with (MS-OXRTFCP 2.1.2.1).
const dictionary = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` +
	"\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

// Kinds of compression.
const (
	compressed   = 0x75465a4c // "LZFu"
	uncompressed = 0x414c454d // "MELA"
)

const window = 4096

// decompressed is rich text unpacked (MS-OXRTFCP), as far as it can be; nil if
// it is none. Its checksum is not looked at: what is there is better than nothing.
func decompressed(b []byte) []byte {
	if len(b) < 16 {
		return nil
	}
	size, body := min(binary.LittleEndian.Uint32(b[4:]), maxRTF), b[16:]
	switch binary.LittleEndian.Uint32(b[8:]) {
	case uncompressed:
		return body[:min(int(size), len(body))]
	case compressed:
		return expand(body, int(size))
	default:
		return nil
	}
}

// expand reads runs of eight tokens below a byte that says of each whether it is
// a letter or a place in the window, and a length.
func expand(in []byte, size int) []byte {
	var ring [window]byte
	at := copy(ring[:], dictionary)
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		ring[at] = c
		at = (at + 1) % window
	}
	for len(in) > 0 && len(out) < size {
		control := in[0]
		in = in[1:]
		for bit := 0; bit < 8 && len(in) > 0 && len(out) < size; bit++ {
			if control>>bit&1 == 0 {
				put(in[0])
				in = in[1:]
				continue
			}
			if len(in) < 2 {
				return out
			}
			word := int(binary.BigEndian.Uint16(in))
			in = in[2:]
			from := word >> 4
			if from == at { // the end
				return out
			}
			for range word&0xf + 2 {
				put(ring[from])
				from = (from + 1) % window
			}
		}
	}
	return out
}
