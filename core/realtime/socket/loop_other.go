//go:build !linux

package socket

import (
	"net"
	"syscall"
)

// loops does not exist here: every connection takes the portable form.
type loops struct{}

func openLoops(*Transport) (*loops, error) { return nil, nil } //nolint:nilnil // absent, not failed

func (*loops) close() {}

func plain(net.Conn) syscall.Conn { return nil }

func (t *Transport) loop(nc net.Conn, _ syscall.Conn, early []byte, rate *Rate, bind func(*Conn) Handler) error {
	t.stream(nc, early, rate, bind)
	return nil
}
