// Package parcel is a channel that keeps the contract of adapters, and the same
// one with one clause of it broken: what the suite is tested with.
package parcel

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

//go:embed plugin.yaml
var manifest []byte

// The faults, by what they break.
const (
	Believes = "believes"     // looks at no signature
	Timeless = "timeless"     // takes what was signed long ago
	MakesIDs = "makes-ids"    // gives a message another id each time
	Drops    = "drops"        // leaves out what it does not know
	Mixes    = "mixes"        // brings another file than the one that was sent
	Doubles  = "doubles"      // sends again what it is not sure of
	Hasty    = "hasty"        // does not hear that it shall wait
	Stubborn = "stubborn"     // tries for ever what was refused
	Optimist = "optimist"     // takes a failure for a success
	Early    = "early"        // says that a message is sent before it is
	Forgets  = "forgets-keys" // sends each attempt under a key of its own
	Mute     = "mute"         // shows nothing of what members do
	Repeats  = "repeats"      // sends an edit as another message
	Clings   = "clings"       // fails to take back what is gone
	Renames  = "renames"      // brings older letters under other ids
	Detaches = "detaches"     // brings older letters as if they came by themselves
	Ageless  = "ageless"      // brings letters older than it was asked for
	Circles  = "circles"      // never comes to an end of them
	Hollow   = "hollow"       // lists a template whose text has what is no field
	Flattens = "flattens"     // sends a template as a text
	Garbles  = "garbles"      // sends a template without its values
	Hushes   = "hushes"       // does not say who of a group wrote
	Prefixes = "prefixes"     // says it in the text, too
	Scatters = "scatters"     // makes a group of each member
)

// skew is how old a signature may be.
const skew = 5 * time.Minute

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return sdk.Plugin{Manifest: manifest, Channel: func(env sdk.Env) (channel.Channel, error) {
		return &parcel{env: env, client: &http.Client{Timeout: 10 * time.Second}}, nil
	}}
}

type parcel struct {
	env    sdk.Env
	client *http.Client
}

type settings struct {
	URL, Token, Fault string
	Keyed             bool
}

func settingsOf(in instance.Instance) (settings, error) {
	var c settings
	err := in.Decode(&c)
	return c, err
}

// Sign is the signature of a body at a time.
func Sign(token, stamp string, body []byte) string {
	sum := hmac.New(sha256.New, []byte(token))
	_, _ = fmt.Fprintf(sum, "%s.%s", stamp, body) // a hash takes all
	return hex.EncodeToString(sum.Sum(nil))
}

// Letter is what the post office brings.
type Letter struct {
	ID, From, Kind, Text, File string

	Group string // that it was written in; "" = in private

	Sent int64 // seconds since 1970
}

// Receive implements channel.Channel.
func (p *parcel) Receive(_ context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	c, err := settingsOf(req.Instance)
	if err != nil {
		return channel.ReceiveResponse{}, err
	}
	stamp := req.Header.Get("X-Time")
	if c.Fault != Believes && !hmac.Equal([]byte(Sign(c.Token, stamp, req.Body)), []byte(req.Header.Get("X-Signature"))) {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadSignature, "The signature is wrong.")
	}
	at, _ := strconv.ParseInt(stamp, 10, 64)
	if age := time.Since(time.Unix(at, 0)); c.Fault != Timeless && c.Fault != Believes && (age > skew || age < -skew) && !req.Replay {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadSignature, "It was signed too long ago.")
	}
	var letter Letter
	if err := json.Unmarshal(req.Body, &letter); err != nil || letter.ID == "" {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "That is no letter.")
	}
	in := channel.Inbound{ExternalID: letter.ID, Sender: channel.Person{ID: letter.From}, Content: message.Text(letter.Text)}
	if letter.Group != "" {
		in.Sender, in.Member = gathered(c, letter)
	}
	switch {
	case letter.Group != "" && c.Fault == Prefixes:
		in.Content.Text = letter.From + ": " + letter.Text
	case c.Fault == MakesIDs:
		in.ExternalID += strconv.FormatInt(time.Now().UnixNano(), 10)
	case letter.Kind != "" && c.Fault == Drops:
		return channel.ReceiveResponse{}, nil
	case letter.Kind != "":
		in.Content = message.Content{Unsupported: &message.Unsupported{Kind: letter.Kind}}
	}
	if letter.File != "" {
		in.Content.Attachments = []message.Attachment{{Fetch: letter.File, Filename: "picture.png"}}
	}
	return channel.ReceiveResponse{Messages: []channel.Inbound{in}}, nil
}

// gathered is the group of a letter, and who of it wrote.
func gathered(c settings, letter Letter) (channel.Person, *channel.Member) {
	group := channel.Person{ID: "group/" + letter.Group, Name: letter.Group, Group: true}
	switch c.Fault {
	case Hushes:
		return group, nil
	case Scatters:
		group.ID += "/" + letter.From
	}
	return group, &channel.Member{ID: letter.From, Name: letter.From}
}

