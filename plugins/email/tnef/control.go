package tnef

import "unicode/utf16"

// signs are controls that stand for characters.
var signs = map[string]string{ //nolint:gochecknoglobals // a table
	"par": "\n", "line": "\n", "sect": "\n", "page": "\n", "row": "\n", "tab": "\t", "cell": "\t", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
	"bullet": "•", "endash": "–", "emdash": "—", "emspace": " ", "enspace": " ", "qmspace": " ",
}

// silent are destinations that hold no text of the message.
var silent = map[string]bool{ //nolint:gochecknoglobals // a table
	"colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true, "header": true, "footer": true, "headerl": true, "headerr": true, "headerf": true,
	"footerl": true, "footerr": true, "footerf": true, "footnote": true, "fldinst": true, "filetbl": true, "listtable": true, "listoverridetable": true, "revtbl": true,
	"rsidtbl": true, "generator": true, "xmlnstbl": true, "themedata": true, "bkmkstart": true, "bkmkend": true, "private": true, "ftnsep": true, "annotation": true,
}

// do follows a control.
func (r *reader) do(word string, number int, given bool) {
	if r.destines(word) || r.chooses(word, number, given) {
		return
	}
	switch word {
	case "u":
		r.unicode(number)
	case "bin":
		if number > 0 {
			r.rest = r.rest[min(number, len(r.rest)):]
		}
	default:
		if s, ok := signs[word]; ok && r.skip == 0 {
			r.put(s)
		} else if ok {
			r.skip--
		}
	}
}

// destines follows a control that says where the text of its group goes.
func (r *reader) destines(word string) bool {
	switch {
	case r.into == nowhere:
	case word == "fonttbl":
		r.into = fontTable
	case word == "htmltag" && r.starred:
		r.into = tag
	case silent[word], r.starred && !r.started:
		r.into = nowhere
	default:
		return false
	}
	return word != "bin" // its bytes are no text anywhere
}

// chooses follows a control about how text is read.
func (r *reader) chooses(word string, number int, given bool) bool {
	switch word {
	case "fromhtml":
		r.html = !given || number != 0
	case "htmlrtf":
		r.flush()
		r.hidden = !given || number != 0
	case "ansicpg":
		r.flush()
		r.codepage = codepage(uint32(max(number, 0))) //nolint:gosec // it is not negative
	case "uc":
		r.fallback = min(max(number, 0), 10)
	case "f":
		r.flush()
		r.font, r.group.codepage = number, r.fonts[number]
	case "plain":
		r.flush()
		r.group.codepage = ""
	case "fcharset":
		if label := ofFont(number); r.into == fontTable && label != "" && len(r.fonts) < maxFonts {
			r.fonts[r.font] = label
		}
	case "cpg":
		if r.into == fontTable && len(r.fonts) < maxFonts {
			r.fonts[r.font] = codepage(uint32(max(number, 0))) //nolint:gosec // it is not negative
		}
	default:
		return false
	}
	return true
}

// unicode takes a UTF-16 unit, which may be written as a negative number.
func (r *reader) unicode(number int) {
	r.flush()
	r.skip = r.fallback
	c := rune(uint16(number)) //nolint:gosec // it is meant so
	switch {
	case !utf16.IsSurrogate(c):
		r.high = 0
		r.put(string(c))
	case r.high != 0:
		r.put(string(utf16.DecodeRune(r.high, c)))
		r.high = 0
	default:
		r.high = c
	}
}

// ofFont is the codepage of a font's charset; "" = the document's.
func ofFont(charset int) string {
	pages := map[int]uint32{128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250}
	if page, ok := pages[charset]; ok {
		return codepage(page)
	}
	return ""
}
