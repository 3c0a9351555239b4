package extension

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Bounds of asking interceptors.
const (
	GateBudget = time.Second          // all interceptors of one change together
	leastAsk   = 5 * time.Millisecond // with less left nobody is asked any more
	lineupKept = 2 * time.Second      // a change of plugins is known by then; one of connections and grants at once
	scopeGate  = "hooks:intercept"
	maxReason  = 500 // characters of a plugin's sentence
)

// Codes of what the gate says.
const (
	CodeDenied    = "plugin.denied"
	CodeUndecided = "plugin.undecided" // one that must agree did not answer in time
)

// Guard is a connection that is asked at a point.
type Guard struct {
	Interceptor
	Connection ConnectionID
	Name       string // of the connection
}

// Alteration is what one guard changed.
type Alteration struct {
	Guard  Guard
	Reason string // a sentence; "" = it said none
}

// Passed is a change that was let happen.
type Passed struct {
	Text    string // of a message, as it is to be sent
	Team    string // of a route
	Altered []Alteration
}

// GateDeps is what Gate needs.
type GateDeps struct {
	Hooks       Hooks
	Connections Connections
	Allowances  Allowances
	Now         func() time.Time
	Log         *slog.Logger
}

// Gate asks interceptors before something happens, one after the other in the
// order of their priority.
//
// Promise: asking costs at most GateBudget, however many there are and whatever
// they do. Who does not answer in time several times in a row is left out for a
// while, which costs nothing. In a workspace without interceptors asking is a
// look into memory.
//
// Concurrency: safe for concurrent use.
type Gate struct {
	GateDeps
	skips skips

	mu      sync.RWMutex
	age     uint64 // grows when lineups are struck out: what was read before is not kept
	lineups map[gateKey]lineup
}

type gateKey struct {
	workspace identity.WorkspaceID
	point     Point
}

// lineup is who is asked, until it is read anew.
type lineup struct {
	guards []Guard
	until  time.Time
}

// NewGate returns a Gate.
func NewGate(d GateDeps) *Gate {
	return &Gate{GateDeps: d, skips: skips{of: make(map[skipKey]*skipping)}, lineups: make(map[gateKey]lineup)}
}

// Asks reports whether somebody is to be asked. When that cannot be found out,
// somebody is: asking then fails.
func (g *Gate) Asks(ctx context.Context, w identity.WorkspaceID, p Point) bool {
	guards, err := g.guards(ctx, w, p)
	return err != nil || len(guards) > 0
}

// Changed notes that connections or grants of a workspace have changed.
func (g *Gate) Changed(w identity.WorkspaceID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.age++
	for _, p := range []Point{PointSend, PointRoute} {
		delete(g.lineups, gateKey{w, p})
	}
}

// guards returns who is asked, in order.
func (g *Gate) guards(ctx context.Context, w identity.WorkspaceID, p Point) ([]Guard, error) {
	key, now := gateKey{w, p}, g.Now()
	g.mu.RLock()
	found, ok := g.lineups[key]
	age := g.age
	g.mu.RUnlock()
	if ok && now.Before(found.until) {
		return found.guards, nil
	}
	guards, err := g.read(ctx, w, p)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.age == age {
		g.lineups[key] = lineup{guards, now.Add(lineupKept)}
	}
	return guards, nil
}

func (g *Gate) read(ctx context.Context, w identity.WorkspaceID, p Point) ([]Guard, error) {
	var out []Guard
	for _, i := range g.Hooks.Interceptors(p) {
		all, err := g.Connections.ConnectionsOf(ctx, i.Plugin)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(slices.Clone(all), func(c Connection) bool { return c.Workspace != w })
		if len(all) == 0 {
			continue
		}
		scopes, err := g.Allowances.Allowed(ctx, w, i.Plugin)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(scopes, scopeGate) {
			continue
		}
		slices.SortFunc(all, func(a, b Connection) int { return cmp.Compare(a.ID, b.ID) })
		for _, c := range all {
			out = append(out, Guard{Interceptor: i, Connection: c.ID, Name: c.Name})
		}
	}
	return out, nil
}

// Ask asks about a change. limit is how many characters a message may have. It
// returns errs.Forbidden CodeDenied with the plugin's sentence, or errs.Conflict
// CodeUndecided when one that must agree did not answer.
func (g *Gate) Ask(ctx context.Context, w identity.WorkspaceID, p Point, c Change, limit int) (Passed, error) {
	guards, err := g.guards(ctx, w, p)
	if err != nil {
		return Passed{}, err
	}
	a := asking{Gate: g, change: c, limit: limit, ends: g.Now().Add(GateBudget)}
	if c.Send != nil {
		draft := *c.Send
		a.change.Send, a.out.Text = &draft, draft.Text
	}
	if c.Route != nil {
		draft := *c.Route
		a.change.Route, a.out.Team = &draft, draft.Team
	}
	for _, guard := range guards {
		if err := a.ask(ctx, w, guard); err != nil {
			return Passed{}, err
		}
	}
	return a.out, nil
}

