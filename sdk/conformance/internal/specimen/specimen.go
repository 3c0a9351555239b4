// Package specimen is a channel that keeps the contract, and the same one with
// one clause of it broken: what the conformance kit is tested with. A kit that
// never failed proves nothing.
package specimen

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

//go:embed plugin.yaml
var manifest []byte

// doubtful is the manifest of a channel whose far side takes no key.
//
//go:embed doubtful/plugin.yaml
var doubtful []byte

// The faults, by what they break.
const (
	Noise       = "noise"        // prints before the handshake
	AnyConfig   = "any-config"   // takes whatever stands in the settings
	TellsSecret = "tells-secret" // writes a secret into its log
	Loses       = "loses"        // accepts a message and does not send it
	Doubles     = "doubles"      // sends what it is not sure of under another key
	Hoards      = "hoards"       // keeps memory while its far side is slow
	Believes    = "believes"     // does not look at signatures
	MakesIDs    = "makes-ids"    // gives a request another id when it comes again
	Optimist    = "optimist"     // takes a 500 for a success
	Deserts     = "deserts"      // ends in the middle of a drain
	Sulks       = "sulks"        // never works again after it was stopped
	Lingers     = "lingers"      // goes on without a host
	Pries       = "pries"        // reads what is not its own
	Calls       = "calls"        // opens a port
	Leaks       = "leaks"        // grows
	Modern      = "modern"       // fails when a service of the host is not there
	Mangles     = "mangles"      // knows letters of English alone
	Punctual    = "punctual"     // fails when clocks differ
	Greedy      = "greedy"       // takes no messages without a license
	Spawns      = "spawns"       // leaves a process behind
	Unasked     = "unasked"      // uses a service it did not ask for
	Reposts     = "reposts"      // sends an edit as a new message
	Keeps       = "keeps"        // accepts a recall and takes nothing back
	Redoes      = "redoes"       // does what it is not sure of again under another key
	Retells     = "retells"      // takes a customer's edit for a message
	Guesses     = "guesses"      // takes no answer for a success
	Hollow      = "hollow"       // lists a template whose text has what is no field
	Circles     = "circles"      // comes to no end of its templates
	Flattens    = "flattens"     // sends a template as a text
	Garbles     = "garbles"      // sends a template without its values
	Reissues    = "reissues"     // sends a template that it is not sure of under another key
)

// Plugin returns the plugin with a fault; "" = none.
func Plugin(fault string) sdk.Plugin {
	return sdk.Plugin{Manifest: manifest, Channel: func(env sdk.Env) (channel.Channel, error) {
		s := &specimen{env: env, fault: fault, client: &http.Client{Timeout: 20 * time.Second}}
		return s, s.begin()
	}}
}

// Doubtful returns the plugin with a far side that takes no key: what nobody
// knows the end of is unknown.
func Doubtful(fault string) sdk.Plugin {
	return sdk.Plugin{Manifest: doubtful, Channel: func(env sdk.Env) (channel.Channel, error) {
		return &specimen{env: env, fault: fault, keyless: true, client: &http.Client{Timeout: 20 * time.Second}}, nil
	}}
}

type specimen struct {
	env     sdk.Env
	keyless bool
	fault   string
	client  *http.Client

	mu      sync.Mutex
	sent    int
	busy    int
	busiest int
	hoard   [][]byte
	came    map[string]int // requests, by their id
	file    io.Closer
	broken  bool
	drained bool
}

func (s *specimen) config(in instance.Instance) (url string, token string, err error) {
	var c struct{ URL, Token string }
	err = in.Decode(&c)
	return c.URL, c.Token, err
}

// begin does what some faults do at the start.
func (s *specimen) begin() error {
	switch s.fault {
	case Pries:
		file, err := os.Open("/etc/passwd")
		s.file = file
		if err != nil {
			s.env.Log.Warn("it is well kept", "error", err)
		}
	case Sulks:
		go s.sulk()
	default:
		return s.beginOutside()
	}
	return nil
}

// sulk notices a stop by its own clock.
func (s *specimen) sulk() {
	const every = 100 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := now(); ; last = now() {
		<-tick.C
		if now().Sub(last) > 1200*time.Millisecond {
			s.mu.Lock()
			s.broken = true
			s.mu.Unlock()
		}
	}
}