// FetchFile implements channel.Fetcher.
func (p *parcel) FetchFile(ctx context.Context, req channel.FetchFileRequest, w io.Writer) (channel.FetchFileResponse, error) {
	c, err := settingsOf(req.Instance)
	if err != nil {
		return channel.FetchFileResponse{}, err
	}
	name := req.Fetch
	if c.Fault == Mixes {
		name = "file-0"
	}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/files/"+name, nil)
	if err != nil {
		return channel.FetchFileResponse{}, err
	}
	answer, err := p.client.Do(get)
	if err != nil {
		return channel.FetchFileResponse{}, errs.Unavailable(err, "the post office does not answer")
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if answer.StatusCode == http.StatusNotFound {
		return channel.FetchFileResponse{}, errs.Reject("gone", "The file is gone.")
	}
	_, err = io.Copy(w, answer.Body)
	return channel.FetchFileResponse{}, err
}

// Send implements channel.Channel.
func (p *parcel) Send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	c, err := settingsOf(req.Instance)
	if err != nil {
		return channel.SendResponse{}, err
	}
	if c.Fault == Early {
		go func() {
			time.Sleep(30 * time.Millisecond)
			_ = p.post(context.WithoutCancel(ctx), c, req) // the fault
		}()
		return channel.SendResponse{MessageID: req.DeliveryID}, nil
	}
	if req.Suspect && !c.Keyed && c.Fault != Doubles {
		return channel.SendResponse{}, errs.Doubt(nil, "The post office knows no keys.")
	}
	if req.Act != channel.Post && c.Fault != Repeats {
		return channel.SendResponse{MessageID: req.Target}, p.act(ctx, c, req)
	}
	return channel.SendResponse{MessageID: req.DeliveryID}, p.post(ctx, c, req)
}

// act changes what was sent, or takes it back. The same act twice is one.
func (p *parcel) act(ctx context.Context, c settings, req channel.SendRequest) error {
	body, err := json.Marshal(map[string]string{"target": req.Target, "text": req.Content.Text})
	if err != nil {
		return err
	}
	path := map[channel.Act]string{channel.Edit: "/edit", channel.Recall: "/recall"}[req.Act]
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := p.client.Do(out)
	if err != nil {
		return errs.Unavailable(err, "The connection broke.")
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	switch {
	case answer.StatusCode < 300, answer.StatusCode == http.StatusNotFound && req.Act == channel.Recall && c.Fault != Clings:
		return nil
	case answer.StatusCode == http.StatusNotFound:
		return errs.Reject("gone", "The post office has no such parcel.")
	case answer.StatusCode == http.StatusTooManyRequests:
		return errs.RateLimited(100*time.Millisecond, "The post office is busy.")
	default:
		return errs.Unavailable(nil, "The post office fails.")
	}
}

func (p *parcel) post(ctx context.Context, c settings, req channel.SendRequest) error {
	said := map[string]any{"to": req.Recipient, "text": req.Content.Text}
	if t := req.Template; t != nil && c.Fault != Flattens {
		said["template"] = t
		if c.Fault == Garbles {
			said["template"] = channel.TemplateUse{ID: t.ID, Language: t.Language}
		}
	}
	body, err := json.Marshal(said)
	if err != nil {
		return err
	}
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/send", bytes.NewReader(body))
	if err != nil {
		return err
	}
	key := req.DeliveryID
	if c.Fault == Forgets {
		key += strconv.Itoa(req.Attempt)
	}
	out.Header.Set("Parcel-Key", key) // net/http sends again by itself what has an Idempotency-Key
	answer, err := p.client.Do(out)
	switch {
	case err != nil && !c.Keyed && c.Fault != Doubles:
		return errs.Doubt(err, "The connection broke.")
	case err != nil:
		return errs.Unavailable(err, "The connection broke.")
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	switch {
	case answer.StatusCode < 300 || c.Fault == Optimist:
		return nil
	case answer.StatusCode == http.StatusTooManyRequests && c.Fault != Hasty:
		return errs.RateLimited(100*time.Millisecond, "The post office is busy.")
	case answer.StatusCode == http.StatusForbidden && c.Fault != Stubborn:
		return errs.Reject(errs.CodeInvalidRecipient, "The post office refuses to bring this person anything.")
	default:
		return errs.Unavailable(nil, "The post office fails.")
	}
}

// Signal implements channel.Signaler.
func (p *parcel) Signal(ctx context.Context, req channel.SignalRequest) error {
	c, err := settingsOf(req.Instance)
	if err != nil || c.Fault == Mute {
		return err
	}
	kind := map[channel.SignalKind]string{channel.SignalTyping: "typing", channel.SignalRead: "read"}[req.Kind]
	body, err := json.Marshal(map[string]string{"to": req.Recipient, "target": req.Target})
	if err != nil {
		return err
	}
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/signs/"+kind, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := p.client.Do(out)
	if err != nil {
		return errs.Unavailable(err, "The post office does not answer.")
	}
	return answer.Body.Close()
}
