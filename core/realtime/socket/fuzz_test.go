package socket_test

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/patchbay-im/patchbay/core/realtime/socket"
)

const fuzzLimit = 4096

// FuzzDecoder: however the network cuts a stream, the decoder finds the same
// in it; what it hands over is bounded and valid UTF-8; and on a stream without
// faults it finds what another implementation finds.
func FuzzDecoder(f *testing.F) {
	f.Add(bytes.Join([][]byte{text("hello"), masked(true, ws.OpPing, []byte("p")), text("")}, nil), uint16(3))
	f.Add(bytes.Join([][]byte{masked(false, ws.OpText, []byte("你")), masked(true, ws.OpContinuation, []byte("好"))}, nil), uint16(1))
	f.Add(masked(true, ws.OpClose, []byte{0x03, 0xe8}), uint16(2))
	f.Add(masked(true, ws.OpText, bytes.Repeat([]byte("x"), fuzzLimit)), uint16(100))
	f.Add(masked(true, ws.OpText, bytes.Repeat([]byte("x"), fuzzLimit+1)), uint16(100))
	f.Add([]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}, uint16(1))
	f.Fuzz(func(t *testing.T, stream []byte, size uint16) {
		whole := socket.Decode(fuzzLimit, stream)
		chunks := slices.Collect(slices.Chunk(stream, int(size%512)+1))
		if cut := socket.Decode(fuzzLimit, chunks...); !slices.Equal(whole, cut) {
			t.Fatalf("cut in chunks of %d the stream gives %q, whole %q", size%512+1, cut, whole)
		}
		for _, found := range whole {
			if len(found) > fuzzLimit+1 || found[0] == 't' && !utf8.ValidString(found) {
				t.Fatalf("handed over %q", found)
			}
		}
		if want, ok := reference(stream); ok && !slices.Equal(whole, want) {
			t.Fatalf("found %q, gobwas finds %q", whole, want)
		}
	})
}

// reference decodes with the reader of gobwas/ws. ok is false for streams that
// end in the middle of a frame or break a rule that reader does not check.
func reference(stream []byte) (found socket.Found, ok bool) {
	r := bytes.NewReader(stream)
	var message []byte
	state := ws.StateServerSide
	for r.Len() > 0 {
		h, err := ws.ReadHeader(r)
		if err != nil || ws.CheckHeader(h, state) != nil || h.OpCode == ws.OpBinary || h.Length > int64(fuzzLimit-len(message)) {
			return nil, false
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(r, payload); err != nil {
			return nil, false
		}
		ws.Cipher(payload, h.Mask, 0)
		switch h.OpCode {
		case ws.OpPing:
			found = append(found, "p"+string(payload))
		case ws.OpPong:
		case ws.OpClose:
			return nil, false
		default:
			message = append(message, payload...)
			state = state.Set(ws.StateFragmented)
			if h.Fin {
				if !utf8.Valid(message) {
					return nil, false
				}
				found = append(found, "t"+string(message))
				message, state = nil, state.Clear(ws.StateFragmented)
			}
		}
	}
	return found, true
}
