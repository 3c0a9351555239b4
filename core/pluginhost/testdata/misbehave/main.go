// Package main is a plugin that behaves as badly as a file named "mode" in its
// data folder says. It is built by the tests of core/pluginhost.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

func main() {
	manifest, version := bundled()
	mode := read("mode")
	if own := read("mode-" + version); own != "" {
		mode = own
	}
	alone(version)
	switch mode {
	case "hang":
		time.Sleep(time.Hour)
	case "garbage":
		fmt.Println("Hello, I am no plugin!")
		time.Sleep(time.Hour)
	case "exit":
		fmt.Fprintln(os.Stderr, "cannot find my teapot")
		os.Exit(3)
	case "flood":
		go flood(os.Stderr)
	}
	sdk.Serve(sdk.Plugin{
		Manifest: manifest,
		Channel: func(env sdk.Env) (channel.Channel, error) {
			if mode == "refuse" {
				return nil, errors.New("no teapot, no service")
			}
			if mode == "flood" {
				go flood(os.Stdout)
			}
			return &bad{env: env, mode: mode, version: version}, nil
		},
	})
}

// alive is locked for as long as this process lives.
var alive *os.File

// alone adds a line to the file "together" when another process of this plugin
// lives.
func alone(version string) {
	var err error
	if alive, err = os.OpenFile("alive", os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	if syscall.Flock(int(alive.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return
	}
	together, err := os.OpenFile("together", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		defer together.Close()
		_, err = fmt.Fprintln(together, version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// bundled returns the manifest and its version: that of a file in the data
// folder, or that of the bundle.
func bundled() (data []byte, version string) {
	data = []byte(read("plugin.yaml"))
	if len(data) == 0 {
		exe, err := os.Readlink("/proc/self/exe")
		if err == nil {
			data, err = os.ReadFile(filepath.Join(filepath.Dir(exe), "plugin.json"))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "no manifest:", err)
		}
	}
	var m struct{ Version string }
	_ = json.Unmarshal(data, &m)
	return data, m.Version
}

func read(name string) string {
	data, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func flood(to *os.File) {
	for i := 0; ; i++ {
		fmt.Fprintln(to, "flood", i, strings.Repeat("x", 500))
		if i%1000 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

type bad struct {
	env     sdk.Env
	mode    string
	version string
}

// Send writes a line to the file "sink": one system call, which outlives a kill.
func (b *bad) Send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	switch {
	case b.mode == "panic":
		panic("teapot")
	case b.mode == "stuck", b.mode == "hangs-one" && req.Instance.ID == "inb_1":
		time.Sleep(time.Hour)
	case b.mode == "reject":
		return channel.SendResponse{}, errs.Reject(errs.CodeInvalidRecipient, "nobody of that name")
	case strings.HasPrefix(req.Content.Text, "poison"):
		os.Exit(9)
	case b.mode == "slow":
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
			return channel.SendResponse{}, ctx.Err()
		}
	}
	f, err := os.OpenFile("sink", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return channel.SendResponse{}, err
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "%s %s %d %v\n", req.DeliveryID, req.ConversationID, req.Seq, req.Suspect)
	return channel.SendResponse{MessageID: "far-" + req.DeliveryID}, err
}

func (b *bad) Receive(ctx context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	text := string(req.Body)
	switch {
	case b.mode == "panic":
		panic("teapot")
	case text == "busy":
		return channel.ReceiveResponse{}, errs.RateLimited(7*time.Second, "come back later")
	case text == "forged":
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadSignature, "the signature is wrong")
	case text == "slow":
		<-ctx.Done()
		return channel.ReceiveResponse{}, ctx.Err()
	case strings.HasPrefix(text, "try "):
		return channel.ReceiveResponse{Body: []byte(try(strings.Fields(text)[1], strings.Fields(text)[2:]))}, nil
	case text == "version":
		return channel.ReceiveResponse{Body: []byte(b.version)}, nil
	case strings.HasPrefix(text, "wait "):
		d, err := time.ParseDuration(strings.TrimPrefix(text, "wait "))
		time.Sleep(d)
		return channel.ReceiveResponse{Body: []byte(b.version)}, err
	case text == "status":
		return channel.ReceiveResponse{Status: 99}, nil
	case strings.HasPrefix(text, "ingest "):
		err := b.env.Ingest(ctx, channel.Inbound{
			Instance: strings.TrimPrefix(text, "ingest "), ExternalID: "stolen",
			Sender: channel.Person{ID: "thief"}, Content: message.Text("boo"),
		})
		return channel.ReceiveResponse{Body: []byte(fmt.Sprint(err))}, nil
	case strings.HasPrefix(text, "health "):
		err := b.env.ReportHealth(ctx, strings.TrimPrefix(text, "health "), instance.Health{State: instance.Degraded, Code: "cold"})
		return channel.ReceiveResponse{Body: []byte(fmt.Sprint(err))}, nil
	}
	return channel.ReceiveResponse{
		Status: 202,
		Body:   []byte(req.Method + " " + req.Path + " " + req.Query.Get("q") + " " + req.Header.Get("X-Test")),
		Header: map[string][]string{
			"Content-Type": {"text/html"}, "Set-Cookie": {"a=b"}, "Location": {"https://example.com"}, "X-Far": {"yes"},
		},
		Messages: []channel.Inbound{
			{ExternalID: "in-1", Sender: channel.Person{ID: "alice", Name: "Alice"}, Content: message.Text(text)},
			{Instance: "inb_foreign", ExternalID: "in-2", Sender: channel.Person{ID: "alice"}, Content: message.Text(text)},
			{ExternalID: "", Sender: channel.Person{ID: "alice"}, Content: message.Text(text)},
			{ExternalID: "in-3", Sender: channel.Person{ID: "alice"}, Member: &channel.Member{ID: "7"}, Content: message.Text(text)},
			{ExternalID: "in-4", Sender: channel.Person{ID: "tea", Group: true}, Member: &channel.Member{ID: "7", Name: "Mia"}, Content: message.Text(text)},
		},
	}, nil
}

// try does something that a confined program must not, and says what came of it.
func try(what string, args []string) string {
	var err error
	switch what {
	case "read":
		_, err = os.ReadFile(args[0])
	case "list":
		_, err = os.ReadDir(args[0])
	case "write":
		err = os.WriteFile(args[0], []byte("x"), 0o600)
	case "kill":
		pid, _ := strconv.Atoi(args[0])
		err = syscall.Kill(pid, 0)
	case "exec":
		err = exec.Command(args[0]).Run()
	case "env":
		return strings.Join(os.Environ(), "\n")
	case "grow":
		go grow()
	}
	if err != nil {
		return "refused: " + err.Error()
	}
	return "done"
}

// grow takes memory until it is stopped.
func grow() {
	var all [][]byte
	for {
		page := make([]byte, 1<<20)
		for i := range page {
			page[i] = byte(i)
		}
		all = append(all, page)
		if len(all)%8 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// Configure refuses the token "bad".
func (b *bad) Configure(_ context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) {
	var c struct{ Token string }
	if err := req.Instance.Decode(&c); err != nil {
		return instance.ConfigureResponse{}, err
	}
	if c.Token == "bad" {
		return instance.ConfigureResponse{}, errs.Unavailable(nil, "the far side refuses the token").WithCode(errs.CodeAuthExpired)
	}
	if b.mode == "crash" {
		time.AfterFunc(20*time.Millisecond, func() {
			fmt.Fprintln(os.Stderr, "my teapot broke")
			os.Exit(7)
		})
	}
	return instance.ConfigureResponse{}, nil
}

// ValidateConfig refuses what Configure would.
func (b *bad) ValidateConfig(_ context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	if b.mode == "panic" {
		panic("teapot")
	}
	if strings.Contains(string(req.Config), `"bad"`) {
		return instance.ValidateConfigResponse{Problems: []instance.Problem{{Pointer: "/token", Message: "is refused"}}}, nil
	}
	return instance.ValidateConfigResponse{}, nil
}

// Drain leaves a trace, or does not return.
func (b *bad) Drain(context.Context, instance.DrainRequest) (instance.DrainResponse, error) {
	if b.mode == "nodrain" {
		time.Sleep(time.Hour)
	}
	return instance.DrainResponse{}, os.WriteFile("drained", []byte("yes"), 0o600)
}