// ValidateConfig finds what the schema cannot.
func (s *specimen) ValidateConfig(ctx context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	var c struct{ URL, Token string }
	if err := req.Decode(&c); err != nil {
		return instance.ValidateConfigResponse{}, err
	}
	if s.fault == TellsSecret {
		s.env.Log.InfoContext(ctx, "looking at the settings", "token", c.Token)
	}
	if s.fault != AnyConfig && !strings.HasPrefix(c.URL, "http") {
		return instance.ValidateConfigResponse{Problems: []instance.Problem{{Pointer: "/url", Message: "is no address"}}}, nil
	}
	return instance.ValidateConfigResponse{}, nil
}

// Send posts a message to the far side, under the core's key.
func (s *specimen) Send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	url, _, err := s.config(req.Instance)
	if err != nil {
		return channel.SendResponse{}, err
	}
	n := s.enter()
	defer s.leave()
	if err := s.misbehave(ctx, req, n); err != nil {
		return channel.SendResponse{}, err
	}
	if s.fault == Loses && n == 480 {
		return channel.SendResponse{MessageID: "lost"}, nil
	}
	if s.keyless && req.Suspect {
		return channel.SendResponse{}, errs.Doubt(nil, "it was under way when the process ended")
	}
	if req.Act != channel.Post {
		return s.change(ctx, url, req)
	}
	if req.Template != nil {
		return s.prepared(ctx, url, req)
	}
	text := req.Content.Text
	if s.fault == Mangles {
		text = strings.Map(func(r rune) rune { return r & 0x7f }, text)
	}
	key := req.DeliveryID
	id, err := s.post(ctx, url, key, map[string]string{"text": text})
	if s.fault == Doubles && req.Suspect && err == nil {
		id, err = s.post(ctx, url, key+"-again", map[string]string{"text": text})
	}
	s.leak(n)
	return channel.SendResponse{MessageID: id}, err
}

func (s *specimen) enter() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent++
	s.busy++
	s.busiest = max(s.busiest, s.busy)
	return s.sent
}

func (s *specimen) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
}

// misbehave does what some faults do before a message is sent.
func (s *specimen) misbehave(ctx context.Context, req channel.SendRequest, n int) error {
	s.mu.Lock()
	broken := s.broken
	s.mu.Unlock()
	if broken {
		return errors.New("it was stopped, and does not forget")
	}
	if s.fault == Unasked {
		_ = s.env.Schedule(req.Instance.ID).Set(ctx, host.ScheduleRequest{Key: "k", At: now().Add(time.Hour)}) // it may be refused
	}
	if n%100 != 1 {
		return nil
	}
	err := s.env.Metrics(req.Instance.ID).Record(ctx, host.Figure{Name: "sent", Kind: host.Counter, Value: 100})
	if err != nil && s.fault == Modern {
		return fmt.Errorf("count: %w", errors.New(err.Error()))
	}
	return nil
}

// leak keeps memory for ever, after a while.
func (s *specimen) leak(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == Leaks && n > 550 {
		s.hoard = append(s.hoard, touched(256<<10))
	}
}

// hoardFor keeps memory for answers that took long, as the far side says.
func (s *specimen) hoardFor(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == Hoards && h.Get("Server-Timing") != "" {
		s.hoard = append(s.hoard, touched(1<<20))
	}
}

// touched is memory that is really there.
func touched(n int) []byte {
	out := make([]byte, n)
	for i := 0; i < n; i += 4096 {
		out[i] = 1
	}
	return out
}

// change changes a message at the far side, or takes it back.
func (s *specimen) change(ctx context.Context, url string, req channel.SendRequest) (channel.SendResponse, error) {
	body := map[string]string{"text": req.Content.Text, "edits": req.Target}
	switch {
	case req.Act == channel.Recall && s.fault == Keeps:
		return channel.SendResponse{MessageID: req.Target}, nil
	case req.Act == channel.Recall:
		body = map[string]string{"recalls": req.Target}
	case s.fault == Reposts:
		delete(body, "edits")
	}
	_, err := s.post(ctx, url, req.DeliveryID, body)
	for n := 0; n < 2 && s.fault == Redoes && req.Suspect && err == nil; n++ {
		_, err = s.post(ctx, url, fmt.Sprintf("%s-%d", req.DeliveryID, n), body)
	}
	return channel.SendResponse{MessageID: req.Target}, err
}

