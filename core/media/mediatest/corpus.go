package mediatest

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/patchbay-im/patchbay/core/media"
)

// Specimen is a file that means harm, or looks like one that does, with what
// must become of it.
type Specimen struct {
	Label string
	Name  string // as its sender calls it
	Data  []byte
	Kind  media.Kind
	Type  string // "" = whatever it is taken for
	Drawn bool   // it gets a preview
	Shown string // the cleaned name; "" = not looked at
}

// Corpus makes the files. Nothing of it is stored: each is built here.
func Corpus() []Specimen {
	var all []Specimen
	for _, part := range [][]Specimen{Small(), bombs(), animations()} {
		all = append(all, part...)
	}
	return all
}

// Small is the part of the corpus that is quick to make.
func Small() []Specimen {
	var all []Specimen
	for _, part := range [][]Specimen{markup(), polyglots(), metadata(), broken(), sound(), innocent()} {
		all = append(all, part...)
	}
	return all
}

const script = `<script>alert(document.domain)</script>`

func markup() []Specimen {
	svg := `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">` + script + `</svg>`
	page := "<!DOCTYPE html><html><body>" + script + "</body></html>"
	var all []Specimen
	for label, text := range map[string]string{
		"SVG":                                 svg,
		"SVG with a declaration":              `<?xml version="1.0"?>` + svg,
		"HTML":                                page,
		"HTML after spaces":                   strings.Repeat("\n \t", 100) + page,
		"HTML after a BOM":                    "\ufeff" + page,
		"HTML in UTF-16":                      "\xfe\xff\x00<\x00s\x00c\x00r\x00i\x00p\x00t\x00>",
		"HTML in UTF-7":                       "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
		"XHTML":                               `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">` + script + `</html>`,
		"XML with a style sheet":              `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="data:,x"?><a/>`,
		"a comment, then HTML":                "<!-- GIF89a -->" + page,
		"almost PNG, then HTML":               "\x89PNG\r\n" + page,
		"almost JPEG, then HTML":              "\xff\xd8" + page,
		"JavaScript":                          "alert(1)",
		"MHTML":                               "MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n" + page,
		"Flash":                               "CWS\x09" + page,
		"a Windows shortcut":                  "[InternetShortcut]\r\nURL=javascript:alert(1)",
		"SVG in capitals":                     strings.ToUpper(svg),
		"HTML in UTF-16, the other way round": "\xff\xfe<\x00s\x00c\x00r\x00i\x00p\x00t\x00>\x00",
		"a program":                           "MZ\x90\x00" + strings.Repeat("\x00", 60) + "PE\x00\x00",
		"an ELF program":                      "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 60),
		"WebP head, then HTML":                "RIFF\x00\x01\x00\x00WEBP" + page,
		"one byte":                            "<",
		"text of one kind of quote":           `"><img src=x onerror=alert(1)>`,
	} {
		for _, name := range []string{"picture.png", "x.html"} {
			all = append(all, Specimen{Label: label, Name: name, Data: []byte(text), Kind: media.File})
		}
	}
	return all
}

