package channeltest_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

const manifest = `manifest_version: 1
id: test/letters
version: 1.0.0
name: {en: Letters}
summary: {en: A channel to test the suite with.}
publisher: {name: Test}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [channel]
channel: {content: [text], text_limit: 200}
config_schema:
  type: object
  properties:
    token: {type: string}
`

// letters is a channel with one fault, or with none.
type letters struct {
	fault string

	mu      sync.Mutex
	arrived []string
	posted  int
}

func (l *letters) Send(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := req.Content.Text
	switch {
	case l.fault == "fails" && text == "c3 m2":
		return channel.SendResponse{}, errors.New("a fault")
	case l.fault == "loses" && text == "c3 m2":
		return channel.SendResponse{}, nil
	case l.fault == "swaps" && text == "c3 m2": // goes out after the next one
		return channel.SendResponse{}, nil
	case l.fault == "swaps" && text == "c3 m3":
		l.arrived = append(l.arrived, "c3 m3", "c3 m2")
		return channel.SendResponse{}, nil
	case l.fault == "mangles":
		text = strings.ToValidUTF8(strings.Map(func(r rune) rune { return r & 0x7f }, text), "")
	case l.fault == "refuses repeats" && req.Suspect:
		return channel.SendResponse{}, errs.Reject("seen", "seen before")
	}
	l.arrived = append(l.arrived, text)
	return channel.SendResponse{}, nil
}

func (l *letters) Receive(_ context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.posted++
	var letter struct{ ID, From, Seal string }
	err := json.Unmarshal(req.Body, &letter)
	switch {
	case err != nil && l.fault == "chokes":
		return channel.ReceiveResponse{}, err
	case err != nil && l.fault == "panics":
		panic(err)
	case l.fault == "believes anybody":
	case err != nil, letter.Seal != "wax":
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadSignature, "The seal is broken.")
	}
	id := letter.ID
	if l.fault == "makes ids" {
		id = strconv.Itoa(l.posted)
	}
	return channel.ReceiveResponse{Messages: []channel.Inbound{
		{ExternalID: id, Sender: channel.Person{ID: letter.From}, Content: message.Text("hi")},
	}}, nil
}

func (l *letters) ValidateConfig(_ context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	if l.fault != "takes any configuration" && strings.Contains(string(req.Config), "wrong") {
		return instance.ValidateConfigResponse{Problems: []instance.Problem{{Pointer: "/token", Message: "is wrong"}}}, nil
	}
	return instance.ValidateConfigResponse{}, nil
}

func (l *letters) CheckHealth(context.Context, instance.CheckHealthRequest) (instance.CheckHealthResponse, error) {
	if l.fault == "is never well" {
		return instance.CheckHealthResponse{}, errs.Unavailable(nil, "not today")
	}
	return instance.CheckHealthResponse{}, nil
}

// TestLetters is the suite on the channel without a fault, and, in a process
// of its own, on those with one.
func TestLetters(t *testing.T) {
	l := &letters{fault: os.Getenv("CHANNELTEST_FAULT")}
	channeltest.Run(t, channeltest.Subject{
		Manifest:   []byte(manifest),
		Config:     `{"token":"right"}`,
		BadConfigs: []string{`{"token":"wrong"}`, `{"token":1}`},
		Open: channeltest.InProcess(func(sdk.Env) (channel.Channel, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.arrived = nil // each case opens the channel anew
			return l, nil
		}),
		Requests: []channeltest.Request{{Name: "letter", Body: `{"id":"1","from":"alice","seal":"wax"}`}},
		Refused:  []channeltest.Request{{Name: "forged", Body: `{"id":"1","from":"alice","seal":"glue"}`}},
		Arrived: func(channeltest.Host) []string {
			l.mu.Lock()
			defer l.mu.Unlock()
			return append([]string(nil), l.arrived...)
		},
	})
}

// A suite that never failed proves nothing: each fault must be caught, by the
// case that is there for it.
func TestFaultsAreCaught(t *testing.T) {
	for fault, by := range map[string]string{
		"fails":                   "answers_every_delivery_once_and_in_order",
		"loses":                   "answers_every_delivery_once_and_in_order",
		"swaps":                   "answers_every_delivery_once_and_in_order",
		"mangles":                 "settles_every_text",
		"refuses repeats":         "takes_a_delivery_again",
		"chokes":                  "survives_any_bytes",
		"panics":                  "survives_any_bytes",
		"believes anybody":        "refuses_requests",
		"makes ids":               "understands_requests",
		"takes any configuration": "takes_configurations",
		"is never well":           "takes_configurations",
	} {
		t.Run(fault, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLetters$", "-test.v")
			cmd.Env = append(os.Environ(), "CHANNELTEST_FAULT="+fault)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("it passes")
			}
			if !strings.Contains(string(out), "--- FAIL: TestLetters/"+by) {
				t.Errorf("it is not caught by %s:\n%s", by, out)
			}
		})
	}
}
