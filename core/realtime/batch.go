package realtime

import (
	"encoding/json"
	"fmt"

	"github.com/patchbay-im/patchbay/core/realtime/socket"
)

// batch is consecutive numbered frames, encoded once and shared by all
// sessions that get them.
type batch struct {
	first  uint64
	frames []byte
	ends   []int // where each frame ends
}

// chunk bounds the bytes given to a connection at once, so that a long batch
// does not fill its queue before it had a chance to be read.
const chunk = 128 << 10

// add appends the frame with the next number.
func (b *batch) add(number uint64, frame any) error {
	raw, err := json.Marshal(frame)
	if err != nil {
		return fmt.Errorf("encode a frame: %w", err)
	}
	b.frames = socket.AppendText(b.frames, raw)
	b.end(number)
	return nil
}

// join appends the frame with the next number, as it was encoded before.
func (b *batch) join(number uint64, frame []byte) {
	b.frames = append(b.frames, frame...)
	b.end(number)
}

func (b *batch) end(number uint64) {
	if len(b.ends) == 0 {
		b.first = number
	}
	b.ends = append(b.ends, len(b.frames))
}

// full reports whether enough is encoded for now.
func (b *batch) full() bool { return len(b.frames) >= resumeBytes }

func (b *batch) empty() bool { return len(b.ends) == 0 }

// next is the number after the last.
func (b *batch) next() uint64 { return b.first + uint64(len(b.ends)) }

// cut returns about a chunk of frames from number on, which must be in the
// batch, and the number of the last of them.
func (b *batch) cut(number uint64) (frames []byte, last uint64) {
	i := int(number - b.first) //nolint:gosec // an index
	start := 0
	if i > 0 {
		start = b.ends[i-1]
	}
	for i+1 < len(b.ends) && b.ends[i+1]-start <= chunk {
		i++
	}
	return b.frames[start:b.ends[i]:b.ends[i]], b.first + uint64(i) //nolint:gosec // an index
}

// count is how many frames numbers from to last are.
func count(from, last uint64) int { return int(last-from) + 1 } //nolint:gosec // within a batch

// encode makes one frame of a value that always marshals: our own structs.
func encode(frame any) []byte {
	raw, err := json.Marshal(frame)
	if err != nil {
		return nil
	}
	return socket.AppendText(make([]byte, 0, len(raw)+4), raw)
}