// polyglots are whole files of one kind that are something else as well.
func polyglots() []Specimen {
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	w, _ := z.Create("index.html")
	_, _ = w.Write([]byte(script))
	_ = z.Close()
	small := Photo(32, 24)
	comment := append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, byte(2 + len(script))}, script...)
	return []Specimen{
		{Label: "GIF and JavaScript", Name: "x.gif", Data: append(GIF(4, 4, 1), []byte("*/=1;alert(1)//")...), Kind: media.Image, Type: "image/gif", Drawn: true},
		{Label: "GIF whose size is a comment", Name: "x.js", Data: []byte("GIF89a/*\x00\x00\x00\x00*/=1;alert(1)"), Kind: media.File, Type: "image/gif"},
		{Label: "JPEG and JavaScript", Name: "x.js", Data: append(scripted(), small[2:]...), Kind: media.Image, Type: "image/jpeg", Drawn: true},
		{Label: "PNG and ZIP", Name: "x.png", Data: append(PNG(8, 8), archive.Bytes()...), Kind: media.Image, Type: "image/png", Drawn: true},
		{Label: "PNG and HTML", Name: "x.html", Data: append(PNG(8, 8), script...), Kind: media.Image, Type: "image/png", Drawn: true},
		{Label: "JPEG with HTML in a comment", Name: "x.jpg.html", Data: append(comment, small[2:]...), Kind: media.Image, Type: "image/jpeg", Drawn: true},
		{Label: "PDF and HTML", Name: "x.pdf", Data: []byte("%PDF-1.4\n" + script + "\n%%EOF"), Kind: media.File, Type: "application/pdf"},
		{Label: "HTML and PDF", Name: "x.pdf", Data: []byte("<html>" + script + "\n%PDF-1.4\n%%EOF"), Kind: media.File},
		{Label: "ZIP and HTML", Name: "x.zip", Data: append(archive.Bytes(), script...), Kind: media.File, Type: "application/zip"},
		{Label: "WAV and HTML", Name: "x.html", Data: append(WAV(1), script...), Kind: media.Audio, Type: "audio/wav"},
	}
}

// scripted is the beginning of a JPEG whose comment has the length "/*", so
// that all of it is a comment of JavaScript, too, but for what is called.
func scripted() []byte {
	const length = 0x2f2a
	call := "*/=alert(document.domain);/*"
	b := append([]byte{0xff, 0xd8, 0xff, 0xfe, length >> 8, length & 0xff}, call...)
	return append(b, bytes.Repeat([]byte(" "), length-2-len(call))...)
}

