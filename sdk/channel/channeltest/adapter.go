package channeltest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// Adapter is a channel together with a far side that the suite steers: a real
// server, or a fake that is as strict as the platform's documents.
type Adapter struct {
	Plugin  sdk.Plugin // the channel, for the test's own process
	Program string     // the built one: plugintest.Build
	// FarSide starts one with nothing in it, for one case, and returns how an
	// inbox is connected to it. Cases run beside each other.
	FarSide func(t *testing.T) (FarSide, instance.Instance)
	// Settled waits until the channel has taken up its work for an inbox; nil =
	// it has when it is configured.
	Settled func(t *testing.T, h *plugintest.Host, in instance.Instance)
	// Patience bounds the wait for what happens by itself; 0 = a minute, since
	// other suites run beside this one.
	Patience time.Duration
}

// FarSide is a platform as the suite steers it. A method returns Absent where
// the platform has no such thing; the case then says so and is skipped.
type FarSide interface {
	// Write has customers write. The requests bring it to the inbox's address;
	// none = the channel comes for it by itself. What has an ID that was there
	// before is told once more, as platforms do.
	Write(t *testing.T, said ...Said) ([]Request, error)
	// Forge returns requests that must be refused.
	Forge(t *testing.T, how Forgery, said Said) ([]Request, error)
	// Behave is how it answers the channel's messages from now on.
	Behave(t *testing.T, how Behaviour) error
	// Got returns what customers have got, the oldest first.
	Got(t *testing.T) []Got
}

// Absent is the error of a far side that has no such thing: why.
type Absent string

// Error returns why.
func (a Absent) Error() string { return string(a) }

// Said is something that a customer writes.
type Said struct {
	ID      string // of the message
	From    string // the customer: a word
	Text    string
	File    []byte // a PNG; nil = none
	Unknown bool   // of a kind that no channel knows
}

// Got is something that a customer got.
type Got struct {
	To   string // as SendRequest.Recipient has it
	Text string
}

// Forgery says what is wrong with a request.
type Forgery uint8

// The forgeries.
const (
	Unsigned    Forgery = iota + 1 // it proves nothing
	WrongSigned                    // by somebody who does not know the secret
	Altered                        // signed well, and changed after that
	Stale                          // signed well, too long ago
)

// Behaviour is how a far side answers.
type Behaviour uint8

// The behaviours.
const (
	Well       Behaviour = iota
	Absentee             // it takes nothing: the connection ends before the request
	Speechless           // it takes the message, and the connection ends before the answer
	Busy                 // it takes nothing and asks for a pause
	Broken               // it takes nothing and says that it failed
	Refusing             // it takes nothing for this customer, now or later
)

// RunAdapter runs the contract of channels with a far side, in the test's own
// process and as a process of its own.
func RunAdapter(t *testing.T, a Adapter) {
	t.Helper()
	t.Run("in process", func(t *testing.T) { a.run(t, false) })
	t.Run("process", func(t *testing.T) { a.run(t, true) })
}

func (a Adapter) run(t *testing.T, process bool) {
	t.Helper()
	for _, c := range []struct {
		name    string
		run     func(*stage)
		process bool // needs one
	}{
		{"takes what is said once and in order", (*stage).saidOnce, false},
		{"takes five files at once from somebody new", (*stage).fiveFiles, false},
		{"shows what it does not know", (*stage).unknownKind, false},
		{"refuses what is not signed", func(s *stage) { s.forged(Unsigned) }, false},
		{"refuses a wrong signature", func(s *stage) { s.forged(WrongSigned) }, false},
		{"refuses what was changed", func(s *stage) { s.forged(Altered) }, false},
		{"refuses what is stale", func(s *stage) { s.forged(Stale) }, false},
		{"takes nothing from a request that is played again", (*stage).replayed, false},
		{"sends once and in order", (*stage).sentOnce, false},
		{"sends again what was not taken", func(s *stage) { s.troubled(Absentee) }, false},
		{"never doubles what was taken in silence", func(s *stage) { s.troubled(Speechless) }, false},
		{"waits for a far side that is busy", func(s *stage) { s.troubled(Busy) }, false},
		{"waits for a far side that fails", func(s *stage) { s.troubled(Broken) }, false},
		{"says what will never work", (*stage).refused, false},
		{"changes what was sent and takes it back", (*stage).acted, false},
		{"lists what its far side has prepared, and sends it", (*stage).prepared, false},
		{"shows that members write and have read", (*stage).signalled, false},
		{"keeps who of a group wrote", (*stage).gathered, false},
		{"brings again what came since a time", (*stage).backfilled, false},
		{"loses nothing that is said to a process that is killed", (*stage).killedListening, true},
		{"doubles nothing when it is killed sending", (*stage).killedSending, true},
	} {
		if c.process && !process {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // a case waits more than it works
			s := &stage{T: t, adapter: a, process: process, host: plugintest.NewHost(t, plugintest.Manifest(a.Plugin.Manifest)), random: rand.New(rand.NewPCG(1, 7))}
			var in instance.Instance
			s.far, in = a.FarSide(t)
			s.in = s.host.Connect(in)
			s.start()
			c.run(s)
		})
	}
}

