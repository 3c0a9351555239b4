package extension_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

const here = identity.WorkspaceID("wsp_1")

// judge is what one plugin says.
type judge func(ctx context.Context, c extension.Change) (extension.Verdict, error)

// court is plugins that are asked, and their connections.
type court struct {
	mu      sync.Mutex
	points  []extension.Interceptor
	links   []extension.Connection
	judges  map[extension.ConnectionID]judge
	refused bool // the workspace does not let them
	reads   int
	asked   []string
	broken  error
}

func (c *court) Interceptors(p extension.Point) []extension.Interceptor {
	return slices.DeleteFunc(slices.Clone(c.points), func(i extension.Interceptor) bool { return i.Point != p })
}

func (c *court) Intercept(ctx context.Context, to extension.Address, ch extension.Change) (extension.Verdict, error) {
	c.mu.Lock()
	c.asked = append(c.asked, to.Instance)
	j := c.judges[extension.ConnectionID(to.Instance)]
	c.mu.Unlock()
	return j(ctx, ch)
}

func (c *court) EventsOf(extension.PluginID) []string { return nil }

func (c *court) Asks(extension.PluginID, string) bool { return true }

func (c *court) Tell(context.Context, extension.Address, []extension.Event) ([]extension.Outcome, error) {
	return nil, nil
}

func (c *court) ConnectionsOf(_ context.Context, p extension.PluginID) ([]extension.Connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	return slices.DeleteFunc(slices.Clone(c.links), func(x extension.Connection) bool { return x.Plugin != p }), c.broken
}

func (c *court) Connection(context.Context, extension.ConnectionID) (extension.Connection, error) {
	return extension.Connection{}, errs.Absent()
}

func (c *court) Allowed(context.Context, identity.WorkspaceID, extension.PluginID) ([]string, error) {
	if c.refused {
		return nil, nil
	}
	return []string{"hooks:intercept"}, nil
}

// seat lets a plugin be asked before messages are sent.
func (c *court) seat(plugin string, i extension.Interceptor, j judge) {
	i.Plugin, i.Point = extension.PluginID(plugin), extension.PointSend
	if i.Budget == 0 {
		i.Budget = 150 * time.Millisecond
	}
	c.points = append(c.points, i)
	slices.SortStableFunc(c.points, func(a, b extension.Interceptor) int { return a.Priority - b.Priority })
	id := extension.ConnectionID("pin_" + plugin)
	c.links = append(c.links, extension.Connection{Workspace: here, ID: id, Plugin: extension.PluginID(plugin), Name: strings.ToUpper(plugin), Enabled: true})
	if c.judges == nil {
		c.judges = make(map[extension.ConnectionID]judge)
	}
	c.judges[id] = j
}

