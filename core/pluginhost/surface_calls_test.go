package pluginhost_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

// What a process answers to people and rules is bounded and checked, for every
// method of every surface: what is good passes, and nothing else does.
func TestSurfacesAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.installSurfaces("1.0.0")
	type attempt struct {
		c         extension.Connection
		name, how string
		want      string // code of the refusal
	}
	var all []attempt
	for name, s := range surfaces() {
		good := answers(t, s.good)
		for how, bad := range s.bad {
			all = append(all, attempt{h.behaving(told{Answer: answers(t, bad)}), name, how, "plugin.bad_answer"})
		}
		all = append(all,
			attempt{h.behaving(told{Raw: []byte{0x0a, 0xff}}), name, "no message of the protocol", "plugin.no_answer"},
			attempt{h.behaving(told{Raw: []byte("\x0a\x01\xff\x12\x01\xff\x1a\x01\xff")}), name, "other fields than it has", ""},
			attempt{h.behaving(told{Answer: good, Pad: 5 << 20}), name, "5 MiB", "plugin.no_answer"},
			attempt{h.behaving(told{}), name, "an end without an answer", "plugin.no_answer"},
			attempt{h.behaving(told{Answer: good}), name, "", ""},
		)
	}
	torn := with(record(), "title", "V.V.V\x00")
	all = append(all, attempt{h.behaving(told{Answer: answers(t, []any{object{"records": []object{torn}}})}), "Lookup", "", ""})
	endless := h.behaving(told{Answer: answers(t, []any{object{"progress": "Still at it."}}), Times: 2000})
	all = append(all, attempt{endless, "InvokeTool", "no end of progress", "plugin.no_answer"})
	h.run()
	h.until(surfacesID, extension.Ready)
	before := h.status(surfacesID).PID
	for _, a := range all {
		got, err := surfaces()[a.name].call(t.Context(), h.host, a.c)
		switch {
		case a.how == "" && (err != nil || !strings.Contains(got, "1.0.0") || strings.Contains(got, "\x00")):
			t.Errorf("%s: %q, %v", a.name, got, err)
		case a.how == "other fields than it has" && err == nil && strings.Contains(got, "\xff"):
			t.Errorf("%s of %s passed: %q", a.name, a.how, got)
		case a.want != "" && (code(err) != a.want || !errs.Is(err, errs.Unavailable) || got != ""):
			t.Errorf("%s of %s: %q, %v, want %s", a.name, a.how, got, err, a.want)
		}
	}
	if p := h.status(surfacesID); p.PID != before || p.Restarts != 0 {
		t.Errorf("what it answered ended it: %+v", p)
	}
}

// A plugin that does not answer is waited for as long as the protocol says, and
// nobody else waits meanwhile.
func TestSurfacesHang(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.installSurfaces("1.0.0")
	h.install("echo")
	hangs := h.behaving(told{Do: "hang"})
	inbox := h.inbox(echo, `{}`)
	fine := make(map[string]extension.Connection)
	for name, s := range surfaces() {
		fine[name] = h.behaving(told{Answer: answers(t, s.good)})
	}
	h.run()
	before := h.until(surfacesID, extension.Ready).PID
	h.until(echo, extension.Ready)
	var wg sync.WaitGroup
	for name, s := range surfaces() {
		wg.Go(func() {
			within := s.budget(name)
			began := time.Now()
			_, err := s.call(t.Context(), h.host, hangs)
			if took := time.Since(began); code(err) != "plugin.no_answer" || took < within || took > within+2*time.Second {
				t.Errorf("%s, which may take %v, took %v: %v", name, within, took, err)
			}
		})
	}
	for name, s := range surfaces() {
		began := time.Now()
		if got, err := s.call(t.Context(), h.host, fine[name]); err != nil || !strings.Contains(got, "1.0.0") || time.Since(began) > time.Second {
			t.Errorf("%s of another connection meanwhile: %q, %v, after %v", name, got, err, time.Since(began))
		}
	}
	wg.Wait()
	// As many as it may have at once hang: one more is refused at once, and other
	// plugins go on.
	const most = 64
	for range most {
		wg.Go(func() {
			_ = eventually(func() bool { // the call that looks may have the place
				_, err := surfaces()["Search"].call(t.Context(), h.host, hangs)
				return code(err) != "plugin.busy"
			})
		})
	}
	wait(t, "a refusal", func() bool {
		began := time.Now()
		_, err := surfaces()["HandleRoute"].call(t.Context(), h.host, fine["HandleRoute"])
		e := errs.As(err)
		return e != nil && e.Code == "plugin.busy" && e.RetryAfter > 0 && time.Since(began) < time.Second
	})
	if answer, err := h.post(inbox, `{"id":"m1","from":"alice","text":"hi"}`); err != nil || len(answer.Inbound) != 1 {
		t.Errorf("another plugin meanwhile: %+v, %v", answer, err)
	}
	wg.Wait()
	if got, err := surfaces()["HandleRoute"].call(t.Context(), h.host, fine["HandleRoute"]); err != nil || got != "1.0.0" {
		t.Errorf("after all that: %q, %v", got, err)
	}
	if p := h.status(surfacesID); p.PID != before {
		t.Errorf("it was ended: %+v", p)
	}
}

