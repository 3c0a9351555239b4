package tnef_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/plugins/email/tnef"
)

// pack writes TNEF as Outlook does.
type pack struct{ bytes.Buffer }

func begin() *pack {
	p := &pack{}
	p.long(0x223e9f78)
	p.short(1)
	return p
}

func (p *pack) long(v uint32)  { p.Write(binary.LittleEndian.AppendUint32(nil, v)) }
func (p *pack) short(v uint16) { p.Write(binary.LittleEndian.AppendUint16(nil, v)) }

func (p *pack) attribute(level byte, id uint32, data []byte) {
	p.WriteByte(level)
	p.long(0x00060000 | id)
	p.long(uint32(len(data)))
	p.Write(data)
	var sum uint16
	for _, c := range data {
		sum += uint16(c)
	}
	p.short(sum)
}

// unicode is a property with one text; named ones stand before it to be passed.
func properties(texts map[uint16]string) []byte {
	p := &pack{}
	p.long(uint32(len(texts) + 2))
	p.short(0x03)
	p.short(0x8001)
	p.Write(make([]byte, 16))
	p.long(1)
	p.long(6)
	p.Write([]byte("a\x00b\x00\x00\x00\x00\x00"))
	p.long(7)
	p.short(0x1003)
	p.short(0x0e01)
	p.long(2)
	p.long(1)
	p.long(2)
	for id, text := range texts {
		p.short(0x1f)
		p.short(id)
		p.long(1)
		units := append(utf16.Encode([]rune(text)), 0)
		p.long(uint32(2 * len(units)))
		for _, u := range units {
			p.short(u)
		}
		p.Write(make([]byte, -2*len(units)&3))
	}
	return p.Bytes()
}

func sample() []byte {
	p := begin()
	p.attribute(1, 0x9007, []byte{0xa8, 3, 0, 0, 0, 0, 0, 0})
	p.attribute(1, 0x9003, properties(map[uint16]string{0x1000: "见附件"}))
	p.attribute(2, 0x9002, make([]byte, 14))
	p.attribute(2, 0x8010, []byte("REPORT~1.PDF\x00"))
	p.attribute(2, 0x800f, []byte("%PDF-1"))
	p.attribute(2, 0x9005, properties(map[uint16]string{0x3707: "季度 报告.pdf", 0x370e: "application/pdf", 0x3712: "cid1"}))
	p.attribute(2, 0x9002, make([]byte, 14))
	p.attribute(2, 0x8010, []byte("\xb7\xa2\xc6\xb1.txt\x00"))
	p.attribute(2, 0x800f, []byte("two"))
	return p.Bytes()
}

func TestRead(t *testing.T) {
	t.Parallel()
	got, err := tnef.Read(sample())
	if err != nil || len(got.Files) != 2 || got.Text != "见附件" {
		t.Fatalf("%+v %v", got, err)
	}
	if f := got.Files[0]; f.Name != "季度 报告.pdf" || f.Type != "application/pdf" || f.ContentID != "cid1" || string(f.Data) != "%PDF-1" {
		t.Errorf("%+v", f)
	}
	if f := got.Files[1]; f.Name != "发票.txt" || string(f.Data) != "two" {
		t.Errorf("%+v", f)
	}
}

// rich is a winmail.dat whose only body is rich text.
func rich(rtf string) []byte {
	value := &pack{}
	value.long(uint32(len(rtf) + 12))
	value.long(uint32(len(rtf)))
	value.long(0x414c454d) // not compressed
	value.long(0)
	value.WriteString(rtf)
	block := &pack{}
	block.long(1)
	block.short(0x102)
	block.short(0x1009)
	block.long(1)
	block.long(uint32(value.Len()))
	block.Write(value.Bytes())
	block.Write(make([]byte, -value.Len()&3))
	p := begin()
	p.attribute(1, 0x9003, block.Bytes())
	return p.Bytes()
}

func TestRichTextAlone(t *testing.T) {
	t.Parallel()
	for rtf, want := range map[string]string{
		`{\rtf1\ansi\ansicpg936 \'c4\'e3\'ba\'c3\par Ann}`:                                   "你好\nAnn",
		`{\rtf1\ansi\fromhtml1 {\*\htmltag <p>}Hello\htmlrtf\par\htmlrtf0{\*\htmltag </p>}}`: "Hello",
	} {
		mail := "From: a@b.example\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(rich(rtf))
		if m := message.Read([]byte(mail), message.Limits{}); strings.TrimSpace(m.Text) != want || len(m.Attachments) != 0 {
			t.Errorf("%s is shown as %q with %d files", rtf, m.Text, len(m.Attachments))
		}
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	whole := sample()
	for n := range whole {
		got, err := tnef.Read(whole[:n])
		if n < 4 && !errors.Is(err, tnef.ErrNotTNEF) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if n > len(whole)-3 && len(got.Files[0].Data) == 0 {
			t.Fatalf("the first file is lost with the end")
		}
	}
	if _, err := tnef.Read([]byte("%PDF-1.4 not this")); !errors.Is(err, tnef.ErrNotTNEF) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := tnef.Read(b)
		if err != nil {
			return
		}
		for _, file := range got.Files {
			if len(file.Data) > len(b) {
				t.Fatal("more came out than went in")
			}
		}
	})
}
