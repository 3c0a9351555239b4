package channeltest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
)

// Secret is the key of Keys.
const Secret = "pbis_of_the_tests"

// Keys gives every inbox the same key.
type Keys struct{}

// Keys implements conversation.Keys.
func (Keys) Keys(context.Context, channel.Inbox) ([]channel.Key, error) {
	return []channel.Key{{KID: "k1", Secret: []byte(Secret)}}, nil
}

// Token makes an identity token as a site does. claims change those of a good
// one, which lasts five minutes; nil takes one away.
func Token(secret string, inbox channel.InboxID, now time.Time, subject, id string, claims map[string]any) string {
	all := map[string]any{"sub": subject, "aud": inbox, "jti": id, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	b, err := json.Marshal(all)
	if err != nil {
		return err.Error() // no token
	}
	return Sign(`{"alg":"HS256","typ":"JWT"}`, string(b), secret)
}

// Sign puts a header and claims together as they are written, by HS256.
func Sign(header, claims, secret string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
