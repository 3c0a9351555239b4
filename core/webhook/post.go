package webhook

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
)

// openAll returns the keys that sign at a time, the oldest first. One that
// cannot be opened, because the master key was lost, does not stand in the way
// of another.
func openAll(sealer Sealer, e Endpoint, now time.Time) []key {
	var out []key
	for _, k := range e.Secrets {
		if !k.Works(now) {
			continue
		}
		if secret, err := sealer.Open(k.Sealed, about(e.Workspace, e.ID, k.KID)); err == nil {
			out = append(out, key{kid: k.KID, secret: secret})
		}
	}
	return out
}

// Headers returns what a delivery is sent with, in order, but for its signature.
func Headers(d Delivery) [][2]string {
	return [][2]string{{"Content-Type", "application/json"}, {HeaderEvent, d.Type}, {HeaderDelivery, string(d.ID)}}
}

// post makes one request. What of the secrets the answer repeats is taken out.
func post(ctx context.Context, p Poster, e Endpoint, d Delivery, keys []key, now time.Time) Attempt {
	signed := signature(keys, now, d.Body)
	a := p.Post(ctx, e.URL, append(Headers(d), [2]string{HeaderSignature, signed}), d.Body)
	a.At = now
	for _, k := range keys {
		a.KIDs = append(a.KIDs, k.kid)
	}
	a.Body, a.Detail = scrub(a.Body, keys, signed), scrub(a.Detail, keys, signed)
	for i := range a.Headers {
		a.Headers[i][1] = scrub(a.Headers[i][1], keys, signed)
	}
	return a
}

// redacted stands where a secret was.
const redacted = "[redacted]"

// scrub takes secrets and signatures out of what an endpoint answered.
func scrub(text string, keys []key, signed string) string {
	for _, k := range keys {
		text = strings.ReplaceAll(text, string(k.secret), redacted)
		text = strings.ReplaceAll(text, hex.EncodeToString(k.secret), redacted)
	}
	for part := range strings.SplitSeq(signed, ",") {
		if mac, ok := strings.CutPrefix(part, "v1="); ok {
			text = strings.ReplaceAll(text, mac, redacted)
		}
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

// changed makes the event of an endpoint.
func changed(ids id.Source, e Endpoint, now time.Time) event.Event {
	data, err := json.Marshal(map[string]string{"id": string(e.ID)})
	if err != nil { // strings always marshal
		data = []byte(`{}`)
	}
	return event.Event{
		ID: ids.New("chg"), Workspace: string(e.Workspace), Type: Changed, Subject: string(e.ID), At: now, Data: data,
	}
}
