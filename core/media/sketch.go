package media

import (
	"bufio"
	"encoding/binary"
	"image/gif"
	"io"
)

// sketchOf reads the dimensions of an image and what it will cost to decode
// from the structure of its file. Nothing is unpacked.
func sketchOf(f io.ReaderAt, size int64, mime string) (sketch, error) {
	section := io.NewSectionReader(f, 0, size)
	switch mime {
	case typePNG:
		return sketchPNG(section)
	case typeJPEG:
		return sketchJPEG(section)
	case typeGIF:
		return sketchGIF(section)
	case typeWebP:
		return sketchWebP(section)
	default:
		return sketch{}, notDrawn("no image type")
	}
}

func times(width, height int, bytes int64) int64 { return int64(width) * int64(height) * bytes }

// sketchPNG reads IHDR (ISO/IEC 15948, 11.2.2) and the number of frames (acTL,
// which comes before the picture).
func sketchPNG(r io.ReadSeeker) (sketch, error) {
	var sig [8]byte
	if _, err := io.ReadFull(r, sig[:]); err != nil {
		return sketch{}, notDrawn("ends too early")
	}
	var k sketch
	for range 1000 { // chunks before the picture
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return sketch{}, notDrawn("ends too early")
		}
		length, kind := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		var data [13]byte
		n := min(length, int64(len(data)))
		if _, err := io.ReadFull(r, data[:n]); err != nil {
			return sketch{}, notDrawn("ends too early")
		}
		switch {
		case kind == "IHDR" && length == 13 && k.cost == 0:
			k.width, k.height = int(binary.BigEndian.Uint32(data[:])), int(binary.BigEndian.Uint32(data[4:]))
			k.cost = times(k.width, k.height, pngPixel(data[8], data[9]))
		case k.cost == 0:
			return sketch{}, notDrawn("does not begin with its header")
		case kind == "acTL" && n >= 4 && binary.BigEndian.Uint32(data[:]) > maxFrames:
			return sketch{}, notDrawn("too many frames")
		case kind == "IDAT":
			return k, nil
		}
		if _, err := r.Seek(length-n+4, io.SeekCurrent); err != nil {
			return sketch{}, notDrawn("ends too early")
		}
	}
	return sketch{}, notDrawn("no picture in it")
}

// pngPixel is how many bytes a decoded pixel takes, with what the decoder
// needs beside.
func pngPixel(depth, colour byte) int64 {
	switch {
	case depth == 16:
		return 8
	case colour == 3, colour == 0:
		return 2
	default:
		return 4
	}
}

// sketchJPEG walks over the segments (ITU-T T.81, B.1.1) and counts the scans.
func sketchJPEG(section io.Reader) (sketch, error) {
	w := jpegWalk{r: bufio.NewReader(section)}
	for {
		more, err := w.next()
		if err != nil {
			return sketch{}, err
		}
		if !more {
			break
		}
	}
	if w.cost == 0 {
		return sketch{}, notDrawn("no picture in it")
	}
	return w.sketch, nil
}

// jpegWalk is how far the segments of a JPEG have been read.
type jpegWalk struct {
	sketch

	r     *bufio.Reader
	scans int
}

// next reads a marker and its segment; false = that was the last.
func (w *jpegWalk) next() (bool, error) {
	marker, err := nextMarker(w.r)
	switch {
	case err != nil && w.scans > 0, marker == 0xd9: // a missing end is the decoder's to judge
		return false, nil
	case err != nil:
		return false, notDrawn("ends too early")
	case marker == 0xd8, marker == 0x01, marker >= 0xd0 && marker <= 0xd7: // these have no segment
		return true, nil
	}
	var size [2]byte
	if _, err := io.ReadFull(w.r, size[:]); err != nil {
		return false, nil //nolint:nilerr // as above
	}
	length := int(binary.BigEndian.Uint16(size[:])) - 2
	if length < 0 {
		return false, notDrawn("a segment without length")
	}
	if marker >= 0xc0 && marker <= 0xc2 {
		if w.cost > 0 {
			return false, notDrawn("two frames")
		}
		w.sketch, err = jpegFrame(w.r, length, marker == 0xc2)
		return true, err
	}
	if marker == 0xda {
		if w.scans++; w.scans > maxScans {
			return false, notDrawn("too many scans")
		}
	}
	_, err = w.r.Discard(length)
	return err == nil, nil
}

// nextMarker returns the next byte after 0xff that is a marker, past the
// pixels in front of it.
func nextMarker(r *bufio.Reader) (byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0xff {
			continue
		}
		for b == 0xff {
			if b, err = r.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 {
			return b, nil
		}
	}
}

