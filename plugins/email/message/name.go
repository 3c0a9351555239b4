package message

import (
	"strconv"
	"strings"
)

// maxTitle bounds a name made of a subject, in characters.
const maxTitle = 80

// titled makes the name of a forwarded message.
func titled(subject string) string {
	name := []rune(strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, subject), " ."))
	if len(name) == 0 {
		return "message.eml"
	}
	return string(name[:min(len(name), maxTitle)]) + ".eml"
}

// baseName is the name without folders.
func baseName(name string) string {
	return strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:])
}

// madeUp names a file that the sender did not.
func madeUp(number int, mediaType string) string {
	return "attachment-" + strconv.Itoa(number) + extension(mediaType)
}

func extension(mediaType string) string {
	switch mediaType {
	case "image/jpeg", "image/jpg", "image/pjpeg":
		return ".jpg"
	case "image/png", "image/gif", "image/webp", "image/bmp", "image/heic", "image/tiff", "application/pdf", "application/zip", "text/html", "text/csv", "audio/wav", "video/mp4", "application/json":
		return "." + mediaType[strings.IndexByte(mediaType, '/')+1:]
	case "text/plain", "message/delivery-status", "message/global-delivery-status", "text/rfc822-headers":
		return ".txt"
	case "application/pgp-signature", "application/pgp-encrypted", "application/pgp-keys":
		return ".asc"
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return ".p7s"
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return ".p7m"
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return ".docx"
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return ".xlsx"
	case "application/msword":
		return ".doc"
	case "application/vnd.ms-excel":
		return ".xls"
	case "application/ms-tnef":
		return ".dat"
	case "audio/mpeg":
		return ".mp3"
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	}
	return ".bin"
}
