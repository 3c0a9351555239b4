package socket

import (
	"sync"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// failure is why a connection must be closed.
type failure struct {
	code   int
	reason string
}

// sink takes what a decoder finds, in order. Each method reports whether to go on.
type sink interface {
	// admit is asked once for every whole frame before anything else.
	admit() bool
	text(payload []byte) bool
	ping(payload []byte) bool
	closing(payload []byte) bool
}

// assembly is what a connection remembers between reads: the bytes of a frame
// that has not come whole, and the payload of a message that has not.
type assembly struct {
	part    []byte
	message []byte
	open    bool // a fragmented message has begun
}

// decoder turns bytes into messages. Idle, it holds one nil pointer.
type decoder struct {
	held *assembly
}

// assemblies are reused: a frame cut by a packet border is common, and both
// its ends come within microseconds. Big ones are left to the collector.
type assemblies struct{ pool sync.Pool }

const keepAssembly = 4 << 10

func (p *assemblies) get() *assembly {
	if a, ok := p.pool.Get().(*assembly); ok {
		return a
	}
	return new(assembly)
}

func (p *assemblies) put(a *assembly) {
	if cap(a.part) > keepAssembly || cap(a.message) > keepAssembly {
		return
	}
	a.part, a.message, a.open = a.part[:0], a.message[:0], false
	p.pool.Put(a)
}

// partial reports whether a frame is under way.
func (d *decoder) partial() bool { return d.held != nil && len(d.held.part) > 0 }

// reset forgets what is under way.
func (d *decoder) reset(pool *assemblies) {
	if d.held != nil {
		pool.put(d.held)
		d.held = nil
	}
}

// feed takes the next bytes of the stream, whose payloads it unmasks in place,
// and gives sink every frame that they complete. It returns nil, or why the
// connection cannot go on; then, and when sink stopped it, the rest is dropped.
func (d *decoder) feed(data []byte, limit int, pool *assemblies, to sink) *failure {
	if d.partial() {
		d.held.part = append(d.held.part, data...)
		data = d.held.part
	}
	rest, more, fail := d.frames(data, limit, pool, to)
	if !more {
		d.reset(pool)
		return fail
	}
	d.keep(rest, pool)
	return nil
}

// keep remembers the bytes of a frame that has not come whole.
func (d *decoder) keep(rest []byte, pool *assemblies) {
	if d.held == nil {
		if len(rest) == 0 {
			return
		}
		d.held = pool.get()
	}
	d.held.part = append(d.held.part[:0], rest...)
	if len(rest) == 0 && !d.held.open {
		d.reset(pool)
	}
}

// frames handles the whole frames at the start of data and returns the rest,
// and whether there is to be more.
func (d *decoder) frames(data []byte, limit int, pool *assemblies, to sink) (rest []byte, more bool, fail *failure) {
	for {
		h, n, err := parseHeader(data)
		if err != nil {
			return nil, false, &failure{CodeProtocol, err.Error()}
		}
		if n == 0 {
			return data, true, nil
		}
		if fail := d.check(h, limit); fail != nil {
			return nil, false, fail
		}
		end := n + int(h.Length)
		if len(data) < end {
			return data, true, nil
		}
		payload := data[n:end:end]
		data = data[end:]
		if !to.admit() {
			return nil, false, nil
		}
		ws.Cipher(payload, h.Mask, 0)
		if more, fail := d.frame(h, payload, pool, to); !more {
			return nil, false, fail
		}
	}
}

// check judges a frame by its header, before its payload has come.
func (d *decoder) check(h ws.Header, limit int) *failure {
	state := ws.StateServerSide
	have := 0
	if d.held != nil && d.held.open {
		state = state.Set(ws.StateFragmented)
		have = len(d.held.message)
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return &failure{CodeProtocol, err.Error()}
	}
	switch {
	case h.OpCode == ws.OpBinary:
		return &failure{CodeInvalidData, "text frames only"}
	case !h.OpCode.IsControl() && h.Length > int64(limit-have):
		return &failure{CodeTooBig, "message too big"}
	default:
		return nil
	}
}

func (d *decoder) frame(h ws.Header, payload []byte, pool *assemblies, to sink) (bool, *failure) {
	switch h.OpCode {
	case ws.OpPing:
		return to.ping(payload), nil
	case ws.OpPong:
		return true, nil
	case ws.OpClose:
		return checkClose(payload, to)
	default:
		return d.data(h, payload, pool, to)
	}
}

func (d *decoder) data(h ws.Header, payload []byte, pool *assemblies, to sink) (bool, *failure) {
	if h.OpCode == ws.OpText && h.Fin {
		return whole(payload, to)
	}
	if d.held == nil {
		d.held = pool.get()
	}
	d.held.open = true
	d.held.message = append(d.held.message, payload...)
	if !h.Fin {
		return true, nil
	}
	message := d.held.message
	d.held.open = false
	d.held.message = d.held.message[:0]
	return whole(message, to)
}

func whole(message []byte, to sink) (bool, *failure) {
	if !utf8.Valid(message) {
		return false, &failure{CodeInvalidData, "broken UTF-8"}
	}
	return to.text(message), nil
}

func checkClose(payload []byte, to sink) (bool, *failure) {
	if len(payload) == 1 {
		return false, &failure{CodeProtocol, "close frame with half a code"}
	}
	if len(payload) >= 2 {
		if err := ws.CheckCloseFrameData(ws.ParseCloseFrameData(payload)); err != nil {
			return false, &failure{CodeProtocol, err.Error()}
		}
	}
	return to.closing(payload), nil
}
