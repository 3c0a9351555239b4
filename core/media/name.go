package media

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of a name, in characters.
const (
	MaxName      = 120
	maxExtension = 16   // the dot included; what is longer is no extension
	maxRawName   = 4096 // bytes that are looked at
)

// CleanName makes the name that people are shown of the one that came with a
// file. What it returns is valid UTF-8 in NFC, of 1 to MaxName characters, and
// holds no control character, nothing that changes the direction of text or
// has no width, no path separator and none of <>:"|?*; it does not begin with
// a dot, does not end with a dot or a space and is no device of Windows. The
// extension is kept. It names nothing on our disks: see Files.
func CleanName(raw string) string {
	raw = strings.ToValidUTF8(raw[:min(len(raw), maxRawName)], "")
	if i := strings.LastIndexAny(raw, `/\`); i >= 0 { // some browsers send the whole path
		if last := raw[i+1:]; strings.Trim(last, ". ") != "" {
			raw = last
		}
	}
	// What one step takes away can be what another waited for.
	for {
		name := cleaned(raw)
		if name == raw {
			return name
		}
		raw = name
	}
}

// cleaned is one round. Each makes a name shorter, or leaves it, but for the
// first and for what is reserved, which happens once.
func cleaned(name string) string {
	name = strings.Map(printable, norm.NFC.String(name))
	name = strings.Join(strings.Fields(name), " ")
	name = norm.NFC.String(shorten(strings.Trim(name, ". ")))
	if name == "" {
		return "file"
	}
	if reserved(name) {
		return "_" + shortenTo(name, MaxName-1)
	}
	return name
}

// printable drops what cannot be seen and replaces what means something to a
// file system.
func printable(r rune) rune {
	switch {
	case unicode.Is(unicode.White_Space, r):
		return ' '
	case r == utf8.RuneError, unicode.IsControl(r), invisible(r):
		return -1
	case strings.ContainsRune(`/\<>:"|?*`+"∕⁄⧸∖⧵／＼", r): // and what only looks like a separator
		return '_'
	default:
		return r
	}
}

// invisible reports whether a character has no shape of its own: the format
// characters (Cf: bidi marks, embeddings, overrides and isolates, joiners, soft
// hyphen, tags), what is never assigned or for private use, fillers, and
// variation selectors.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Noncharacter_Code_Point) ||
		r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' || r == '\u2800' || r == '\u034f' || r == '\u17b4' || r == '\u17b5'
}

// shorten cuts a name to MaxName characters, in front of its extension.
func shorten(name string) string { return shortenTo(name, MaxName) }

func shortenTo(name string, most int) string {
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	ext := extension(name)
	stem := []rune(strings.TrimSuffix(name, ext))
	stem = stem[:min(len(stem), most-utf8.RuneCountInString(ext))]
	cut := strings.TrimRight(string(stem), ". ")
	for unicode.Is(unicode.Mn, lastRune(cut)) { // a mark without all of its fellows
		cut = cut[:len(cut)-utf8.RuneLen(lastRune(cut))]
	}
	return cut + ext
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// extension returns the last dot and what follows, "" when that is no extension.
func extension(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || utf8.RuneCountInString(name[i:]) > maxExtension || strings.ContainsRune(name[i:], ' ') {
		return ""
	}
	return name[i:]
}

// reserved reports whether Windows takes a name, whatever its extension, for a device.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	stem = strings.TrimRight(stem, " ")
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	rest, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		rest, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && utf8.RuneCountInString(rest) == 1 && strings.ContainsAny(rest, "0123456789¹²³")
}

// CleanType makes the type that people are shown of what somebody says of a file
// that is not here: a MIME type without parameters, or Binary.
func CleanType(raw string) string {
	raw, _, _ = strings.Cut(raw, ";")
	raw = strings.ToLower(strings.TrimSpace(raw))
	if len(raw) > MaxName || strings.Count(raw, "/") != 1 || strings.HasPrefix(raw, "/") || strings.HasSuffix(raw, "/") {
		return Binary
	}
	for _, r := range raw {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("/.+-_", r) {
			return Binary
		}
	}
	return raw
}
