package media

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Tickets change at midnight UTC, so that the address of a file stays the same
// for a day and browsers keep it, and are good until the end of the day after.
const (
	ticketDay  = 24 * time.Hour
	ticketDays = 2 // the day of issue, and the next
	ticketMAC  = 16
)

// Signer makes and checks tickets. A ticket opens the bytes of one attachment
// to whoever holds it, so that the src of an image works for members and
// visitors alike, for a day at least and two at most. Those who may see the
// message get a new one with it whenever they fetch it.
//
// A ticket is the number of the first day on which it is void (days since
// 1970, in base 36), a dot, and the first 16 bytes of HMAC-SHA-256 over
// "<attachment>.<day>" in URL-safe base64.
type Signer struct {
	key []byte
	now func() time.Time
}

// NewSigner returns a Signer with a secret of at least 32 bytes.
func NewSigner(key []byte, now func() time.Time) Signer { return Signer{key: key, now: now} }

// Ticket returns today's ticket of an attachment. It is the same all day.
func (s Signer) Ticket(id ID) string {
	if len(s.key) == 0 {
		return ""
	}
	day := strconv.FormatInt(s.today()+ticketDays, 36)
	return day + "." + s.mac(id, day)
}

// Check accepts what Ticket returned for the attachment since yesterday's
// midnight: media.ticket (forbidden) when it is another's or nobody's,
// media.ticket_expired when it is too old.
func (s Signer) Check(id ID, ticket string) error {
	day, mac, _ := strings.Cut(ticket, ".")
	if len(s.key) == 0 || !hmac.Equal([]byte(mac), []byte(s.mac(id, day))) {
		return errs.New(errs.Forbidden, "media.ticket", "The address of this file is not complete. Open it from its message.")
	}
	if until, err := strconv.ParseInt(day, 36, 64); err != nil || s.today() >= until {
		return errs.New(errs.Forbidden, "media.ticket_expired", "The address of this file has expired. Load the conversation again.")
	}
	return nil
}

// Until returns when today's tickets become void.
func (s Signer) Until() time.Time {
	return time.Unix((s.today()+ticketDays)*int64(ticketDay/time.Second), 0).UTC()
}

func (s Signer) today() int64 { return s.now().Unix() / int64(ticketDay/time.Second) }

func (s Signer) mac(id ID, day string) string {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(string(id) + "." + day))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:ticketMAC])
}