// stage is a channel between a host and a far side.
type stage struct {
	*testing.T
	adapter Adapter
	process bool
	host    *plugintest.Host
	far     FarSide
	in      instance.Instance
	plug    *plugintest.Plugin
	random  *rand.Rand
}

// start runs the plugin, another one when there was one.
func (s *stage) start() {
	s.Helper()
	if s.process {
		s.plug = plugintest.Process(s.T, s.host, s.adapter.Program)
	} else {
		s.plug = plugintest.InProcess(s.T, s.host, s.adapter.Plugin)
	}
	if s.adapter.Settled != nil {
		s.adapter.Settled(s.T, s.host, s.in)
	}
}

// need ends the case where the far side has no such thing.
func (s *stage) need(err error) {
	s.Helper()
	if why, ok := errors.AsType[Absent](err); ok {
		s.Skipf("not applicable: %s", string(why))
	}
	if err != nil {
		s.Fatal(err)
	}
}

// write has customers write, and brings what they wrote to the channel.
func (s *stage) write(said ...Said) {
	s.Helper()
	requests, err := s.far.Write(s.T, said...)
	s.need(err)
	for _, r := range requests {
		if err := s.post(r); err != nil {
			s.Fatalf("it does not take %s: %v", r.Name, err)
		}
	}
}

// post brings a request as platforms do: what fails comes again.
func (s *stage) post(r Request) error {
	const attempts = 20
	var last error
	for range attempts {
		_, err := s.receive(r)
		if err == nil || errs.As(err).Source == errs.Rejected {
			return err
		}
		last = err
		s.pause(50 * time.Millisecond)
	}
	return last
}

func (s *stage) receive(r Request) (channel.ReceiveResponse, error) {
	header := make(http.Header, len(r.Header))
	for name, value := range r.Header {
		header.Set(name, value)
	}
	return s.plug.Receive(channel.ReceiveRequest{
		Instance: s.in, Method: cmp.Or(r.Method, http.MethodPost), Path: cmp.Or(r.Path, "/"), RawQuery: r.Query, Header: header, Body: []byte(r.Body), Remote: "192.0.2.1",
	})
}

func (s *stage) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.Context().Done():
		s.Fatal(s.Context().Err())
	}
}

// until waits for what the channel or the far side does by itself.
func (s *stage) until(what string, is func() bool) {
	s.Helper()
	for end := time.Now().Add(cmp.Or(s.adapter.Patience, time.Minute)); !is(); s.pause(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("not in time: %s\n%s", what, strings.Join(s.host.Logs(), "\n"))
		}
	}
}

// messages returns the messages of customers that came so far.
func (s *stage) messages() []channel.Inbound {
	var out []channel.Inbound
	for _, in := range s.host.Ingested() {
		if in.Kind == channel.KindMessage && !in.Echo {
			out = append(out, in)
		}
	}
	return out
}

// came waits for a number of messages, and returns them.
func (s *stage) came(n int) []channel.Inbound {
	s.Helper()
	s.until(fmt.Sprintf("%d messages come", n), func() bool { return len(s.messages()) >= n })
	return s.messages()
}

// find returns the message that holds a text.
func find(list []channel.Inbound, text string) (channel.Inbound, int) {
	var found channel.Inbound
	n := 0
	for _, in := range list {
		if strings.Contains(in.Content.Text, text) {
			if n == 0 {
				found = in
			}
			n++
		}
	}
	return found, n
}
