package charset

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// decodeUTF7 reads RFC 2152. A run that is not base64 is left as it stands.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		i := bytes.IndexByte(b, '+')
		if i < 0 {
			out.Write(b)
			break
		}
		out.Write(b[:i])
		b = b[i+1:]
		n := 0
		for n < len(b) && base64Digit(b[n]) {
			n++
		}
		run, rest := b[:n], b[n:]
		dash := len(rest) > 0 && rest[0] == '-'
		if dash {
			rest = rest[1:]
		}
		switch text, ok := utf7Run(run); {
		case n == 0 && dash:
			out.WriteByte('+')
		case ok && n > 0:
			out.WriteString(text)
		default:
			out.WriteByte('+')
			out.Write(run)
			if dash {
				out.WriteByte('-')
			}
		}
		b = rest
	}
	return clean(strings.ToValidUTF8(out.String(), "\ufffd"))
}

func utf7Run(run []byte) (string, bool) {
	raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
	n, err := base64.RawStdEncoding.Decode(raw, run)
	if err != nil {
		return "", false
	}
	units := make([]uint16, n/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units)), true
}

func base64Digit(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// shiftOut turns ISO-2022-KR (RFC 1557) into EUC-KR: between SO and SI every
// byte stands for itself with the high bit.
func shiftOut(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\x1b$)C"), nil)
	out := make([]byte, 0, len(b))
	shifted := false
	for _, c := range b {
		switch {
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == '\n':
			shifted = false
			out = append(out, c)
		case shifted && c > 0x20 && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return out
}