// bombs are small and become large when they are unpacked.
func bombs() []Specimen {
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	raw := deflated(1 << 30)
	for i := range 4 {
		f, _ := w.CreateRaw(&zip.FileHeader{
			Name: fmt.Sprint(i, ".txt"), Method: zip.Deflate, UncompressedSize64: 1 << 30, CompressedSize64: uint64(len(raw) - 6),
		})
		_, _ = f.Write(raw[2 : len(raw)-4]) // without the coat of zlib
	}
	_ = w.Close()
	return []Specimen{
		{Label: "50,000 × 50,000, header only", Name: "x.png", Data: PNGFile(50_000, 50_000, 8, 6, 0), Kind: media.File, Type: "image/png"},
		{Label: "50,000 × 50,000, real pixels", Name: "x.png", Data: PNGFile(50_000, 50_000, 1, 0, 50_000*6251), Kind: media.File, Type: "image/png"},
		{Label: "2^31 pixels wide", Name: "x.png", Data: PNGFile(1<<31-1, 1, 8, 6, 0), Kind: media.File, Type: "image/png"},
		{Label: "2^32 − 1 squared", Name: "x.png", Data: PNGFile(1<<32-1, 1<<32-1, 8, 6, 0), Kind: media.File, Type: "image/png"},
		{Label: "no pixels", Name: "x.png", Data: PNGFile(0, 0, 8, 6, 0), Kind: media.File, Type: "image/png"},
		{Label: "49 megapixels of nothing", Name: "x.png", Data: PNGFile(7000, 7000, 8, 6, 7000*28001), Kind: media.Image, Type: "image/png", Drawn: true},
		{Label: "49 megapixels of 16 bits", Name: "x.png", Data: PNGFile(7000, 7000, 16, 6, 0), Kind: media.File, Type: "image/png"},
		{Label: "10 × 10 with 256 MiB of pixels", Name: "x.png", Data: PNGFile(10, 10, 8, 6, 256<<20), Kind: media.File, Type: "image/png"},
		{Label: "a text of 64 MiB inside", Name: "x.png", Data: textBomb(), Kind: media.Image, Type: "image/png", Drawn: true},
		{Label: "GIF 65,535 × 65,535", Name: "x.gif", Data: gifHeader(65535, 65535), Kind: media.File, Type: "image/gif"},
		{Label: "JPEG 65,535 × 65,535", Name: "x.jpg", Data: jpegHeader(0xc0, 65535, 65535, 0), Kind: media.File, Type: "image/jpeg"},
		{Label: "progressive JPEG of 40 megapixels", Name: "x.jpg", Data: jpegHeader(0xc2, 8000, 5000, 1), Kind: media.File, Type: "image/jpeg"},
		{Label: "progressive JPEG of 10,000 scans", Name: "x.jpg", Data: jpegHeader(0xc2, 2000, 2000, 10_000), Kind: media.File, Type: "image/jpeg"},
		{Label: "WebP 16,383 × 16,383", Name: "x.webp", Data: webp("VP8 ", []byte("\x10\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f")), Kind: media.File, Type: "image/webp"},
		{Label: "WebP whose canvas is small", Name: "x.webp", Data: webp("VP8X", []byte{0, 0, 0, 0, 9, 0, 0, 9, 0, 0}, "VP8 ", []byte("\x10\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f")), Kind: media.File, Type: "image/webp"},
		{Label: "WebP whose canvas is huge", Name: "x.webp", Data: webp("VP8X", []byte{16, 0, 0, 0, 255, 255, 255, 255, 255, 255}, "ALPH", []byte{0, 0}), Kind: media.File, Type: "image/webp"},
		{Label: "a ZIP of 4 GiB", Name: "x.zip", Data: z.Bytes(), Kind: media.File, Type: "application/zip"},
		{Label: "a gzip of 1 GiB", Name: "x.svgz", Data: gzipped(raw), Kind: media.File, Type: "application/gzip"},
		{Label: "GIF whose frame is larger than its screen", Name: "x.gif", Data: framed(gifHeader(10, 10), 65535, 65535), Kind: media.File, Type: "image/gif"},
		{Label: "GIF of 40 megapixels, frame after frame", Name: "x.gif", Data: frames(8000, 5000, 200), Kind: media.File, Type: "image/gif"},
		{
			Label: "WebP of frames larger than its canvas", Name: "x.webp", Kind: media.File, Type: "image/webp",
			Data: webp("VP8X", []byte{2, 0, 0, 0, 9, 0, 0, 9, 0, 0}, "ANIM", make([]byte, 6), "ANMF",
				append([]byte{0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0}, "VP8 \x0a\x00\x00\x00\x10\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f"...)),
		},
		{Label: "WebP without loss, 16,384 × 16,384", Name: "x.webp", Data: webp("VP8L", []byte("\x2f\xff\xff\xff\x0f")), Kind: media.File, Type: "image/webp"},
		{Label: "BMP 50,000 × 50,000", Name: "x.png", Data: bmpHeader(50_000, 50_000), Kind: media.File, Type: "image/bmp"},
	}
}

func animations() []Specimen {
	return []Specimen{
		{Label: "GIF of 10,000 frames", Name: "x.gif", Data: GIF(1, 1, 10_000), Kind: media.File, Type: "image/gif"},
		{Label: "GIF of 100 frames", Name: "x.gif", Data: GIF(16, 16, 100), Kind: media.Image, Type: "image/gif", Drawn: true},
		{Label: "APNG of 10,000 frames", Name: "x.png", Data: animated(10_000), Kind: media.File, Type: "image/png"},
		{Label: "APNG of 3 frames", Name: "x.png", Data: animated(3), Kind: media.Image, Type: "image/png", Drawn: true},
	}
}

