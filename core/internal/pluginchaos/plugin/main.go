// Package main is the plugin that the chaos is done to. It writes what it sends
// to the file "sink" in its data folder, one system call for each, which outlives
// a kill; and it misbehaves when it is told to by a request.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

func main() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	manifest, err := os.ReadFile(filepath.Join(filepath.Dir(exe), "plugin.json"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sdk.Serve(sdk.Plugin{Manifest: manifest, Channel: func(sdk.Env) (channel.Channel, error) {
		sink, err := os.OpenFile("sink", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		return &victim{sink: sink}, err
	}})
}

type victim struct {
	sink   *os.File
	slow   atomic.Int64 // sends that are still to be slow
	failed atomic.Int64 // sends that are still to fail
}

// Send writes a line: id, conversation, number, whether it is suspect.
func (v *victim) Send(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	if v.slow.Add(-1) >= 0 {
		time.Sleep(5 * time.Millisecond)
	}
	switch n := v.failed.Add(-1); {
	case n >= 0 && n%2 == 0:
		panic("chaos")
	case n >= 0:
		return channel.SendResponse{}, errs.RateLimited(10*time.Millisecond, "chaos")
	}
	_, err := fmt.Fprintf(v.sink, "%s %s %d %t\n", req.DeliveryID, req.ConversationID, req.Seq, req.Suspect)
	return channel.SendResponse{MessageID: req.DeliveryID}, err
}

// Receive does what the harness says.
func (v *victim) Receive(_ context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	switch string(req.Body) {
	case "slow":
		v.slow.Store(64)
	case "fail":
		v.failed.Store(16)
	case "flood":
		go flood()
	case "balloon":
		go balloon()
	case "garbage":
		_, _ = os.Stdout.Write([]byte(strings.Repeat("\x00\xff\x1b[2J{\"level\":", 500) + "\n"))
		return channel.ReceiveResponse{Status: 99, Body: []byte(strings.Repeat("x", 300<<10)), Header: map[string][]string{"Set-Cookie": {"a=b"}}}, nil
	case "panic":
		panic(errors.New("chaos"))
	}
	return channel.ReceiveResponse{Status: 200}, nil
}

func flood() {
	line := strings.Repeat("flood ", 80)
	for i := range 5000 {
		fmt.Fprintln(os.Stderr, i, line)
	}
}

func balloon() {
	var all [][]byte
	for {
		page := make([]byte, 4<<20)
		for i := 0; i < len(page); i += 512 {
			page[i] = 1
		}
		all = append(all, page)
		if len(all)%4 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}
