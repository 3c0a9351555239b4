package message_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/email/message"
)

// A mail with a file of 35 MB, as large as servers take.
func BenchmarkRead(b *testing.B) {
	data := base64.StdEncoding.EncodeToString(make([]byte, 35<<20))
	var body strings.Builder
	for i := 0; i < len(data); i += 76 {
		body.WriteString(data[i:min(len(data), i+76)] + "\r\n")
	}
	raw := []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body.String() + "--b--\r\n")
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if m := message.Read(raw, message.Limits{}); len(m.Attachments) != 1 || len(m.Attachments[0].Data) != 35<<20 {
			b.Fatal("the file is lost")
		}
	}
}
