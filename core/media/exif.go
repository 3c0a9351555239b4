package media

import (
	"encoding/binary"
	"io"
)

// orientation is how a picture has to be turned to stand upright: the value of
// EXIF's tag 0x0112 (CIPA DC-008, 4.6.4), 1 to 8; 1 = as it is.
type orientation int

// swaps reports whether width and height change places.
func (o orientation) swaps() bool { return o >= 5 }

// maxExif is how much of a file is searched for its orientation, in bytes.
const maxExif = 256 << 10

// orientationOf reads how the image is to be turned; 1 when it does not say so
// in a form that can be read.
func orientationOf(f io.ReaderAt, mime string) orientation {
	head := make([]byte, maxExif)
	n, _ := f.ReadAt(head, 0) // what is there is what is searched
	head = head[:n]
	var tiff []byte
	switch mime {
	case typeJPEG:
		tiff = jpegExif(head)
	case typePNG:
		tiff = pngChunk(head, "eXIf")
	case typeWebP:
		tiff = webpChunk(head, "EXIF")
	}
	return tiffOrientation(tiff)
}

// jpegExif finds the TIFF structure in the APP1 segment.
func jpegExif(b []byte) []byte {
	const mark = "Exif\x00\x00"
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		kind, size := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if kind == 0xda || size < 2 { // the picture itself
			return nil
		}
		end := min(at+2+size, len(b))
		if segment := b[at+4 : max(end, at+4)]; kind == 0xe1 && len(segment) > len(mark) && string(segment[:len(mark)]) == mark {
			return segment[len(mark):]
		}
		at += 2 + size
	}
	return nil
}

// pngChunk returns the data of the first chunk of a kind.
func pngChunk(b []byte, kind string) []byte {
	for at := 8; at+8 <= len(b); {
		size := int64(binary.BigEndian.Uint32(b[at:]))
		if string(b[at+4:at+8]) == kind {
			return b[at+8 : min(int64(len(b)), int64(at)+8+size)]
		}
		if int64(at)+12+size > int64(len(b)) {
			return nil
		}
		at += 12 + int(size)
	}
	return nil
}

// webpChunk returns the data of the first chunk of a kind.
func webpChunk(b []byte, kind string) []byte {
	for at := 12; at+8 <= len(b); {
		size := int64(binary.LittleEndian.Uint32(b[at+4:]))
		if string(b[at:at+4]) == kind {
			return b[at+8 : min(int64(len(b)), int64(at)+8+size)]
		}
		if int64(at)+8+size+size%2 > int64(len(b)) {
			return nil
		}
		at += 8 + int(size+size%2)
	}
	return nil
}

// tiffOrientation reads the tag from the first directory.
func tiffOrientation(b []byte) orientation {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(b[:2]) {
	case "II":
	case "MM":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	entries := int64(order.Uint16(b[at:]))
	for i := range entries {
		e := at + 2 + 12*i
		if e+12 > int64(len(b)) {
			return 1
		}
		if order.Uint16(b[e:]) != 0x0112 {
			continue
		}
		if v := order.Uint16(b[e+8:]); v >= 1 && v <= 8 {
			return orientation(v)
		}
		return 1
	}
	return 1
}