// metadata are pictures with much, or false, information about themselves.
func metadata() []Specimen {
	photo := Photo(64, 48)
	entries := make([]byte, 10+12*5000)
	copy(entries, "II*\x00\x08\x00\x00\x00")
	binary.LittleEndian.PutUint16(entries[8:], 65535) // more than there are
	circle := append([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x87\x69\x00\x04\x00\x00\x00\x01\x00\x00\x00\x08"), 0, 0, 0, 8)
	var huge []byte
	for range 40 {
		huge = append(huge, segment(0xe1, append([]byte("Exif\x00\x00"), make([]byte, 65000)...))...)
	}
	all := []Specimen{
		{Label: "2.6 MB of EXIF", Name: "x.jpg", Data: after(photo, huge), Kind: media.Image, Type: "image/jpeg", Drawn: true},
		{Label: "EXIF that promises more", Name: "x.jpg", Data: after(photo, segment(0xe1, append([]byte("Exif\x00\x00"), entries...))), Kind: media.Image, Type: "image/jpeg", Drawn: true},
		{Label: "EXIF in a circle", Name: "x.jpg", Data: after(photo, segment(0xe1, append([]byte("Exif\x00\x00"), circle...))), Kind: media.Image, Type: "image/jpeg", Drawn: true},
		{Label: "EXIF beyond its end", Name: "x.jpg", Data: after(photo, segment(0xe1, []byte("Exif\x00\x00II*\x00\xff\xff\xff\xff"))), Kind: media.Image, Type: "image/jpeg", Drawn: true},
	}
	for o := range 10 {
		all = append(all, Specimen{
			Label: fmt.Sprint("orientation ", o), Name: "x.jpg", Data: Oriented(photo, o), Kind: media.Image, Type: "image/jpeg", Drawn: true,
		})
	}
	return all
}

// broken are pictures that end too early or have wrong bytes in them.
func broken() []Specimen {
	var all []Specimen
	dice := rand.New(rand.NewPCG(1, 2)) // the same corpus every time
	for name, data := range map[string][]byte{"x.png": PNG(64, 64), "x.jpg": Photo(64, 64), "x.gif": GIF(64, 64, 3), "x.webp": WebP()} {
		for _, part := range []int{1, 3, 12, 30, 50, 90} {
			cut := data[:max(1, len(data)*part/100)]
			all = append(all, Specimen{Label: fmt.Sprint(part, " % of ", name), Name: name, Data: cut})
		}
		for i := range 12 {
			wrong := bytes.Clone(data)
			for range 1 + i {
				wrong[12+dice.IntN(len(wrong)-12)] ^= byte(1 + dice.IntN(255))
			}
			all = append(all, Specimen{Label: fmt.Sprint(name, " with ", i+1, " wrong bytes"), Name: name, Data: wrong})
		}
	}
	return all
}

func sound() []Specimen {
	mp4 := func(handler string) []byte {
		return boxed("ftyp", []byte("isom\x00\x00\x02\x00isommp42"), boxed("moov", nil, boxed("trak", nil, boxed("mdia", nil,
			boxed("hdlr", append(make([]byte, 8), handler+strings.Repeat("\x00", 13)...))))))
	}
	return []Specimen{
		{Label: "WAV", Name: "x.wav", Data: WAV(2), Kind: media.Audio, Type: "audio/wav"},
		{Label: "MP4 with sound alone", Name: "x.mp4", Data: mp4("soun"), Kind: media.Audio, Type: "audio/mp4"},
		{Label: "MP4 with a picture, called a recording", Name: "x.m4a", Data: mp4("vide"), Kind: media.Video, Type: "video/mp4"},
		{Label: "boxes without end", Name: "x.mp4", Data: append([]byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom"), bytes.Repeat([]byte("\x00\x00\x00\x00moov"), 1000)...), Kind: media.Video},
		{Label: "a RIFF that lies about its size", Name: "x.wav", Data: []byte("RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff"), Kind: media.Audio, Type: "audio/wav"},
	}
}

// innocent are what must still work.
func innocent() []Specimen {
	return []Specimen{
		{Label: "a photograph", Name: "Foto Größe 1.jpg", Data: Photo(1600, 1200), Kind: media.Image, Type: "image/jpeg", Drawn: true, Shown: "Foto Größe 1.jpg"},
		{Label: "a drawing", Name: "截图.png", Data: PNG(300, 200), Kind: media.Image, Type: "image/png", Drawn: true, Shown: "截图.png"},
		{Label: "a WebP", Name: "x.webp", Data: WebP(), Kind: media.Image, Type: "image/webp", Drawn: true},
		{Label: "a text", Name: "notes.txt", Data: []byte("hello\n"), Kind: media.File, Type: "text/plain", Shown: "notes.txt"},
	}
}

// Names are names that mean harm, and what people are shown of them.
func Names() map[string]string {
	return map[string]string{
		strings.Repeat("n", 300) + ".pdf":          strings.Repeat("n", 116) + ".pdf",
		strings.Repeat("长", 300) + ".pdf":          strings.Repeat("长", 116) + ".pdf",
		strings.Repeat("x", 300):                   strings.Repeat("x", 120),
		"a" + strings.Repeat(".b", 200):            "a" + strings.Repeat(".b", 59),
		"invoice\u202efdp.exe":                     "invoicefdp.exe",
		"photo_high_re\u202egnp.js":                "photo_high_regnp.js",
		"\u202e\u202d\u2067\u200f.png":             "png",
		"a\u2028b\u2029c\u000bd.txt":               "a b c d.txt",
		strings.Repeat("\u202e", 300) + "x.pdf":    "x.pdf",
		"in\u2066voice\u2069\u200b\u200d\ufeff.md": "invoice.md",
		"a\x00b\x01\x1b[31m\r\n\x7f\u0085c.txt":    "ab[31m c.txt",
		"../../../etc/passwd":                      "passwd",
		`..\..\windows\system32\cmd.exe`:           "cmd.exe",
		"/":                                        "_",
		"a/b/":                                     "a_b_",
		"..":                                       "file",
		"...":                                      "file",
		".htaccess":                                "htaccess",
		"":                                         "file",
		" \t ":                                     "file",
		"x.txt. . .":                               "x.txt",
		"CON":                                      "_CON",
		"con.txt":                                  "_con.txt",
		"LPT1 .log":                                "_LPT1 .log",
		"COM¹.txt":                                 "_COM¹.txt",
		"console.txt":                              "console.txt",
		"a<b>c:d|e?f*g\"h.txt":                     "a_b_c_d_e_f_g_h.txt",
		"a\u2215b\uff0fc.txt":                      "a_b_c.txt",
		"e\u0301.txt":                              "é.txt",
		"\u3164\u115f\u2800.txt":                   "txt",
		"bad\xff\xfeutf8.txt":                      "badutf8.txt",
		"many    spaces\u00a0here.txt":             "many spaces here.txt",
		"<img src=x onerror=alert(1)>.png":         "_img src=x onerror=alert(1)_.png",
		"👩‍👩‍👧.png":                                "👩👩👧.png",
	}
}

// PNG is a picture with a little of everything in it.
func PNG(w, h int) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, pattern(w, h))
	return b.Bytes()
}

// Photo is a JPEG.
func Photo(w, h int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, pattern(w, h), nil)
	return b.Bytes()
}

func pattern(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x * 3), uint8(y * 5), uint8(x ^ y), 255})
		}
	}
	return img
}

