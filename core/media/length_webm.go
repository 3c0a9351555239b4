package media

import (
	"encoding/binary"
	"io"
	"math"
	"time"
)

// Elements of Matroska that are looked at (RFC 9559, 5.1).
const (
	ebmlSegment  = 0x18538067
	ebmlInfo     = 0x1549a966
	ebmlScale    = 0x2ad7b1
	ebmlDuration = 0x4489
	ebmlTracks   = 0x1654ae6b
	ebmlEntry    = 0xae
	ebmlType     = 0x83
	ebmlCluster  = 0x1f43b675
)

// webmLength reads the duration from the segment's information. Recordings of
// browsers have none.
func webmLength(f io.ReaderAt, size int64) time.Duration {
	scale, duration := 1e6, 0.0 // ns
	elements(f, 0, size, []uint32{ebmlSegment, ebmlInfo}, func(id uint32, b []byte) {
		switch {
		case id == ebmlScale && len(b) <= 8:
			scale = float64(bigEndian(b))
		case id == ebmlDuration && len(b) == 4:
			duration = float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
		case id == ebmlDuration && len(b) == 8:
			duration = math.Float64frombits(binary.BigEndian.Uint64(b))
		}
	})
	if math.IsNaN(duration) || math.IsInf(duration, 0) {
		return 0
	}
	return seconds(duration*scale, 1e9)
}

// webmKind tells by the types of the tracks whether there is a picture.
func webmKind(f io.ReaderAt, size int64) Kind {
	sound, picture := false, false
	elements(f, 0, size, []uint32{ebmlSegment, ebmlTracks, ebmlEntry}, func(id uint32, b []byte) {
		if id == ebmlType && len(b) == 1 {
			sound, picture = sound || b[0] == 2, picture || b[0] == 1
		}
	})
	if sound && !picture {
		return Audio
	}
	return Video
}

func bigEndian(b []byte) uint64 {
	var v uint64
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	return v
}

// elements calls each with the small elements inside the master elements on a
// path. It stops at the first cluster: what it looks for comes before.
func elements(f io.ReaderAt, at, end int64, path []uint32, each func(id uint32, data []byte)) {
	for range 300 {
		h := part(f, at, 12)
		id, n := ebmlNumber(h, false)
		length, m := ebmlNumber(h[n:], true)
		if n == 0 || m == 0 || n > 4 || at >= end || id == ebmlCluster {
			return
		}
		at += int64(n + m)
		size := end - at // unknown: to the end
		if length < uint64(max(size, 0)) {
			size = int64(length) //nolint:gosec // smaller than size
		}
		switch {
		case len(path) == 0 && size <= 16:
			each(uint32(id), part(f, at, int(size))) //nolint:gosec // four bytes
		case len(path) > 0 && id == uint64(path[0]):
			elements(f, at, at+size, path[1:], each)
		}
		at += size
	}
}

// ebmlNumber reads a number of variable length (RFC 8794, 4), without or with
// its marker, and how many bytes it took; 0 = it is none.
func ebmlNumber(b []byte, strip bool) (value uint64, length int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	n := 1
	for mark := byte(0x80); b[0]&mark == 0; mark >>= 1 {
		n++
	}
	if len(b) < n {
		return 0, 0
	}
	v := bigEndian(b[:n])
	if strip {
		v &= 1<<(7*n) - 1
		if v == 1<<(7*n)-1 { // unknown
			return math.MaxUint64, n
		}
	}
	return v, n
}