func (c *court) gate() *extension.Gate {
	return extension.NewGate(extension.GateDeps{Hooks: c, Connections: c, Allowances: c, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

func send(g *extension.Gate) (extension.Passed, error) {
	return g.Ask(context.Background(), here, extension.PointSend, extension.Change{ID: "1", Send: &extension.SendDraft{Text: "hi"}}, 20)
}

func allow(context.Context, extension.Change) (extension.Verdict, error) {
	return extension.Verdict{}, nil
}

func hang(ctx context.Context, _ extension.Change) (extension.Verdict, error) {
	<-ctx.Done()
	return extension.Verdict{}, errs.New(errs.Unavailable, "plugin.no_answer", "It did not answer.")
}

func into(text, reason string) judge {
	return func(_ context.Context, c extension.Change) (extension.Verdict, error) {
		made := strings.ReplaceAll(text, "%", c.Send.Text)
		return extension.Verdict{Text: &made, Reason: reason}, nil
	}
}

func TestGateAsksInOrder(t *testing.T) {
	var c court
	c.seat("second", extension.Interceptor{Priority: 5}, into("<%>", "Brackets.\x00"))
	c.seat("first", extension.Interceptor{Priority: -5}, into("%!", ""))
	c.seat("third", extension.Interceptor{Priority: 7}, into("%", "no change"))
	got, err := send(c.gate())
	if err != nil || got.Text != "<hi!>" || len(got.Altered) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if a := got.Altered; a[0].Guard.Name != "FIRST" || a[1].Guard.Connection != "pin_second" || a[1].Reason != "Brackets." {
		t.Errorf("%+v", got.Altered)
	}
	if !slices.Equal(c.asked, []string{"pin_first", "pin_second", "pin_third"}) {
		t.Errorf("asked: %v", c.asked)
	}
}

func TestGateDenies(t *testing.T) {
	var c court
	c.seat("guard", extension.Interceptor{}, func(context.Context, extension.Change) (extension.Verdict, error) {
		return extension.Verdict{Deny: true, Reason: " No\ncards. " + strings.Repeat("x", 600)}, nil
	})
	c.seat("later", extension.Interceptor{Priority: 1}, allow)
	_, err := send(c.gate())
	e := errs.As(err)
	if !errs.Is(err, errs.Forbidden) || e.Code != "plugin.denied" || !strings.HasPrefix(e.Message, "GUARD: No cards. x") || len([]rune(e.Fields[0].Detail)) != 500 {
		t.Errorf("%v", err)
	}
	if len(c.asked) != 1 {
		t.Errorf("asked: %v", c.asked)
	}
}

// What a plugin makes of a message is held to the rules of messages; a word that
// cannot be followed is none.
func TestGateRefusesUnfitTexts(t *testing.T) {
	for _, text := range []string{"", "   ", strings.Repeat("x", 21), "a\x00b", "\xff"} {
		var c court
		c.seat("open", extension.Interceptor{}, into(text, ""))
		if got, err := send(c.gate()); err != nil || got.Text != "hi" || got.Altered != nil {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		c = court{}
		c.seat("closed", extension.Interceptor{Deny: true}, into(text, ""))
		if _, err := send(c.gate()); !errs.Is(err, errs.Conflict) || errs.As(err).Code != "plugin.undecided" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// However many hang, a message waits no longer than the budget.
func TestGateBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c court
		for _, name := range []string{"a", "b", "c", "d"} {
			c.seat(name, extension.Interceptor{Budget: 400 * time.Millisecond}, hang)
		}
		began := time.Now()
		if got, err := send(c.gate()); err != nil || got.Text != "hi" {
			t.Fatalf("%+v, %v", got, err)
		}
		if took := time.Since(began); took != extension.GateBudget {
			t.Errorf("it took %v", took)
		}
		if len(c.asked) != 3 { // 400 + 400 + 200 ms: nothing was left for the last
			t.Errorf("asked: %v", c.asked)
		}
	})
}

// Who hangs is left out after three times, tried once when the time has come,
// and asked as ever when it answers.
func TestGateSkips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c court
		ill := true
		c.seat("slow", extension.Interceptor{Deny: true}, func(ctx context.Context, ch extension.Change) (extension.Verdict, error) {
			if ill {
				return hang(ctx, ch)
			}
			return extension.Verdict{}, nil
		})
		g := c.gate()
		undecided := func(want time.Duration) {
			t.Helper()
			began := time.Now()
			if _, err := send(g); errs.As(err) == nil || errs.As(err).Code != "plugin.undecided" {
				t.Fatalf("%v", err)
			}
			if took := time.Since(began); took != want {
				t.Errorf("it took %v, want %v", took, want)
			}
		}
		for range 3 {
			undecided(150 * time.Millisecond)
		}
		undecided(0)
		list := g.Skipped(here)
		if len(list) != 1 || list[0].Name != "SLOW" || list[0].Code != "plugin.too_slow" || !list[0].Denies || list[0].Failures != 3 || time.Until(list[0].NextAt) != 30*time.Second {
			t.Fatalf("%+v", list)
		}
		if other := g.Skipped("wsp_2"); len(other) != 0 {
			t.Errorf("another workspace sees %+v", other)
		}
		time.Sleep(30 * time.Second)
		undecided(150 * time.Millisecond) // the one try
		undecided(0)
		if wait := time.Until(g.Skipped(here)[0].NextAt); wait != time.Minute {
			t.Errorf("it is tried again after %v", wait)
		}
		for range 10 {
			time.Sleep(10 * time.Minute)
			undecided(150 * time.Millisecond)
		}
		if wait := time.Until(g.Skipped(here)[0].NextAt); wait != 10*time.Minute {
			t.Errorf("it is tried again after %v", wait)
		}
		ill = false
		undecided(0)
		time.Sleep(10 * time.Minute)
		for range 2 {
			if _, err := send(g); err != nil {
				t.Fatal(err)
			}
		}
		skipsNobody(t, g)
	})
}

