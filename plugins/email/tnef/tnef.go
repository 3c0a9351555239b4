// Package tnef unpacks winmail.dat, in which Outlook hides the files of a
// message from everybody else (MS-OXTNEF). No kept library reads it.
//
// Every length is checked against what there is; nothing is copied but rich text
// (MS-OXRTFCP), of which 8 MiB are read, and only where there is no other body.
package tnef

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"

	"github.com/patchbay-im/patchbay/plugins/email/charset"
)

// ErrNotTNEF says that the bytes do not begin as TNEF does.
var ErrNotTNEF = errors.New("tnef: no TNEF signature")

// Contents is what was packed. Data are slices of the input.
type Contents struct {
	Text  string
	HTML  string
	Files []File
}

// File is a packed attachment.
type File struct {
	Name      string // may be empty
	Type      string // media type, may be empty
	ContentID string // may be empty
	Data      []byte
}

// What is read: attributes (MS-OXTNEF 2.1.3.3) and properties (MS-OXPROPS).
const (
	attBody        = 0x800c
	attData        = 0x800f
	attTitle       = 0x8010
	attRendering   = 0x9002
	attProperties  = 0x9003
	attAttachment  = 0x9005
	attCodepage    = 0x9007
	propBody       = 0x1000
	propRTF        = 0x1009
	propHTML       = 0x1013
	propDataObject = 0x3701
	propFileName   = 0x3704
	propLongName   = 0x3707
	propMIMEType   = 0x370e
	propContentID  = 0x3712
)

const (
	signature = 0x223e9f78
	maxFiles  = 500
)

// Read unpacks. What is damaged ends the reading; what stands before it is
// returned.
func Read(b []byte) (*Contents, error) {
	in := &input{rest: b}
	if in.long() != signature || in.failed {
		return nil, ErrNotTNEF
	}
	in.take(2)
	u := &unpacker{codepage: "windows-1252"}
	for len(in.rest) > 0 {
		level := in.take(1)
		id := in.long() & 0xffff
		data := in.take(in.long())
		in.take(2)
		if in.failed {
			break
		}
		if level[0] == 2 {
			u.attachment(id, data)
		} else {
			u.message(id, data)
		}
	}
	if u.contents.Text == "" && u.contents.HTML == "" {
		u.contents.Text, u.contents.HTML = richText(decompressed(u.rtf))
	}
	return &u.contents, nil
}

type unpacker struct {
	contents Contents
	rtf      []byte // compressed
	codepage string
}

func (u *unpacker) message(id uint32, data []byte) {
	switch id {
	case attCodepage:
		if len(data) >= 4 {
			u.codepage = codepage(binary.LittleEndian.Uint32(data))
		}
	case attBody:
		u.contents.Text = u.text(data)
	case attProperties:
		properties(data, func(p property) {
			switch p.id {
			case propBody:
				u.contents.Text = u.string(p)
			case propHTML:
				u.contents.HTML = u.string(p)
			case propRTF:
				u.rtf = p.value
			}
		})
	}
}

func (u *unpacker) attachment(id uint32, data []byte) {
	if id == attRendering {
		if len(u.contents.Files) < maxFiles {
			u.contents.Files = append(u.contents.Files, File{})
		}
		return
	}
	if len(u.contents.Files) == 0 {
		return
	}
	f := &u.contents.Files[len(u.contents.Files)-1]
	switch id {
	case attTitle:
		if f.Name == "" {
			f.Name = u.text(data)
		}
	case attData:
		f.Data = data
	case attAttachment:
		properties(data, func(p property) { u.describe(f, p) })
	}
}

func (u *unpacker) describe(f *File, p property) {
	switch p.id {
	case propLongName:
		f.Name = u.string(p)
	case propFileName:
		if f.Name == "" {
			f.Name = u.string(p)
		}
	case propMIMEType:
		f.Type = u.string(p)
	case propContentID:
		f.ContentID = u.string(p)
	case propDataObject:
		if len(f.Data) == 0 {
			f.Data = p.value
		}
	}
}

func (u *unpacker) text(b []byte) string {
	s, _ := charset.Decode(u.codepage, trimZero(b))
	return s
}

func (u *unpacker) string(p property) string {
	if p.kind != kindUnicode {
		return u.text(p.value)
	}
	units := make([]uint16, len(p.value)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(p.value[2*i:])
	}
	return strings.ReplaceAll(string(utf16.Decode(units)), "\x00", "")
}

func trimZero(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

func codepage(n uint32) string {
	switch n {
	case 936:
		return "gb18030"
	case 950:
		return "big5"
	case 932:
		return "shift_jis"
	case 949:
		return "euc-kr"
	case 874:
		return "windows-874"
	case 65001:
		return "utf-8"
	case 1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258:
		return "windows-125" + string(rune('0'+n%10))
	}
	return "windows-1252"
}
