package media

import (
	"bytes"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// The types that are more than bytes to us.
const (
	typePNG  = "image/png"
	typeJPEG = "image/jpeg"
	typeGIF  = "image/gif"
	typeWebP = "image/webp"
	typeOgg  = "audio/ogg"
	typeMP3  = "audio/mpeg"
	typeWAV  = "audio/wav"
	typeM4A  = "audio/mp4"
	typeWebA = "audio/webm"
	typeWebM = "video/webm"
	typeMP4  = "video/mp4"

	// Binary is the type of what nobody recognises.
	Binary = "application/octet-stream"
)

// sniffed is how much of a file is looked at to tell its type, in bytes.
const sniffed = 3072

// Sniff tells the MIME type of a file by its first bytes, without parameters.
// It never errs: what it does not know is Binary.
func Sniff(head []byte) string {
	head = head[:min(len(head), sniffed)]
	switch { // what we go by ourselves is ours to decide
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return typePNG
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return typeJPEG
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return typeGIF
	case riff(head, "WEBP"):
		return typeWebP
	case riff(head, "WAVE"):
		return typeWAV
	case bytes.HasPrefix(head, []byte("#!AMR\n")): // RFC 4867, 5
		return typeAMR
	case bytes.HasPrefix(head, []byte("#!AMR-WB\n")):
		return typeAMRWB
	case bytes.HasPrefix(head, []byte("#!SILK_V3")), bytes.HasPrefix(head, []byte("\x02#!SILK_V3")): // the latter of Tencent
		return typeSILK
	}
	kind, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	switch kind {
	case "application/ogg":
		return typeOgg
	case "audio/x-m4a":
		return typeM4A
	case typePNG, "image/vnd.mozilla.apng", typeJPEG, typeGIF, typeWebP, typeWAV: // without the marks above it is none
		return Binary
	case "":
		return Binary
	}
	return kind
}

func riff(head []byte, form string) bool {
	return len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == form
}

// looked is what the content of a file says of it.
type looked struct {
	mime string
	kind Kind
}

// look tells type and kind of a file. An image is only a candidate: it is one
// when it can be drawn.
func look(f io.ReaderAt, size int64) (looked, error) {
	head := make([]byte, min(size, sniffed))
	if n, err := f.ReadAt(head, 0); err != nil && (n < len(head) || err != io.EOF) {
		return looked{}, err
	}
	mime := Sniff(head)
	switch mime {
	case typeMP4, typeM4A, "video/quicktime", "video/3gpp", "audio/3gpp":
		if mp4Kind(f, size) == Audio {
			mime = typeM4A
		} else if mime == typeM4A {
			mime = typeMP4
		}
	case typeWebM:
		if webmKind(f, size) == Audio {
			mime = typeWebA
		}
	}
	return looked{mime, kindOf(mime)}, nil
}

// KindOf is the kind of a file that somebody says is of a type.
func KindOf(announced string) Kind { return kindOf(announced) }

func kindOf(mime string) Kind {
	switch mime {
	case typePNG, typeJPEG, typeGIF, typeWebP:
		return Image
	case typeOgg, typeMP3, typeWAV, typeM4A, typeWebA:
		return Audio
	}
	if strings.HasPrefix(mime, "video/") {
		return Video
	}
	return File
}

// Inline reports whether the bytes of a file may be shown in place. Of images
// never the file itself, only the preview.
func Inline(a Attachment) bool { return a.Kind == Audio && kindOf(a.Type) == Audio }

// ServedType is the MIME type under which a file's bytes are answered: of an
// allow-list, none of which a browser runs, or Binary.
func ServedType(a Attachment) string {
	switch a.Type {
	case typePNG, typeJPEG, typeGIF, typeWebP, typeOgg, typeMP3, typeWAV, typeM4A, typeWebA, typeWebM, typeMP4,
		"video/quicktime", "video/ogg", "application/pdf", "application/zip", "application/msword", "application/vnd.ms-excel",
		"application/vnd.ms-powerpoint", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet":
		return a.Type
	default:
		return Binary
	}
}
