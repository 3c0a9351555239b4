package testhost

import (
	"crypto/sha256"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
)

// write is a request that changes something.
type write interface {
	proto.Message
	GetInstanceId() string
	GetIdempotencyKey() string
}

// answered is what a key was answered.
type answered struct {
	hash   [sha256.Size]byte
	rights string
	answer proto.Message
	until  time.Time
}

func checkKey(key string) error {
	if key == "" || len(key) > maxName || !utf8.ValidString(key) {
		return invalid("idempotency.key", "idempotency_key must be text of 1 to 200 bytes.",
			[2]string{"/idempotency_key", "must be text of 1 to 200 bytes"})
	}
	return nil
}

// keyed does a write once for its key, in one piece: the same again gets the
// first answer for a day, another request under the key is refused, and after a
// refusal the key is free. do runs under the host's lock.
func keyed[Req write, Res proto.Message](d *desk, req Req, do func() (Res, error)) (Res, error) {
	var none Res
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return none, err
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return none, err
	}
	hash := sha256.Sum256(append([]byte(req.ProtoReflect().Descriptor().Name()+"\n"), body...))
	d.mu.Lock()
	defer d.mu.Unlock()
	at, rights := place{req.GetInstanceId(), req.GetIdempotencyKey()}, strings.Join(d.scopes(), " ")
	if before, known := d.answers[at]; known && before.until.After(d.now()) {
		kept, ok := before.answer.(Res)
		switch {
		case before.hash != hash:
			return none, invalid("idempotency.mismatch", "This Idempotency-Key was used for another request. Use a new key for each request.")
		case before.rights != rights || !ok:
			return none, conflict("idempotency.answer_lost", "The request with this Idempotency-Key took effect, but its answer is not kept any more. Read what it made instead of sending it again.")
		}
		return proto.CloneOf(kept), nil
	}
	answer, err := do()
	if err != nil {
		return none, err
	}
	d.answers[at] = answered{hash: hash, rights: rights, answer: proto.CloneOf(answer), until: d.now().Add(day)}
	return answer, nil
}
