package tnef //nolint:testpackage // what is packed within is read by itself

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

// plainly wraps rich text without compressing it.
func plainly(rtf string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(rtf)+12))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(rtf)))
	b = binary.LittleEndian.AppendUint32(b, uncompressed)
	return append(binary.LittleEndian.AppendUint32(b, 0), rtf...)
}

// The examples of MS-OXRTFCP, 4.1 and 4.2.
func TestDecompressed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232" + "0af32068656c090020627705b06c647d0a800fa0": `{\rtf1\ansi\ansicpg1252\pard hello world}` + "\r\n",
		"1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0":                                            `{\rtf1 WXYZWXYZWXYZWXYZWXYZ}`,
	} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := decompressed(b); string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
		for n := range b {
			if got := decompressed(b[:n]); !strings.HasPrefix(want, string(got)) {
				t.Errorf("%d bytes of it are %q", n, got)
			}
		}
	}
	if got := decompressed(plainly("{x")); string(got) != "{x" {
		t.Errorf("what is not compressed is %q", got)
	}
	bomb := append(plainly(""), bytes.Repeat([]byte{0xff, 0, 0x1f, 0, 0x1f, 0, 0x1f, 0, 0x1f, 0, 0x1f, 0, 0x1f, 0, 0x1f, 0, 0x1f}, 1<<20)...)
	binary.LittleEndian.PutUint32(bomb[4:], 1<<31)
	binary.LittleEndian.PutUint32(bomb[8:], compressed)
	if got := decompressed(bomb); len(got) > maxRTF+17 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestRichText(t *testing.T) {
	t.Parallel()
	const fonts = `{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fnil\fcharset134 \'cb\'ce\'cc\'e5;}}{\colortbl\red0\green0\blue0;}`
	for name, c := range map[string]struct{ in, text, page string }{
		"a text":       {`{\rtf1\ansi\ansicpg1252` + fonts + `\pard Hello \b Ann\b0 ,\par caf\'e9\tab 5 \{\\\}\line\u8364?5~\par}`, "Hello Ann,\ncafé\t5 {\\}\n€5~", ""},
		"Chinese":      {`{\rtf1\ansi\ansicpg936` + fonts + `\f1 \'c4\'e3\'ba\'c3\f0 !\par}`, "你好!", ""},
		"by its font":  {`{\rtf1\ansi\ansicpg1252` + fonts + `{\f1\'c4\'e3\'ba\'c3}\'e9}`, "你好é", ""},
		"beyond 65535": {`{\rtf1\ansi\uc1\u-10179?\u-8704?!}`, "😀!", ""},
		"two for one":  {`{\rtf1\ansi\uc2\u20320\'c4\'e3\u22909\'ba\'c3.}`, "你好.", ""},
		"destinations": {`{\rtf1{\info{\author Eve}}{\*\generator Word;}{\pict\bin5 }}}}}0000}{\header no}{\field{\*\fldinst HYPERLINK "http://a"}{\fldrslt link}}}`, "link", ""},
		"a page": {
			`{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0` + fonts + `\uc1\pard\plain\deftab360 {\*\htmltag19 <html>}{\*\htmltag64}\htmlrtf {\htmlrtf0 {\*\htmltag84 <b>}\htmlrtf {\b \htmlrtf0 Hello\htmlrtf }\htmlrtf0 {\*\htmltag92 </b>}{\*\htmltag84 &nbsp;}{\*\mhtmltag84 <img src="x">} w\'f6rld\htmlrtf\par\htmlrtf0 \par {\*\htmltag27 </html>}}`,
			"", "<html><b>Hello</b>&nbsp; wörld\n</html>",
		},
		"a text in it": {`{\rtf1\ansi\fromtext \fbidi` + fonts + `\pard Hi\par you}`, "Hi\nyou", ""},
		"no rich text": {"Hello", "", ""},
		"broken":       {`{\rtf1 a}}}b\'zz\u\'`, "ab", ""},
	} {
		if text, page := richText([]byte(c.in)); text != c.text || page != c.page {
			t.Errorf("%s: %q, %q", name, text, page)
		}
	}
	deep := `{\rtf1 ` + strings.Repeat(`{\b `, 200_000) + "x" + strings.Repeat("}", 200_000) + "y}"
	if text, _ := richText([]byte(deep)); text != "xy" {
		t.Errorf("deep: %.20q", text)
	}
}

func FuzzRichText(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\fromhtml1{\fonttbl{\f1\fcharset134 x;}}{\*\htmltag <p>}\htmlrtf x\htmlrtf0 \f1\'c4\'e3\u20320?\bin3 abc}`))
	f.Add(plainly(`{\rtf1 x}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		rtf := decompressed(in)
		if len(rtf) > maxRTF+17 {
			t.Fatalf("%d bytes of %d", len(rtf), len(in))
		}
		for _, b := range [][]byte{in, rtf, append([]byte(`{\rtf1 `), in...)} {
			if text, page := richText(b); len(text)+len(page) > 4*len(b)+4 {
				t.Fatalf("%d bytes of %d", len(text)+len(page), len(b))
			}
		}
	})
}