// asking is one change that is asked about.
type asking struct {
	*Gate
	change Change
	limit  int
	ends   time.Time
	out    Passed
}

// ask asks one guard. An error is why it does not happen.
func (a *asking) ask(ctx context.Context, w identity.WorkspaceID, guard Guard) error {
	now := a.Now()
	left := min(guard.Budget, a.ends.Sub(now))
	if left < leastAsk {
		return a.silent(guard)
	}
	if !a.skips.enter(w, guard, now) {
		return a.silent(guard)
	}
	within, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	verdict, err := a.Hooks.Intercept(within, Address{Plugin: guard.Plugin, Instance: string(guard.Connection)}, a.change)
	if err == nil && !verdict.Deny {
		err = a.unfit(verdict)
	}
	if ctx.Err() != nil { // the caller has gone: that says nothing of the plugin
		a.skips.leave(guard)
		return ctx.Err()
	}
	if err != nil {
		a.failed(ctx, w, guard, err, errs.Is(err, errs.Unavailable) && within.Err() != nil)
		return a.silent(guard)
	}
	a.skips.answered(guard)
	if verdict.Deny {
		return deniedBy(guard, verdict.Reason)
	}
	a.take(guard, verdict)
	return nil
}

// failed notes that a guard gave no verdict. One whose process is away answers
// that at once, and is not skipped for it.
func (a *asking) failed(ctx context.Context, w identity.WorkspaceID, guard Guard, err error, late bool) {
	e := errs.As(err)
	switch {
	case late:
		e = errs.New(errs.Unavailable, CodeTooSlow, "It did not answer within "+min(guard.Budget, GateBudget).String()+".")
	case e.Code != CodeNoAnswer && e.Code != CodeRefused && e.Code != CodeBadAnswer:
		a.skips.leave(guard)
		return
	}
	if until, skipped := a.skips.failed(w, guard, a.Now(), e); skipped {
		a.Log.WarnContext(ctx, "an interceptor is not asked for a while: it gave no verdict several times in a row",
			"plugin", string(guard.Plugin), "connection", string(guard.Connection), "point", string(guard.Point), "reason", e.Code, "until", until, "denies", guard.Deny)
	}
}

// unfit says why a verdict cannot be followed; nil when it can.
func (a *asking) unfit(v Verdict) error {
	bad := func(why string) error {
		return errs.New(errs.Unavailable, CodeBadAnswer, "What it made of the message cannot be sent: "+why+".")
	}
	if v.Text == nil {
		return nil
	}
	text := *v.Text
	switch {
	case a.change.Send == nil:
		return nil
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return bad("it is no text")
	case strings.TrimSpace(text) == "" && len(a.change.Send.Files) == 0:
		return bad("it is empty")
	case utf8.RuneCountInString(text) > a.limit:
		return bad("it is longer than the channel takes")
	}
	return nil
}

// take follows a verdict: who is asked next is asked about what this one made.
func (a *asking) take(guard Guard, v Verdict) {
	changed := false
	if a.change.Send != nil && v.Text != nil && *v.Text != a.out.Text {
		a.out.Text, a.change.Send.Text, changed = *v.Text, *v.Text, true
	}
	if a.change.Route != nil && v.Team != nil && *v.Team != a.out.Team {
		a.out.Team, a.change.Route.Team, changed = *v.Team, *v.Team, true
	}
	if changed {
		a.out.Altered = append(a.out.Altered, Alteration{Guard: guard, Reason: sentenceOf(v.Reason)})
	}
}

// silent is what comes of no verdict: as the manifest says, it happens or not.
func (a *asking) silent(guard Guard) error {
	if !guard.Deny {
		return nil
	}
	return errs.New(errs.Conflict, CodeUndecided,
		"“"+guard.Name+"” must agree first and does not answer. Nothing was sent; try again in a moment, or ask an administrator to look at the plugin "+string(guard.Plugin)+".")
}

// deniedBy words a refusal.
func deniedBy(guard Guard, reason string) error {
	if reason = sentenceOf(reason); reason == "" {
		reason = "It gave no reason."
	}
	return errs.New(errs.Forbidden, CodeDenied, guard.Name+": "+reason).
		WithFields(errs.Field{Pointer: "/text", Code: CodeDenied, Detail: reason})
}

// sentenceOf cuts a plugin's sentence.
func sentenceOf(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	if r := []rune(s); len(r) > maxReason {
		return string(r[:maxReason-1]) + "…"
	}
	return s
}
