package app_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// nameserver answers questions for A and AAAA (RFC 1035) from a table.
type nameserver struct {
	address string

	mu    sync.Mutex
	names map[string]*answers
}

// answers of one name: all at once, or (turns) one after the other, the last
// for ever.
type answers struct {
	list  []netip.Addr
	turns bool
	asked map[uint16]int // by type of question
}

func newNameserver(t *testing.T) *nameserver {
	t.Helper()
	c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s := &nameserver{address: c.LocalAddr().String(), names: make(map[string]*answers)}
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			if out := s.answer(buffer[:n]); out != nil {
				_, _ = c.WriteTo(out, from)
			}
		}
	}()
	return s
}

func (s *nameserver) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", s.address)
	}}
}

func (s *nameserver) set(name string, to ...string)  { s.put(name, false, to) }
func (s *nameserver) turn(name string, to ...string) { s.put(name, true, to) }

func (s *nameserver) put(name string, turns bool, to []string) {
	a := &answers{turns: turns, asked: make(map[uint16]int)}
	for _, x := range to {
		a.list = append(a.list, netip.MustParseAddr(x))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[name] = a
}

// forget makes turns begin again.
func (s *nameserver) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.names {
		clear(a.asked)
	}
}

const (
	typeA    = 1
	typeAAAA = 28
)

// answer makes the answer to a message with one question.
func (s *nameserver) answer(in []byte) []byte {
	if len(in) < 12 {
		return nil
	}
	var labels []string
	i := 12
	for i < len(in) && in[i] != 0 {
		n := int(in[i])
		if i+1+n > len(in) {
			return nil
		}
		labels = append(labels, string(in[i+1:i+1+n]))
		i += 1 + n
	}
	if i+5 > len(in) {
		return nil
	}
	kind, end := binary.BigEndian.Uint16(in[i+1:]), i+5
	found, known := s.find(strings.ToLower(strings.Join(labels, ".")), kind)
	flags := uint16(0x8180) // an answer, recursion available
	if !known {
		flags |= 3 // no such name
	}
	out := append([]byte(nil), in[:2]...)
	out = binary.BigEndian.AppendUint16(out, flags)
	out = append(out, 0, 1, 0, byte(len(found)), 0, 0, 0, 0)
	out = append(out, in[12:end]...)
	for _, a := range found {
		out = append(out, 0xc0, 12) // the name of the question
		out = binary.BigEndian.AppendUint16(out, kind)
		out = append(out, 0, 1, 0, 0, 0, 0) // class, no time to live
		out = binary.BigEndian.AppendUint16(out, uint16(len(a)))
		out = append(out, a...)
	}
	return out
}

// find returns the addresses of one type that a name has now.
func (s *nameserver) find(name string, kind uint16) (found [][]byte, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.names[name]
	if a == nil {
		return nil, false
	}
	list := a.list
	if a.turns {
		at := min(a.asked[kind], len(list)-1)
		a.asked[kind]++
		list = list[at : at+1]
	}
	for _, x := range list {
		if (kind == typeA && x.Is4()) || (kind == typeAAAA && x.Is6()) {
			found = append(found, x.AsSlice())
		}
	}
	return found, true
}
