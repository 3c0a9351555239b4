// Package charset turns the bytes of mail into text. Labels in mail are
// often wrong, so a label is a hint: what it cannot mean is detected.
package charset

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// Decode returns b as valid UTF-8 and the charset it was read as, by its
// usual name in lower case. The label is that of a Content-Type or of an
// encoded word; it may be empty, wrong or unknown. Decode never fails: bytes
// that mean nothing become U+FFFD.
func Decode(label string, b []byte) (text, used string) {
	name := canonical(label)
	switch name {
	case "", "us-ascii":
		return Detect(b)
	case "utf-8":
		return decodeUTF8(b)
	case "utf-7":
		return decodeUTF7(b), name
	case "iso-2022-kr":
		return run(korean.EUCKR, shiftOut(b)), name
	case "windows-1252", "iso-8859-1":
		if !ascii(b) && utf8.Valid(b) {
			return clean(string(b)), "utf-8"
		}
	}
	e := lookup(name)
	if e == nil {
		return Detect(b)
	}
	return run(e, b), name
}

// Known says whether the label names a charset that Decode can read.
func Known(label string) bool {
	switch name := canonical(label); name {
	case "":
		return false
	case "us-ascii", "utf-8", "utf-7", "iso-2022-kr":
		return true
	default:
		return lookup(name) != nil
	}
}

func decodeUTF8(b []byte) (text, used string) {
	b = []byte(strings.TrimPrefix(string(b), "\ufeff"))
	if utf8.Valid(b) {
		return clean(string(b)), "utf-8"
	}
	bad, all := 0, 0
	for rest := b; len(rest) > 0; all++ {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			bad++
		}
		if r < utf8.RuneSelf {
			all--
		}
		rest = rest[n:]
	}
	if bad*4 < all {
		return clean(strings.ToValidUTF8(string(b), "\ufffd")), "utf-8"
	}
	return Detect(b)
}

// canonical returns the label's usual name. GB2312 and its kin are read as
// GB18030, which holds them all: what is labelled GB2312 often is more.
func canonical(label string) string {
	name := strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	name = strings.TrimPrefix(name, "charset=")
	name, _, _ = strings.Cut(name, "*")
	switch name {
	case "", "unknown", "unknown-8bit", "x-unknown", "8bit", "none", "default", "default_charset", "binary":
		return ""
	case "ascii", "ansi_x3.4-1968", "us", "646", "iso646-us", "us-ascii":
		return "us-ascii"
	case "gb2312", "gbk", "x-gbk", "cp936", "ms936", "windows-936", "euc-cn", "gb_2312-80", "csgb2312", "gb-2312", "gb18030", "gb-18030", "x-gb18030", "chinese", "iso-ir-58":
		return "gb18030"
	case "utf8", "utf-8", "utf_8", "utf8mb4", "utf-8-sig", "unicode-1-1-utf-8":
		return "utf-8"
	case "utf7", "utf-7", "unicode-1-1-utf-7", "csunicode11utf7":
		return "utf-7"
	case "iso-2022-kr", "csiso2022kr":
		return "iso-2022-kr"
	case "ks_c_5601-1987", "cp949", "uhc", "ms949", "x-windows-949", "ks_c_5601":
		return "euc-kr"
	case "cp932", "ms932", "sjis", "shift-jis", "windows-31j", "x-ms-cp932":
		return "shift_jis"
	case "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-ms", "cp50220", "cp50221", "csiso2022jp":
		return "iso-2022-jp"
	case "cp950", "big5-hkscs", "big5hkscs", "x-x-big5", "big-5":
		return "big5"
	case "hz", "hz-gb-2312":
		return "hz-gb-2312"
	}
	return numbered(name)
}

// numbered mends the spellings of charsets with numbers: "iso8859_15", "cp-850".
func numbered(name string) string {
	name = strings.ReplaceAll(name, "_", "-")
	if name == "shift-jis" {
		return "shift_jis"
	}
	for _, p := range []string{"iso-8859-", "iso8859-", "iso-88-59-", "8859-", "iso8859"} {
		if n, ok := strings.CutPrefix(name, p); ok {
			return "iso-8859-" + n
		}
	}
	for _, p := range []string{"windows-", "cp-", "cp", "ms-ansi-", "win-", "x-cp", "windows"} {
		if n, ok := strings.CutPrefix(name, p); ok && len(n) == 4 && strings.HasPrefix(n, "125") {
			return "windows-" + n
		}
	}
	for _, p := range []string{"ibm-", "cp-", "cp", "dos-"} {
		if n, ok := strings.CutPrefix(name, p); ok && len(n) == 3 {
			return "ibm" + n
		}
	}
	return name
}

// lookup finds an encoding by its canonical name. Nil: we have none.
func lookup(name string) encoding.Encoding {
	switch name {
	case "gb18030":
		return simplifiedchinese.GB18030
	case "hz-gb-2312":
		return simplifiedchinese.HZGB2312
	case "iso-2022-jp":
		return japanese.ISO2022JP
	case "utf-16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	e, err := htmlindex.Get(name)
	if err == nil && e != encoding.Replacement {
		return e
	}
	if e, err = ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	if e, err = ianaindex.IANA.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

func run(e encoding.Encoding, b []byte) string {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		text, _ := Detect(b)
		return text
	}
	return clean(strings.ToValidUTF8(string(out), "\ufffd"))
}

// clean drops what no text needs and databases refuse.
func clean(s string) string {
	return strings.ReplaceAll(strings.TrimPrefix(s, "\ufeff"), "\x00", "")
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