// A process that ends in a call fails that call, at once and with a code; another
// one takes the next.
func TestSurfacesDie(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.options.Timing.Crashes, h.options.Timing.DayCrashes = 1000, 1000
	h.installSurfaces("1.0.0")
	dies := h.behaving(told{Do: "die"})
	fine := make(map[string]extension.Connection)
	for name, s := range surfaces() {
		fine[name] = h.behaving(told{Answer: answers(t, s.good)})
	}
	h.run()
	for name, s := range surfaces() {
		before := h.until(surfacesID, extension.Ready)
		began := time.Now()
		if _, err := s.call(t.Context(), h.host, dies); code(err) != "plugin.no_answer" || !errs.Is(err, errs.Unavailable) || time.Since(began) > s.budget(name) {
			t.Errorf("%s, in which it died: %v after %v", name, err, time.Since(began))
		}
		wait(t, "another process", func() bool {
			p := h.status(surfacesID)
			return p.State == extension.Ready && p.PID != before.PID && p.Restarts == before.Restarts+1
		})
		if got, err := s.call(t.Context(), h.host, fine[name]); err != nil || !strings.Contains(got, "1.0.0") {
			t.Errorf("%s after that: %q, %v", name, got, err)
		}
	}
}

// Versions take over from one another while calls are made: each call is
// answered, by the version that it was made to.
func TestSurfacesSwap(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.installSurfaces("1.0.0")
	type caller struct {
		surface
		name    string
		quick   extension.Connection
		patient extension.Connection // its call is under way for a while
	}
	var callers []caller
	for name, s := range surfaces() {
		good := answers(t, s.good)
		callers = append(callers, caller{s, name, h.behaving(told{Answer: good}), h.behaving(told{Answer: good, WaitMS: 300})})
	}
	h.run()
	h.until(surfacesID, extension.Ready)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	var made atomic.Int64
	keep := func(c caller, to extension.Connection) {
		for ctx.Err() == nil {
			got, err := c.call(t.Context(), h.host, to) //nolint:contextcheck // the callers stop, their calls are finished
			if made.Add(1); err != nil || !strings.Contains(got, "1.") {
				t.Errorf("%s: %q, %v", c.name, got, err)
				return
			}
		}
	}
	for _, c := range callers {
		wg.Go(func() { keep(c, c.quick) })
		wg.Go(func() { keep(c, c.patient) })
	}
	for _, version := range []string{"1.1.0", "1.2.0", "1.3.0"} {
		seen := made.Load()
		wait(t, "some calls", func() bool { return made.Load() > seen+200 })
		h.installSurfaces(version)
		if got, err := h.host.Move(t.Context(), extension.PluginID(surfacesID), extension.Move{}); err != nil || got.Version != version {
			t.Fatalf("upgrade to %s: %+v, %v", version, got, err)
		}
		for _, c := range callers {
			if got, err := c.call(t.Context(), h.host, c.quick); err != nil || !strings.Contains(got, version) {
				t.Errorf("%s after the upgrade to %s: %q, %v", c.name, version, got, err)
			}
		}
	}
	stop()
	wg.Wait()
	if p := h.status(surfacesID); p.Version != "1.3.0" || p.Restarts != 0 {
		t.Errorf("after the upgrades: %+v", p)
	}
	t.Logf("%d calls", made.Load())
}

// The answers that say what became of a call at the far side.
func TestSurfacesTellOutcomes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.installSurfaces("1.0.0")
	outcome := func(name string) extension.Connection {
		result := object{"outcome": name, "detail": "the teapot is empty", "retryAfter": "7s"}
		return h.behaving(told{Answer: answers(t, []any{object{"result": result}})})
	}
	rejected, retry, silent := outcome("OUTCOME_REJECTED"), outcome("OUTCOME_RETRY"), outcome("OUTCOME_UNSPECIFIED")
	h.run()
	h.until(surfacesID, extension.Ready)
	for _, name := range []string{"CallPanel", "Upsert", "AddActivity"} {
		call := surfaces()[name].call
		if _, err := call(t.Context(), h.host, rejected); code(err) != "plugin.rejected" || !strings.Contains(err.Error(), "teapot") {
			t.Errorf("%s, refused: %v", name, err)
		}
		for _, c := range []extension.Connection{retry, silent} {
			_, err := call(t.Context(), h.host, c)
			e, ok := errors.AsType[*errs.Error](err)
			if !ok || e.Code != "plugin.retry" || e.RetryAfter != 7*time.Second {
				t.Errorf("%s, to be tried again: %v", name, err)
			}
		}
	}
}
