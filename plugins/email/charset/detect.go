package charset

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// sample bounds what detection looks at.
const sample = 64 << 10

// Detect reads bytes that say nothing about their charset, or nothing true:
// UTF-8 where it is valid, else what the bytes look like, GB18030 before the
// rest. The last resort is windows-1252, in which every byte means something.
func Detect(b []byte) (text, used string) {
	e, name := detect(b)
	if e == nil {
		return clean(string(b)), name
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return clean(string(bytes.ToValidUTF8(b, []byte("\ufffd")))), "utf-8"
	}
	return clean(string(bytes.ToValidUTF8(out, []byte("\ufffd")))), name
}

func detect(b []byte) (encoding.Encoding, string) {
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "utf-16"
	case bytes.Contains(b, []byte("\x1b$B")), bytes.Contains(b, []byte("\x1b$@")):
		return japanese.ISO2022JP, "iso-2022-jp"
	case ascii(b):
		return nil, "us-ascii"
	case utf8.Valid(b):
		return nil, "utf-8"
	}
	look := b[:min(len(b), sample)]
	if share(look, shiftJISKana) >= 0.4 && decodes(japanese.ShiftJIS, look) {
		return japanese.ShiftJIS, "shift_jis"
	}
	if share(look, eucKana) >= 0.3 && decodes(japanese.EUCJP, look) {
		return japanese.EUCJP, "euc-jp"
	}
	if share(look, commonHanzi) >= 0.5 && decodes(simplifiedchinese.GB18030, look) {
		return simplifiedchinese.GB18030, "gb18030"
	}
	if share(look, big5Common) >= 0.6 && decodes(traditionalchinese.Big5, look) {
		return traditionalchinese.Big5, "big5"
	}
	if name := cyrillic(look); name == "koi8-r" {
		return charmap.KOI8R, name
	} else if name != "" {
		return charmap.Windows1251, name
	}
	if four(look) {
		return simplifiedchinese.GB18030, "gb18030"
	}
	return charmap.Windows1252, "windows-1252"
}

// share is how many of the pairs that begin with a high byte are common.
func share(b []byte, common func(lead, trail byte) bool) float64 {
	pairs, hits := 0, 0
	for i := 0; i < len(b); i++ {
		if b[i] < utf8.RuneSelf {
			continue
		}
		pairs++
		if i+1 < len(b) && common(b[i], b[i+1]) {
			hits++
		}
		i++
	}
	if pairs == 0 {
		return 0
	}
	return float64(hits) / float64(pairs)
}

// The first level of GB 2312 and its punctuation: what nearly every Chinese
// text is made of.
func commonHanzi(lead, trail byte) bool {
	return trail >= 0xa1 && (lead >= 0xb0 && lead <= 0xd7 || lead == 0xa1 || lead == 0xa3)
}

func big5Common(lead, trail byte) bool {
	return lead >= 0xa4 && lead <= 0xc6 && (trail >= 0xa1 || trail >= 0x40 && trail <= 0x7e)
}

func shiftJISKana(lead, trail byte) bool {
	return lead == 0x82 && trail >= 0x9f && trail <= 0xf1 || lead == 0x83 && trail >= 0x40 && trail <= 0x96
}

func eucKana(lead, trail byte) bool { return (lead == 0xa4 || lead == 0xa5) && trail >= 0xa1 }

// decodes says whether all of it means something. The last bytes may be the
// beginning of a character that the sample cut.
func decodes(e encoding.Encoding, b []byte) bool {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return false
	}
	i := bytes.IndexRune(out, utf8.RuneError)
	return i < 0 || i >= len(out)-8 && len(b) == sample
}

// cyrillic tells long runs of letters with high bytes apart by where the small
// letters stand. Empty: no Cyrillic.
func cyrillic(b []byte) string {
	high, runs, low, up := 0, 0, 0, 0
	for i, c := range b {
		if c < utf8.RuneSelf {
			continue
		}
		high++
		if i == 0 || b[i-1] < utf8.RuneSelf {
			runs++
		}
		switch {
		case c >= 0xe0:
			up++
		case c >= 0xc0:
			low++
		}
	}
	switch {
	case runs == 0 || high < 3*runs || (up+low)*10 < high*9:
		return ""
	case up > 2*low:
		return "windows-1251"
	case low > 2*up:
		return "koi8-r"
	}
	return ""
}

// four finds characters of four bytes, which only GB18030 has.
func four(b []byte) bool {
	digit := func(c byte) bool { return c >= 0x30 && c <= 0x39 }
	for i := 0; i+3 < len(b); i++ {
		if b[i] >= 0x81 && digit(b[i+1]) && b[i+2] >= 0x81 && digit(b[i+3]) {
			return decodes(simplifiedchinese.GB18030, b)
		}
	}
	return false
}
