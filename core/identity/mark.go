package identity

import (
	"strconv"
	"strings"
	"time"
)

// MarkLife is how long a browser is known again after it signed in.
const MarkLife = 180 * 24 * time.Hour

// maxMark bounds what is taken for a mark.
const maxMark = 512

// A mark is what a browser keeps of having signed in to an account: a device
// cookie, as OWASP calls it ("Slow Down Online Guessing Attacks with Device
// Cookies"). It opens nothing. Guesses of a browser with one are counted by
// themselves, and it goes before the crowd when many sign in; so a flood, from
// wherever it comes, neither locks nor crowds out who was here before.
//
// It is sealed for the e-mail address of the account, so that nobody makes one,
// and holds a name of its own and when it was made.

// newMark returns a mark for an account that signs in.
func (c *commons) newMark(email string, at time.Time) string {
	text := hashToken(newToken()) + " " + strconv.FormatInt(at.Unix(), 10)
	return c.Sealer.Seal([]byte(text), markOf(email))
}

func markOf(email string) string { return "signed in before: " + email }

// known returns the name and the age of the mark that a client brought for an
// e-mail address; "" for none, or one that is another's, old or forged.
func (c *commons) known(email string, client Client) (name string, age time.Duration) {
	if client.Mark == "" || len(client.Mark) > maxMark || c.Sealer == nil {
		return "", 0
	}
	text, err := c.Sealer.Open(client.Mark, markOf(email))
	if err != nil { // sealed by somebody else, or for somebody else
		return "", 0
	}
	name, made, _ := strings.Cut(string(text), " ")
	at, err := strconv.ParseInt(made, 10, 64)
	if age = c.now().Sub(time.Unix(at, 0)); err != nil || name == "" || age >= MarkLife {
		return "", 0
	}
	return name, age
}

// marked gives a browser that has signed in a mark, unless it has one that is
// good for long.
func (c *commons) marked(in SignedIn, client Client) SignedIn {
	if name, age := c.known(in.Account.Email, client); c.Sealer != nil && (name == "" || age > MarkLife/2) {
		in.Mark = c.newMark(in.Account.Email, in.Session.CreatedAt)
	}
	return in
}