// skipsNobody wants every interceptor asked.
func skipsNobody(t *testing.T, g *extension.Gate) {
	t.Helper()
	if list := g.Skipped(here); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

// While one change is asked about to see whether it answers again, the others
// do not wait.
func TestGateTriesWithOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c court
		c.seat("slow", extension.Interceptor{}, hang)
		g := c.gate()
		for range 3 {
			_, _ = send(g)
		}
		time.Sleep(30 * time.Second)
		var wg sync.WaitGroup
		before := len(c.asked)
		for range 20 {
			wg.Go(func() { _, _ = send(g) })
		}
		wg.Wait()
		if tries := len(c.asked) - before; tries != 1 {
			t.Errorf("%d tries", tries)
		}
		g.Forget("pin_slow") // its connection was changed
		skipsNobody(t, g)
	})
}

// A process that is away answers at once, and is asked again as soon as it is
// back; a caller who goes says nothing of the plugin.
func TestGateAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c court
		c.seat("away", extension.Interceptor{}, func(context.Context, extension.Change) (extension.Verdict, error) {
			return extension.Verdict{}, errs.New(errs.Unavailable, "plugin.backoff", "It does not run.")
		})
		g := c.gate()
		for range 10 {
			if got, err := send(g); err != nil || got.Text != "hi" {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		c.judges["pin_away"] = hang
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_, err := g.Ask(ctx, here, extension.PointSend, extension.Change{Send: &extension.SendDraft{Text: "hi"}}, 20)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		skipsNobody(t, g)
	})
}

// Who is asked is read once, and anew when something changed or a while has passed.
func TestGateReadsSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c court
		g := c.gate()
		for range 100 {
			if g.Asks(t.Context(), here, extension.PointSend) {
				t.Fatal("nobody is to be asked")
			}
		}
		if c.reads != 0 {
			t.Errorf("%d reads although no plugin wants to be asked", c.reads)
		}
		c.seat("new", extension.Interceptor{}, allow)
		g.Changed(here)
		for range 100 {
			if !g.Asks(t.Context(), here, extension.PointSend) || g.Asks(t.Context(), here, extension.PointRoute) || g.Asks(t.Context(), "wsp_2", extension.PointSend) {
				t.Fatal("who is asked where")
			}
		}
		if c.reads != 2 { // of the two workspaces
			t.Errorf("%d reads", c.reads)
		}
		c.refused = true
		if time.Sleep(2 * time.Second); g.Asks(t.Context(), here, extension.PointSend) {
			t.Error("it is asked without the scope")
		}
		c.broken = errs.New(errs.Unavailable, "storage.io", "The disk failed.")
		g.Changed(here)
		if !g.Asks(t.Context(), here, extension.PointSend) {
			t.Error("nobody is to be asked when that cannot be found out")
		}
		if _, err := send(g); !errs.Is(err, errs.Unavailable) {
			t.Error(err)
		}
	})
}

func TestGateRoutes(t *testing.T) {
	var c court
	c.seat("router", extension.Interceptor{}, func(_ context.Context, ch extension.Change) (extension.Verdict, error) {
		to := ch.Route.Team + "-night"
		return extension.Verdict{Team: &to}, nil
	})
	c.points[0].Point = extension.PointRoute
	got, err := c.gate().Ask(t.Context(), here, extension.PointRoute, extension.Change{Route: &extension.RouteDraft{Team: "sales"}}, 0)
	if err != nil || got.Team != "sales-night" || len(got.Altered) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func BenchmarkGateWithoutInterceptors(b *testing.B) {
	var c court
	g := c.gate()
	for b.Loop() {
		g.Asks(b.Context(), here, extension.PointSend)
	}
}
