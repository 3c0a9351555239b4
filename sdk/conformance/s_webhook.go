package conformance

import (
	"crypto/hmac"
	"crypto/sha1" // some providers sign with it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// algorithms lists those of Signature.
func algorithms() []string { return []string{"hmac-sha256", "hmac-sha1", "hmac-sha512", "token"} }

func (s *Signature) algorithm() string {
	if s.Algorithm == "" {
		return "hmac-sha256"
	}
	return s.Algorithm
}

// sign returns the header's value.
func (s *Signature) sign(secret string, words *strings.Replacer) string {
	over := s.Over
	if over == "" {
		over = "{{body}}"
	}
	prefix := words.Replace(s.Prefix)
	var sum []byte
	switch s.algorithm() {
	case "token":
		return prefix + secret
	case "hmac-sha1":
		sum = keyed(sha1.New, secret, words.Replace(over))
	case "hmac-sha512":
		sum = keyed(sha512.New, secret, words.Replace(over))
	default:
		sum = keyed(sha256.New, secret, words.Replace(over))
	}
	if s.Encoding == "base64" {
		return prefix + base64.StdEncoding.EncodeToString(sum)
	}
	return prefix + hex.EncodeToString(sum)
}

func keyed(algorithm func() hash.Hash, secret, over string) []byte {
	h := hmac.New(algorithm, []byte(secret))
	_, _ = h.Write([]byte(over)) // a hash does not fail
	return h.Sum(nil)
}

// posting is a webhook that is filled in.
type posting struct {
	Webhook
	id     string
	text   string
	at     time.Time
	forged bool // signed with something else
	naked  bool // not signed
	cut    bool // the body was changed after signing
	replay bool
	target string // of an edit or a recall: the id that its message was posted under
}

func (p *plug) request(w posting) *pluginv1.HandleWebhookRequest {
	if w.at.IsZero() {
		w.at = now()
	}
	text, _ := json.Marshal(w.text) // a string
	stamp := strconv.FormatInt(w.at.Unix(), 10)
	target := or(w.target, tokenPrefix+"000001")
	words := strings.NewReplacer("{{id}}", w.id, "{{number}}", numberOf(w.id), "{{target}}", target, "{{target_number}}", numberOf(target), "{{text}}", string(text[1:len(text)-1]), "{{now}}", stamp)
	body := words.Replace(w.Body)
	req := &pluginv1.HandleWebhookRequest{
		WebhookId: "whk_" + w.id, InstanceId: instanceID, Method: or(w.Method, "POST"), Path: or(w.Path, "/"), Query: words.Replace(w.Query),
		RemoteAddr: "192.0.2.1", Replay: w.replay,
	}
	for name, value := range w.Headers {
		req.Headers = append(req.Headers, &pluginv1.Header{Name: name, Value: words.Replace(value)})
	}
	if sign := p.spec.Signature; sign != nil && !w.naked {
		secret := p.spec.Secrets[sign.Secret]
		if w.forged {
			secret = wrongSecret
		}
		value := sign.sign(secret, strings.NewReplacer("{{body}}", body, "{{now}}", stamp, "{{path}}", req.GetPath(), "{{method}}", req.GetMethod()))
		req.Headers = append(req.Headers, &pluginv1.Header{Name: sign.Header, Value: value})
	}
	if w.cut {
		body += " "
	}
	req.Body = []byte(body)
	return req
}

// numberOf is the number in an id of a posting.
func numberOf(id string) string { return or(strings.TrimLeft(id, tokenPrefix+"0"), "1") }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (p *plug) post(w posting) (*pluginv1.HandleWebhookResponse, error) {
	ctx, cancel := p.within(budget)
	defer cancel()
	answer, err := pluginv1.NewChannelServiceClient(p.conn).HandleWebhook(ctx, p.request(w))
	if err != nil {
		return nil, fmt.Errorf("call HandleWebhook: %w", err)
	}
	if reactionOf(task{}, answer.GetResult(), "", nil).fault {
		return nil, fmt.Errorf("the request %q is the plugin's own fault: %s", w.Name, told(answer.GetResult()))
	}
	return answer, nil
}

// taken posts a request that must be taken, and returns its external ids.
func (p *plug) taken(w posting) ([]string, error) {
	answer, err := p.post(w)
	if err != nil {
		return nil, err
	}
	if answer.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED {
		return nil, fmt.Errorf("the request %q became: %s; it should be taken", w.Name, told(answer.GetResult()))
	}
	var ids []string
	for _, m := range answer.GetInbound() {
		if m.GetInstanceId() != instanceID || !m.Named() {
			return nil, fmt.Errorf("the request %q brings a message without its instance, its id or its sender", w.Name)
		}
		ids = append(ids, m.GetExternalId())
	}
	if len(ids) == 0 && !w.Silent {
		return nil, fmt.Errorf("the request %q brings no message; say silent: true in %s if it should not", w.Name, SpecFile)
	}
	return ids, nil
}

func (r *run) posting(w Webhook, text string) posting {
	r.serial++
	return posting{Webhook: w, id: fmt.Sprintf("kit-%06d", r.serial), text: text}
}

// webhooks is scenario 6: forged requests are refused, and the same one brings
// the same messages however often and in whatever order it comes.
func webhooks(r *run) (string, error) {
	if r.manifest.Channel == nil || r.manifest.Live() {
		return "", notApplicable("It is no messaging channel: nobody posts to it.")
	}
	if len(r.spec.Webhooks) == 0 {
		return "", notApplicable("%s has no webhooks, so the kit does not know what its far side posts.", SpecFile)
	}
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	if err := p.forgeries(); err != nil {
		return "", err
	}
	if err := p.replays(); err != nil {
		return "", err
	}
	if err := p.large(); err != nil {
		return "", err
	}
	if err := p.rubbish(); err != nil {
		return "", err
	}
	seen := fmt.Sprintf("However they came, the requests of %s brought the same messages (%d kinds)", SpecFile, len(r.spec.Webhooks))
	if r.spec.Signature == nil {
		return seen + "; they are not signed.", nil
	}
	return seen + ", and forged ones were refused.", nil
}

func (p *plug) forgeries() error {
	if p.spec.Signature == nil {
		return nil
	}
	for _, w := range p.spec.Webhooks {
		for what, change := range map[string]func(*posting){
			"signed with another secret":         func(w *posting) { w.forged = true },
			"not signed":                         func(w *posting) { w.naked = true },
			"changed after it had been signed":   func(w *posting) { w.cut = p.spec.Signature.covers() },
			"with a signature of another length": func(w *posting) { w.Headers, w.naked = with(w.Headers, p.spec.Signature.Header, "00"), true },
		} {
			forged := p.posting(w, "forged")
			change(&forged)
			if !forged.forged && !forged.naked && !forged.cut {
				continue
			}
			answer, err := p.post(forged)
			if err != nil {
				return err
			}
			status := answer.GetStatus()
			if answer.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_REJECTED || status < 400 || status > 499 || len(answer.GetInbound()) > 0 {
				return fmt.Errorf("the request %q, %s, is answered with %d and %s, and %d messages; it is refused with a 4xx", w.Name, what, status, told(answer.GetResult()), len(answer.GetInbound()))
			}
		}
	}
	return nil
}

// covers reports whether the body is signed.
func (s *Signature) covers() bool {
	return s.algorithm() != "token" && (s.Over == "" || strings.Contains(s.Over, "{{body}}"))
}

func with(headers map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	maps.Copy(out, headers)
	return out
}

// replays posts each request again: at once, later, and in another order.
func (p *plug) replays() error {
	var all []posting
	var ids [][]string
	for _, w := range p.spec.Webhooks {
		for i := range 5 {
			one := p.posting(w, fmt.Sprintf("number %d", i))
			got, err := p.taken(one)
			if err != nil {
				return err
			}
			all, ids = append(all, one), append(ids, got)
		}
	}
	for i := range slices.Backward(all) { // the last one first
		for _, replay := range []bool{false, true} {
			one := all[i]
			one.replay = replay
			again, err := p.taken(one)
			if err != nil {
				return err
			}
			if !slices.Equal(again, ids[i]) {
				return fmt.Errorf("the request %q brings the external ids %q, and %q when it comes again; they are the far side's and stay the same", one.Name, ids[i], again)
			}
		}
	}
	var flat []string
	for _, list := range ids {
		flat = append(flat, list...)
	}
	slices.Sort(flat)
	if len(slices.Compact(slices.Clone(flat))) != len(flat) {
		return errors.New("two different requests bring the same external id: the second message would be lost as a duplicate")
	}
	return nil
}

// large posts a body of a mebibyte.
func (p *plug) large() error {
	for _, w := range p.spec.Webhooks {
		if !strings.Contains(w.Body, "{{text}}") {
			continue
		}
		answer, err := p.post(p.posting(w, strings.Repeat("x", 1<<20-len(w.Body)-64)))
		if err != nil {
			return fmt.Errorf("a body of 1 MiB: %w", err)
		}
		if o := answer.GetResult().GetOutcome(); o != pluginv1.Outcome_OUTCOME_ACCEPTED && o != pluginv1.Outcome_OUTCOME_REJECTED {
			return fmt.Errorf("a body of 1 MiB became: %s; it is taken or refused", told(answer.GetResult()))
		}
	}
	return nil
}

// rubbish posts what no far side would: it is refused, or says nothing.
func (p *plug) rubbish() error {
	bodies := []string{"", "{", "[]", "null", "0", `""`, "{}", `{"id":null}`, "\x00\x01\xff\xfe", strings.Repeat("[", 10_000), "<xml/>", "a=b&c=%zz"}
	for i, body := range bodies {
		one := p.posting(Webhook{Name: fmt.Sprintf("rubbish %d", i), Body: body, Path: "/%2e%2e/x", Query: "a=%zz&&="}, "")
		answer, err := p.post(one)
		if err != nil {
			return fmt.Errorf("%.20q: %w", body, err)
		}
		if answer.GetResult().GetOutcome() == pluginv1.Outcome_OUTCOME_RETRY {
			return fmt.Errorf("%.20q became: %s; what will never be understood is refused, not kept", body, told(answer.GetResult()))
		}
	}
	return nil
}
