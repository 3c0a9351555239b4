package mailrig

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// Where a Cutter breaks.
type Where uint8

// The places.
const (
	InContent Where = iota // after 64 KiB of a connection
	BeforeDot              // the server does not get the end of the mail
	AfterDot               // the server has the mail; its answer does not arrive
)

// Cutter is a way to a server of plain SMTP that breaks at the end of each mail.
type Cutter struct {
	Address string
	Cuts    atomic.Int32
}

// Cut starts a Cutter before a server's address.
func Cut(tb testing.TB, address string, where Where) *Cutter {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() }) // ends the goroutine
	c := &Cutter{Address: l.Addr().String()}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(tb.Context(), conn, address, where)
		}
	}()
	return c
}

func (c *Cutter) serve(ctx context.Context, client net.Conn, address string, where Where) {
	defer client.Close() //nolint:errcheck // breaking it is the purpose
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // as above
	go func() { _, _ = io.Copy(client, server) }()
	var last []byte
	passed := 0
	buffer := make([]byte, 32<<10)
	end := []byte("\r\n.\r\n")
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		part := buffer[:n]
		if passed += n; where == InContent && passed > 64<<10 {
			c.Cuts.Add(1)
			return
		}
		last = append(last, part...)
		if !bytes.HasSuffix(last, end) {
			last = last[max(0, len(last)-len(end)):]
			if _, err := server.Write(part); err != nil {
				return
			}
			continue
		}
		c.Cuts.Add(1)
		_ = client.Close()
		if where != AfterDot {
			return
		}
		if _, err := server.Write(part); err != nil {
			return
		}
		_ = server.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, _ = io.Copy(io.Discard, server) // it answers to nobody
		return
	}
}
