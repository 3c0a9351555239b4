package socket

// queue is what waits to be written to one peer: slices of whole frames, which
// may be shared with other connections and are never modified.
type queue struct {
	bufs [][]byte
	off  int // bytes of bufs[0] that are written
	size int // bytes that are not
	busy int // bytes, from off, that a writer has in hand
}

func (q *queue) add(b []byte, written int) {
	if len(q.bufs) == 0 {
		q.off = written
		q.size -= written
	}
	q.bufs = append(q.bufs, b)
	q.size += len(b)
}

// head appends to dst what is to be written next, at most about limit bytes.
func (q *queue) head(dst [][]byte, limit int) [][]byte {
	off := q.off
	for _, b := range q.bufs {
		if limit <= 0 {
			break
		}
		dst = append(dst, b[off:])
		limit -= len(b) - off
		off = 0
	}
	return dst
}

// advance forgets n written bytes.
func (q *queue) advance(n int) {
	q.size -= n
	q.busy = max(q.busy-n, 0)
	n += q.off
	done := 0
	for done < len(q.bufs) && n >= len(q.bufs[done]) {
		n -= len(q.bufs[done])
		q.bufs[done] = nil
		done++
	}
	q.bufs, q.off = q.bufs[done:], n
}

// cut drops every frame of which no byte is written or in a writer's hand.
func (q *queue) cut() {
	keep := q.off + q.busy
	q.size = 0
	for i, b := range q.bufs {
		if keep <= len(b) {
			end := boundary(b, keep)
			q.bufs[i] = b[:end]
			q.size += end
			clear(q.bufs[i+1:])
			q.bufs = q.bufs[:i+1]
			break
		}
		keep -= len(b)
		q.size += len(b)
	}
	q.size -= q.off
	if q.size == 0 {
		q.bufs, q.off = nil, 0
	}
}