// jpegFrame reads a start of frame. Decoding keeps a byte for each sample and,
// of a progressive image, four for its coefficient.
func jpegFrame(r *bufio.Reader, length int, progressive bool) (sketch, error) {
	head := make([]byte, length)
	if _, err := io.ReadFull(r, head); err != nil || length < 6 || length < 6+3*int(head[5]) || head[5] == 0 || head[5] > 4 {
		return sketch{}, notDrawn("a frame without components")
	}
	k := sketch{height: int(binary.BigEndian.Uint16(head[1:])), width: int(binary.BigEndian.Uint16(head[3:]))}
	samples, most := int64(0), int64(1)
	for i := range int(head[5]) {
		factors := head[6+3*i+1]
		n := int64(factors>>4) * int64(factors&15)
		samples, most = samples+n, max(most, n)
	}
	each := int64(1)
	if progressive {
		each = 5
	}
	k.cost = (times(k.width, k.height, each)*samples + most - 1) / most
	if head[5] == 4 { // CMYK is put together once more
		k.cost += times(k.width, k.height, 4)
	}
	if k.cost == 0 { // height 0 is told later, which the decoder does not know
		return sketch{}, notDrawn("no size in it")
	}
	return k, nil
}

// sketchGIF walks over the blocks (GIF89a, 20 to 26) and counts the frames.
func sketchGIF(section io.ReadSeeker) (sketch, error) {
	config, err := gif.DecodeConfig(section)
	if err != nil {
		return sketch{}, notDrawn(err.Error())
	}
	if _, err := section.Seek(10, io.SeekStart); err != nil {
		return sketch{}, err
	}
	r := bufio.NewReader(section)
	var screen [3]byte
	if _, err := io.ReadFull(r, screen[:]); err != nil {
		return sketch{}, notDrawn("ends too early")
	}
	skipColours(r, screen[0])
	for frames := 0; ; {
		b, err := r.ReadByte()
		if err != nil {
			b = 0x3b // a missing end is the decoder's to judge
		}
		switch b {
		case 0x3b:
			return sketch{config.Width, config.Height, times(config.Width, config.Height, 2)}, nil
		case 0x21: // an extension: its label, then blocks
			_, _ = r.Discard(1)
		case 0x2c:
			if frames++; frames > maxFrames {
				return sketch{}, notDrawn("too many frames")
			}
			var head [9]byte
			_, _ = io.ReadFull(r, head[:])
			skipColours(r, head[8])
			_, _ = r.Discard(1) // the code size
		default:
			continue
		}
		for n, err := r.ReadByte(); err == nil && n > 0; n, err = r.ReadByte() {
			_, _ = r.Discard(int(n)) // the next read tells
		}
	}
}

func skipColours(r *bufio.Reader, flags byte) {
	if flags&0x80 != 0 {
		_, _ = r.Discard(3 << (flags&7 + 1))
	}
}

// sketchWebP reads all the dimensions that a WebP tells (RFC 9649, 2.7; RFC
// 6386, 9.1): the canvas may say one thing and the picture another.
func sketchWebP(r io.ReadSeeker) (sketch, error) {
	if _, err := r.Seek(12, io.SeekStart); err != nil {
		return sketch{}, err
	}
	var k sketch
	for range 1000 {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			break
		}
		length, kind := int64(binary.LittleEndian.Uint32(head[4:])), string(head[:4])
		if kind == "ANIM" || kind == "ANMF" {
			return sketch{}, notDrawn("an animation")
		}
		var data [10]byte
		n := min(length, int64(len(data)))
		if _, err := io.ReadFull(r, data[:n]); err != nil {
			break
		}
		if w, h, bytes := webpSize(kind, data); bytes > 0 {
			k.width, k.height, k.cost = max(k.width, w), max(k.height, h), max(k.cost, times(w, h, bytes))
		}
		if _, err := r.Seek(length-n+length%2, io.SeekCurrent); err != nil {
			break
		}
	}
	if k.cost == 0 {
		return sketch{}, notDrawn("no picture in it")
	}
	return k, nil
}

// webpSize reads the dimensions in the head of a chunk, and how many bytes a
// pixel takes while it is decoded; 0 = this chunk has none.
func webpSize(kind string, data [10]byte) (width, height int, bytes int64) {
	switch kind {
	case "VP8X":
		return 1 + (int(data[4]) | int(data[5])<<8 | int(data[6])<<16), 1 + (int(data[7]) | int(data[8])<<8 | int(data[9])<<16), 2
	case "VP8 ":
		return int(binary.LittleEndian.Uint16(data[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(data[8:]) & 0x3fff), 4
	case "VP8L":
		bits := binary.LittleEndian.Uint32(data[1:])
		return 1 + int(bits&0x3fff), 1 + int(bits>>14&0x3fff), 10
	default:
		return 0, 0, 0
	}
}
