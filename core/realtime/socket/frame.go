package socket

import (
	"encoding/binary"

	"github.com/gobwas/ws"
)

// First bytes of the frames we send: FIN and the opcode.
const (
	finText  = 0x80 | byte(ws.OpText)
	finClose = 0x80 | byte(ws.OpClose)
	finPong  = 0x80 | byte(ws.OpPong)
)

// maxControl is the most a control frame may carry (RFC 6455, section 5.5).
const maxControl = ws.MaxControlFramePayloadSize

// AppendText appends a whole, unmasked text frame with the payload to dst.
// Several such frames in one slice may be sent at once, and one slice to many
// peers.
func AppendText(dst, payload []byte) []byte { return appendFrame(dst, finText, payload) }

func appendFrame(dst []byte, first byte, payload []byte) []byte {
	n := len(payload)
	dst = append(dst, first)
	switch {
	case n < 126:
		dst = append(dst, byte(n))
	case n <= 0xffff:
		dst = append(dst, 126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	default:
		dst = append(dst, 127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	return append(dst, payload...)
}

// closeFrame makes a close frame. A reason that does not fit is cut at a
// character, since it must be valid UTF-8.
func closeFrame(code int, reason string) []byte {
	for len(reason) > maxControl-2 {
		i := maxControl - 2
		for i > 0 && reason[i]&0xc0 == 0x80 {
			i--
		}
		reason = reason[:i]
	}
	body := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(reason)), uint16(code)) //nolint:gosec // codes fit
	return appendFrame(make([]byte, 0, 4+len(reason)), finClose, append(body, reason...))
}

// boundary returns the smallest offset in b, at or after written, at which one
// of its frames (ours: whole and unmasked) ends.
func boundary(b []byte, written int) int {
	end := 0
	for end < written {
		h, n, err := parseHeader(b[end:])
		if err != nil || n == 0 {
			return len(b)
		}
		end += n + int(h.Length)
	}
	return end
}

// parseHeader reads a frame header (RFC 6455, section 5.2). n is its length; 0
// when b ends before it does.
func parseHeader(b []byte) (h ws.Header, n int, err error) {
	if len(b) < 2 {
		return h, 0, nil
	}
	h.Fin = b[0]&0x80 != 0
	h.Rsv = b[0] & 0x70 >> 4
	h.OpCode = ws.OpCode(b[0] & 0x0f)
	h.Masked = b[1]&0x80 != 0
	n = 2
	switch length := b[1] & 0x7f; length {
	case 126:
		n += 2
		if len(b) < n {
			return h, 0, nil
		}
		h.Length = int64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		n += 8
		if len(b) < n {
			return h, 0, nil
		}
		wide := binary.BigEndian.Uint64(b[2:])
		if wide>>63 != 0 {
			return h, 0, ws.ErrHeaderLengthMSB
		}
		h.Length = int64(wide)
	default:
		h.Length = int64(length)
	}
	if h.Masked {
		n += 4
		if len(b) < n {
			return h, 0, nil
		}
		h.Mask = [4]byte(b[n-4 : n])
	}
	return h, n, nil
}