// GIF is an animation.
func GIF(w, h, frames int) []byte {
	frame := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.Black, color.White, color.RGBA{255, 0, 0, 255}})
	for i := range frame.Pix {
		frame.Pix[i] = uint8(i % 3)
	}
	g := &gif.GIF{}
	for range frames {
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 1)
	}
	var b bytes.Buffer
	_ = gif.EncodeAll(&b, g)
	return b.Bytes()
}

// WebP is one pixel, without loss.
func WebP() []byte {
	b, _ := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	return b
}

// WAV is silence of so many seconds.
func WAV(seconds int) []byte {
	const rate = 8000
	n := uint32(seconds * rate)
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = append(b, 1, 0, 8, 0)
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), n)
	b = append(b, bytes.Repeat([]byte{128}, int(n))...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// Oriented is a JPEG with an orientation.
func Oriented(photo []byte, orientation int) []byte {
	tiff := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"), 0, byte(orientation), 0, 0, 0, 0, 0, 0)
	return after(photo, segment(0xe1, tiff))
}

// after puts segments behind the first marker of a JPEG.
func after(photo, segments []byte) []byte {
	return append(append(bytes.Clone(photo[:2]), segments...), photo[2:]...)
}

func segment(marker byte, data []byte) []byte {
	return append([]byte{0xff, marker, byte((len(data) + 2) >> 8), byte(len(data) + 2)}, data...)
}

// PNGFile is a PNG of any dimensions, whose pixels unpack to so many zeros.
func PNGFile(w, h uint32, depth, colour byte, unpacked int64) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	b = chunk(b, "IHDR", append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h), depth, colour, 0, 0, 0))
	b = chunk(b, "IDAT", deflated(unpacked))
	return chunk(b, "IEND", nil)
}

