package cms_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/email/cms"
)

func der(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	if len(body) < 0x80 {
		return append([]byte{tag, byte(len(body))}, body...)
	}
	return append([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}, body...)
}

// ber writes the value without saying its length.
func ber(tag byte, parts ...[]byte) []byte {
	return append(append([]byte{tag, 0x80}, bytes.Join(parts, nil)...), 0, 0)
}

func oid(last byte) []byte {
	return der(0x06, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, last})
}

func signed(write func(byte, ...[]byte) []byte, kind byte, content ...[]byte) []byte {
	info := write(0x30, oid(1), write(0xa0, content...))
	return write(0x30, oid(kind), write(0xa0, write(0x30, der(0x02, []byte{1}), der(0x31), info, der(0x31))))
}

func TestContent(t *testing.T) {
	t.Parallel()
	want := bytes.Repeat([]byte("Content-Type: text/plain\r\n\r\nhi\r\n"), 10)
	for name, b := range map[string][]byte{
		"sized":   signed(der, 2, der(0x04, want)),
		"unsized": signed(ber, 2, ber(0x24, der(0x04, want[:100]), der(0x04, want[100:]))),
	} {
		got, err := cms.Content(b)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q %v", name, got, err)
		}
		for n := range b[:len(b)-20] {
			_, _ = cms.Content(b[:n])
		}
	}
	for name, b := range map[string][]byte{"nothing": nil, "encrypted": signed(der, 3, der(0x04, want)), "detached": signed(der, 2), "text": []byte("hello, world")} {
		if _, err := cms.Content(b); !errors.Is(err, cms.ErrNoContent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzContent(f *testing.F) {
	f.Add(signed(der, 2, der(0x04, []byte("hi"))))
	f.Add(signed(ber, 2, ber(0x24, der(0x04, []byte("hi")))))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := cms.Content(b); err == nil && len(out) > len(b) {
			t.Fatal("more came out than went in")
		}
	})
}
