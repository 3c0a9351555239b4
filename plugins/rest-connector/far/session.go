package far

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// Credentials that were refused are not shown again for a while, which doubles
// with every refusal: far sides lock accounts after a few.
const (
	refusal     = time.Minute
	mostRefusal = 16 * time.Minute
)

// session is what signing in gave. It is kept in memory alone.
type session struct {
	generation int // 0 = none yet
	values     map[string]any
	until      time.Time // zero = until it is refused
	refused    error
	again      time.Time // after a refusal: not before
	pause      time.Duration
}

// signIn returns a session that is newer than the generation that was refused.
func (c *Client) signIn(ctx context.Context, refused int) (session, error) {
	if c.mapping.Auth.Type != mapping.AuthLogin {
		return session{}, nil
	}
	select {
	case c.signing <- struct{}{}:
		defer func() { <-c.signing }()
	case <-ctx.Done():
		return session{}, c.busy(ctx)
	}
	s := &c.session
	if s.refused != nil && c.now().Before(s.again) {
		return session{}, s.refused
	}
	if s.generation > refused && (s.until.IsZero() || c.now().Before(s.until)) {
		return *s, nil
	}
	values, until, err := c.login(ctx)
	if isAuth(err) {
		s.pause = min(max(2*s.pause, refusal), mostRefusal)
		s.refused, s.again = err, c.now().Add(s.pause)
	}
	if err != nil {
		return session{}, err
	}
	*s = session{generation: s.generation + 1, values: values, until: until}
	return *s, nil
}

// login signs in: step by step, each with what those before gave.
func (c *Client) login(ctx context.Context) (map[string]any, time.Time, error) {
	values := map[string]any{}
	var until time.Time
	if c.mapping.Auth.Lifetime > 0 {
		until = c.now().Add(c.mapping.Auth.Lifetime)
	}
	for i := range c.mapping.Auth.Login {
		step := &c.mapping.Auth.Login[i]
		// The first step shows the credentials itself; those after it use what it gave.
		answer, err := c.once(ctx, &step.Request, c.merged(nil, values), i > 0)
		if err != nil {
			return nil, time.Time{}, err
		}
		if !answer.Found {
			return nil, time.Time{}, errs.Unavailable(nil, c.base.Host+" has no such place to sign in: are the address and the database right?").WithCode(CodeNotFound)
		}
		if err := c.take(step, answer, values, i == 0); err != nil {
			return nil, time.Time{}, err
		}
		if step.ExpiresIn != nil {
			if v, there := step.ExpiresIn.In(answer.Body); there {
				if seconds, err := strconv.ParseFloat(expr.Plain(v), 64); err == nil && seconds > 0 && seconds < 1e9 {
					until = c.now().Add(time.Duration(seconds*0.9) * time.Second)
				}
			}
		}
	}
	return values, until, nil
}

// take reads what a step gave. Without what the first step takes there is no
// session; what later ones lack has no value.
func (c *Client) take(step *mapping.LoginStep, answer *Answer, values map[string]any, must bool) error {
	for name, pointer := range step.Take {
		v, there := pointer.In(answer.Body)
		if !there || v == nil {
			if !must {
				continue
			}
			return expired(fmt.Sprintf("%s let nobody in: its answer to the sign-in lacks %q.", c.base.Host, name))
		}
		values[name] = v
	}
	for name, text := range step.Make {
		made, err := text.String(c.merged(nil, values), nil)
		if err != nil {
			return unusable(err)
		}
		values[name] = made
	}
	return nil
}