// lost is what became of a request whose answer never came.
func (s *specimen) lost(cause error) (string, error) {
	switch {
	case s.fault == Guesses:
		return "guessed", nil
	case s.keyless:
		return "", errs.Doubt(cause, "the far side did not say what became of it")
	default:
		return "", errs.Unavailable(cause, "the far side does not answer")
	}
}

func (s *specimen) post(ctx context.Context, url, key string, what any) (string, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	if !s.keyless {
		req.Header.Set("Idempotency-Key", key)
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := s.client.Do(req)
	if err != nil {
		return s.lost(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	s.hoardFor(answer.Header)
	var made struct{ ID string }
	decoded := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&made)
	switch {
	case answer.StatusCode == http.StatusTooManyRequests:
		return "", errs.RateLimited(pause(answer.Header), "the far side is busy")
	case answer.StatusCode >= 500 && s.fault != Optimist:
		return "", errs.Unavailable(nil, "the far side is down")
	case answer.StatusCode >= 400 && s.fault != Optimist:
		return "", errs.Reject(errs.CodeBadRequest, "the far side refused")
	case decoded != nil:
		return "", errs.Unavailable(decoded, "the far side makes no sense")
	}
	return made.ID, nil
}

// pause reads Retry-After; a date is one of the far side's clock.
func pause(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if n, err := strconv.Atoi(value); err == nil {
		return time.Duration(n) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	from, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(until.Sub(from), 0)
}

// Receive takes what the far side posts.
func (s *specimen) Receive(ctx context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	_, token, err := s.config(req.Instance)
	if err != nil {
		return channel.ReceiveResponse{}, err
	}
	stamp := req.Header.Get("X-Time")
	sum := hmac.New(sha256.New, []byte(token))
	_, _ = fmt.Fprintf(sum, "%s.%s", stamp, req.Body)
	if want := "sha256=" + hex.EncodeToString(sum.Sum(nil)); s.fault != Believes && !hmac.Equal([]byte(want), []byte(req.Header.Get("X-Signature"))) {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadSignature, "The signature is wrong.")
	}
	at, _ := strconv.ParseInt(stamp, 10, 64)
	if age := now().Sub(time.Unix(at, 0)); s.fault == Punctual && (age > time.Hour || age < -time.Hour) {
		return channel.ReceiveResponse{}, errors.New("somebody's clock is wrong")
	}
	entitled, err := s.env.For(req.Instance.ID).Licenses.Entitlement(ctx)
	if err == nil && entitled.State == host.EntitlementExpired && s.fault == Greedy {
		return channel.ReceiveResponse{}, errs.Reject("unlicensed", "Buy a license first.")
	}
	var said struct{ ID, From, Text, Edits, Recalls string }
	if json.Unmarshal(req.Body, &said) != nil || said.ID == "" {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "That is no message.")
	}
	if s.fault == MakesIDs {
		said.ID += s.again(said.ID)
	}
	in := channel.Inbound{ExternalID: said.ID, Sender: channel.Person{ID: said.From}, Content: message.Text(said.Text)}
	switch {
	case said.Edits != "" && s.fault != Retells:
		in.Kind, in.Target = channel.KindEdit, said.Edits
	case said.Recalls != "":
		in.Kind, in.Target, in.Content = channel.KindRecall, said.Recalls, message.Content{}
	}
	return channel.ReceiveResponse{Messages: []channel.Inbound{in}}, nil
}

// again makes another id of one that came before.
func (s *specimen) again(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.came == nil {
		s.came = make(map[string]int)
	}
	n := s.came[id]
	if s.came[id]++; n == 0 {
		return ""
	}
	return "-" + strconv.Itoa(n)
}

// Drain ends what runs beside the calls.
func (s *specimen) Drain(context.Context, instance.DrainRequest) (instance.DrainResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drained = true
	s.client.CloseIdleConnections()
	if s.fault == Deserts && s.busiest > 10 {
		os.Exit(1)
	}
	return instance.DrainResponse{}, nil
}

// now is the real clock.
func now() time.Time { return time.Now() }
