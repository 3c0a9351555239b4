package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"
)

// mp3Length reads the first frame (ISO/IEC 11172-3, 2.4.1.3): the number of
// frames that encoders of variable bit rates write into it, else the size by
// the bit rate.
func mp3Length(f io.ReaderAt, size int64) time.Duration {
	at := int64(0)
	if h := part(f, 0, 10); len(h) == 10 && string(h[:3]) == "ID3" {
		at = 10 + int64(h[6]&127)<<21 + int64(h[7]&127)<<14 + int64(h[8]&127)<<7 + int64(h[9]&127)
	}
	b := part(f, at, 4<<10)
	for len(b) >= 4 && (b[0] != 0xff || b[1]&0xe0 != 0xe0) {
		b, at = b[1:], at+1
	}
	if len(b) < 4 {
		return 0
	}
	rate, bits, samples := mp3Frame(binary.BigEndian.Uint32(b))
	if rate == 0 || bits == 0 {
		return 0
	}
	for _, tag := range []string{"Xing", "Info"} {
		if i := bytes.Index(b[:min(len(b), 200)], []byte(tag)); i >= 0 && len(b) >= i+12 && b[i+7]&1 != 0 {
			return seconds(float64(binary.BigEndian.Uint32(b[i+8:]))*samples, rate)
		}
	}
	return seconds(float64(size-at)*8, bits)
}

// mp3Frame returns samples a second, bits a second and samples of a frame of
// layer III; zeros for anything else.
func mp3Frame(h uint32) (rate, bits, samples float64) {
	version, layer := h>>19&3, h>>17&3
	rateAt, bitsAt := h>>10&3, h>>12&15
	if version == 1 || layer != 1 || rateAt == 3 {
		return 0, 0, 0
	}
	rate = []float64{44100, 48000, 32000}[rateAt]
	table := []float64{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}
	samples = 1152
	if version != 3 { // MPEG 2 and 2.5
		table = []float64{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}
		samples = 576
		rate /= 2
		if version == 0 {
			rate /= 2
		}
	}
	return rate, table[bitsAt] * 1000, samples
}