func textBomb() []byte {
	small := PNG(8, 8)
	text := chunk(nil, "zTXt", append([]byte("Comment\x00\x00"), deflated(64<<20)...))
	return append(append(bytes.Clone(small[:33]), text...), small[33:]...)
}

func animated(frames uint32) []byte {
	small := PNG(8, 8)
	control := chunk(nil, "acTL", append(binary.BigEndian.AppendUint32(nil, frames), 0, 0, 0, 0))
	return append(append(bytes.Clone(small[:33]), control...), small[33:]...)
}

func chunk(b []byte, kind string, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	from := len(b)
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// deflated is n zeros in zlib's form. Deflating a gigabyte would take long, so
// a block of zeros, which stands for itself, is repeated.
func deflated(n int64) []byte {
	const size = 1 << 20
	var b bytes.Buffer
	z, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = io.CopyN(z, zeros{}, size)
	_ = z.Flush()
	out := append([]byte{0x78, 0xda}, bytes.Repeat(b.Bytes(), int(n/size))...)
	b.Reset()
	z.Reset(&b)
	_, _ = io.CopyN(z, zeros{}, n%size)
	_ = z.Close()
	out = append(out, b.Bytes()...)
	return binary.BigEndian.AppendUint32(out, uint32(n%65521)<<16|1) // Adler-32 of zeros
}

func gifHeader(w, h uint16) []byte {
	b := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16([]byte("GIF89a"), w), h)
	b = append(b, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, w), h)
	return append(b, 0, 2, 2, 0x4c, 1, 0, 0x3b)
}

// framed gives the frame of a gifHeader another size.
func framed(b []byte, w, h uint16) []byte {
	const at = 13 + 6 + 1 + 4
	binary.LittleEndian.PutUint16(b[at:], w)
	binary.LittleEndian.PutUint16(b[at+2:], h)
	return b
}

// frames is a GIF of so many frames of nothing, each as large as the screen.
func frames(w, h uint16, n int) []byte {
	b := gifHeader(w, h)
	frame := b[13+6 : len(b)-1]
	return append(append(bytes.Clone(b[:len(b)-1]), bytes.Repeat(frame, n-1)...), 0x3b)
}

// gzipped puts what deflated made into the coat of gzip. Its checksum is wrong:
// whoever looks at it has unpacked everything.
func gzipped(zlib []byte) []byte {
	b := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, zlib[2:len(zlib)-4]...)
	return append(b, make([]byte, 8)...)
}

// bmpHeader is the beginning of a bitmap without pixels.
func bmpHeader(w, h uint32) []byte {
	b := append([]byte("BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00"), binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, w), h)...)
	return append(append(b, 1, 0, 24, 0), make([]byte, 24)...)
}

// jpegHeader is the beginning of a JPEG with so many empty scans.
func jpegHeader(frame byte, w, h uint16, scans int) []byte {
	size := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0}
	b := append([]byte{0xff, 0xd8}, segment(frame, size)...)
	for range scans {
		b = append(append(b, segment(0xda, []byte{1, 1, 0, 0, 0, 0})...), 0xff, 0x00)
	}
	return append(b, 0xff, 0xd9)
}

// webp is a container of chunks: names and contents by turns.
func webp(chunks ...any) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WEBP")
	for i := 0; i+1 < len(chunks); i += 2 {
		data := chunks[i+1].([]byte)
		b = append(b, chunks[i].(string)...)
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(data))), data...)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// boxed is an MP4 box; further boxes of the first one ("ftyp") follow it, those
// of the others lie inside.
func boxed(kind string, data []byte, more ...[]byte) []byte {
	rest := bytes.Join(more, nil)
	if kind != "ftyp" {
		data, rest = append(data, rest...), nil
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(data)))
	return append(append(append(b, kind...), data...), rest...)
}
