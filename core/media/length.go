package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"
)

// longest is the longest playing time that is believed.
const longest = 100 * time.Hour

// lengthOf returns how long an audio or video plays, where its header tells
// cheaply; 0 when not.
func lengthOf(f io.ReaderAt, size int64, mime string) time.Duration {
	var d time.Duration
	switch mime {
	case typeWAV:
		d = wavLength(f, size)
	case typeOgg:
		d = oggLength(f, size)
	case typeMP3:
		d = mp3Length(f, size)
	case typeM4A, typeMP4, "video/quicktime":
		d = mp4Length(f, size)
	case typeWebA, typeWebM:
		d = webmLength(f, size)
	}
	if d < 0 || d > longest {
		return 0
	}
	return d
}

// part reads at most n bytes at an offset.
func part(f io.ReaderAt, at int64, n int) []byte {
	b := make([]byte, n)
	got, _ := f.ReadAt(b, at) // what is there
	return b[:got]
}

// seconds is units of 1/rate s, rounded to milliseconds.
func seconds(units, rate float64) time.Duration {
	if rate <= 0 || units <= 0 || units/rate > longest.Seconds() {
		return 0
	}
	return time.Duration(units / rate * float64(time.Second)).Round(time.Millisecond)
}

// wavLength divides the length of "data" by the bytes a second of "fmt ".
func wavLength(f io.ReaderAt, size int64) time.Duration {
	rate := 0.0
	at := int64(12)
	for range 100 {
		h := part(f, at, 24)
		if len(h) < 8 {
			break
		}
		length := int64(binary.LittleEndian.Uint32(h[4:]))
		switch {
		case string(h[:4]) == "fmt " && len(h) >= 20:
			rate = float64(binary.LittleEndian.Uint32(h[16:]))
		case string(h[:4]) == "data":
			return seconds(float64(min(length, size-at-8)), rate)
		}
		at += 8 + length + length%2
	}
	return 0
}

// oggLength is the granule position of the last page, in samples (RFC 3533, 6;
// Opus always counts 48,000 a second and has its pre-skip: RFC 7845, 4).
func oggLength(f io.ReaderAt, size int64) time.Duration {
	head := part(f, 0, 128)
	rate, skip := 0.0, 0.0
	if i := bytes.Index(head, []byte("OpusHead")); i >= 0 && len(head) >= i+12 {
		rate, skip = 48000, float64(binary.LittleEndian.Uint16(head[i+10:]))
	} else if i := bytes.Index(head, []byte("\x01vorbis")); i >= 0 && len(head) >= i+16 {
		rate = float64(binary.LittleEndian.Uint32(head[i+12:]))
	}
	const most = 64 << 10 // a page has at most 65,307 bytes
	tail := part(f, max(0, size-most), most)
	i := bytes.LastIndex(tail, []byte("OggS"))
	if i < 0 || len(tail) < i+14 {
		return 0
	}
	return seconds(float64(int64(binary.LittleEndian.Uint64(tail[i+6:])))-skip, rate) //nolint:gosec // -1 = none
}

// mp4Length reads the movie header (ISO/IEC 14496-12, 8.2.2).
func mp4Length(f io.ReaderAt, size int64) time.Duration {
	var d time.Duration
	boxes(f, 0, size, []string{"moov", "mvhd"}, func(at, _ int64) {
		b := part(f, at, 32)
		switch {
		case len(b) == 32 && b[0] == 1:
			d = seconds(float64(binary.BigEndian.Uint64(b[24:])), float64(binary.BigEndian.Uint32(b[20:])))
		case len(b) >= 20:
			d = seconds(float64(binary.BigEndian.Uint32(b[16:])), float64(binary.BigEndian.Uint32(b[12:])))
		}
	})
	return d
}

// mp4Kind tells by the handlers of the tracks (8.4.3) whether there is a picture.
func mp4Kind(f io.ReaderAt, size int64) Kind {
	sound, picture := false, false
	boxes(f, 0, size, []string{"moov", "trak", "mdia", "hdlr"}, func(at, _ int64) {
		b := part(f, at, 12)
		if len(b) == 12 {
			sound = sound || string(b[8:]) == "soun"
			picture = picture || string(b[8:]) == "vide"
		}
	})
	if sound && !picture {
		return Audio
	}
	return Video
}

// boxes calls each with the content of every box on a path. It looks at a few
// hundred boxes and goes no deeper than the path.
func boxes(f io.ReaderAt, at, end int64, path []string, each func(at, end int64)) {
	for range 300 {
		h := part(f, at, 16)
		if at+8 > end || len(h) < 8 {
			return
		}
		length, head := int64(binary.BigEndian.Uint32(h)), int64(8)
		switch {
		case length == 0:
			length = end - at
		case length == 1 && len(h) == 16:
			length, head = int64(binary.BigEndian.Uint64(h[8:])), 16 //nolint:gosec // checked below
		}
		if length < head || length > end-at {
			return
		}
		switch kind := string(h[4:8]); {
		case len(path) == 1 && kind == path[0]:
			each(at+head, at+length)
		case len(path) > 1 && kind == path[0]:
			boxes(f, at+head, at+length, path[1:], each)
		}
		at += length
	}
}
