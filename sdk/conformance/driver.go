package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/errs"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// task is one piece of work for a plugin, whatever its ability: a message to
// deliver, a turn of a bot, a record to write.
type task struct {
	token   string // names it; the idempotency key is made of it
	lane    string // what belongs together is done in order: a conversation
	seq     int    // in the lane, from 1
	text    string
	attempt uint32
	suspect bool
	act     pluginv1.Act // of deliveries
	target  string       // of an edit or a recall: the far side's id of the message

	template *pluginv1.TemplateUse // text is one with its values; nil = it is not
}

// reaction is what became of a task.
type reaction struct {
	task    task
	outcome pluginv1.Outcome // RETRY also for what got no answer
	fault   bool             // the plugin's own: a panic, an error without a source
	words   string           // code and detail
	after   time.Duration    // with RETRY; 0 = the host decides
	content string           // what was answered, where two answers can be compared
	id      string           // of a delivery: the far side's, of the message
}

func (a reaction) done() bool {
	return a.outcome == pluginv1.Outcome_OUTCOME_ACCEPTED || a.outcome == pluginv1.Outcome_OUTCOME_DUPLICATE
}

// settled is done, or refused for good.
func (a reaction) settled() bool {
	return a.done() || a.outcome == pluginv1.Outcome_OUTCOME_REJECTED && !a.fault
}

func (a reaction) String() string {
	s := strings.ToLower(strings.TrimPrefix(a.outcome.String(), "OUTCOME_"))
	if a.words != "" {
		s += " (" + a.words + ")"
	}
	return s
}

// driver is how the work of one ability is given to a plugin.
type driver struct {
	ability string
	unit    string // what one task is called: "delivery"
	units   string
	carries bool // the text of a task arrives at the far side
	pure    bool // the same task has the same answer, whenever it is asked
	// perform does tasks, each lane in order, and tells what became of each. It
	// returns when there is nothing to wait for any more; the error is one of
	// the protocol, or of a connection that broke.
	perform func(ctx context.Context, p *plug, tasks []task, got func(reaction)) error
}

// drivers returns what the plugin can be given, by what it serves.
func (p *plug) drivers() []driver {
	all := []driver{
		{ability: pluginv1.AbilityChannel, unit: "delivery", units: "deliveries", carries: true, perform: deliver},
		{ability: pluginv1.AbilityLive, unit: "visit", units: "visits", perform: each(visit)},
		{ability: pluginv1.AbilityBot, unit: "turn", units: "turns", perform: each(turn)},
		{ability: pluginv1.AbilityConnector, unit: "record", units: "records", carries: p.spec.Connector.Object != "", perform: each(record)},
		{ability: pluginv1.AbilityTool, unit: "tool call", units: "tool calls", carries: true, perform: each(invocation)},
		{ability: pluginv1.AbilityHook, unit: "event", units: "events", perform: each(hooked)},
		{ability: pluginv1.AbilityAnalyzer, unit: "analysis", units: "analyses", perform: each(analysis)},
		{ability: pluginv1.AbilityPanel, unit: "card", units: "cards", perform: each(rendering)},
		{ability: pluginv1.AbilityTemplate, unit: "plan", units: "plans", pure: true, perform: each(plan)},
		{ability: pluginv1.AbilityRoute, unit: "request", units: "requests", perform: each(routed)},
	}
	var out []driver
	for _, d := range all {
		if p.has(d.ability) && p.spec.gives(d.ability) {
			perform := d.perform
			d.perform = func(ctx context.Context, p *plug, tasks []task, got func(reaction)) error {
				p.core.seed(instanceID, p.manifest.Channel != nil, tasks)
				return perform(ctx, p, tasks, got)
			}
			out = append(out, d)
		}
	}
	return out
}

// deliveries is the driver of a messaging channel.
func (p *plug) deliveries() (driver, bool) {
	drivers := p.drivers()
	at := slices.IndexFunc(drivers, func(d driver) bool { return d.ability == pluginv1.AbilityChannel })
	if at < 0 {
		return driver{}, false
	}
	return drivers[at], true
}

// gives reports whether conformance.yaml says enough to give an ability work.
func (s Spec) gives(ability string) bool {
	switch ability {
	case pluginv1.AbilityTool:
		return len(s.Tools) > 0
	case pluginv1.AbilityRoute:
		return len(s.Routes) > 0
	default:
		return true
	}
}

// tasks makes n tasks in lanes.
func (r *run) tasks(n, lanes int) []task {
	out := make([]task, 0, n)
	for i := range n {
		r.serial++
		lane, seq := i%lanes, i/lanes+1
		token := fmt.Sprintf("%s%06d", tokenPrefix, r.serial)
		out = append(out, task{
			token: token, lane: fmt.Sprintf("cnv_%d_%d", r.serial-i, lane), seq: seq, text: fmt.Sprintf("%s c%d m%d", token, lane, seq),
		})
	}
	return out
}

// worked is what became of tasks.
type worked struct {
	mu   sync.Mutex
	all  map[string]reaction
	seen map[string]int // answers, by token

	doubted map[string]bool // those of which nobody knew, once
}

func newWorked() *worked {
	return &worked{all: make(map[string]reaction), seen: make(map[string]int), doubted: make(map[string]bool)}
}

func (w *worked) take(a reaction) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[a.task.token] = a
	w.seen[a.task.token]++
	if a.outcome == pluginv1.Outcome_OUTCOME_UNKNOWN {
		w.doubted[a.task.token] = true
	}
}

func (w *worked) get(token string) (reaction, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.all[token]
	return a, ok
}

// sure returns the tasks of which somebody knew all the time. The others have no
// order: a person has them sent again when what came after is there already.
func (w *worked) sure(tasks []task) []task {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(tasks), func(t task) bool { return w.doubted[t.token] })
}

// left returns the tasks that are not done, each with an attempt more.
func (w *worked) left(tasks []task, suspect bool) []task {
	var out []task
	for _, t := range tasks {
		a, ok := w.get(t.token)
		if ok && a.done() {
			continue
		}
		t.attempt++
		t.suspect = suspect && !ok
		out = append(out, t)
	}
	return out
}

// do gives tasks to the plugin within a time.
func (p *plug) do(d driver, tasks []task, within time.Duration) (*worked, error) {
	ctx, cancel := p.within(within)
	defer cancel()
	w := newWorked()
	return w, d.perform(ctx, p, tasks, w.take)
}

// worker opens the plugin, which can be given work.
func (r *run) worker() (*plug, []driver, error) {
	p, err := r.open(start{})
	if err != nil {
		return nil, nil, err
	}
	drivers, err := p.busy()
	return p, drivers, err
}

// busy are the drivers, of which there must be one.
func (p *plug) busy() ([]driver, error) {
	drivers := p.drivers()
	if len(drivers) == 0 {
		return nil, notApplicable("It serves nothing that the kit could ask; say in %s what to ask it.", SpecFile)
	}
	return drivers, nil
}

// works gives tasks to every ability and wants all of them done.
func (p *plug) works(n, lanes int) error {
	drivers, err := p.busy()
	if err != nil {
		return err
	}
	for _, d := range drivers {
		tasks := p.tasks(n, lanes)
		w, err := p.do(d, tasks, p.pick(30*time.Second, 10*time.Minute))
		if err != nil {
			return fmt.Errorf("%s: %w", d.unit, err)
		}
		if err := allDone(d, tasks, w); err != nil {
			return err
		}
	}
	return nil
}

// allDone wants each task answered once, and done.
func allDone(d driver, tasks []task, w *worked) error {
	for _, t := range tasks {
		a, ok := w.get(t.token)
		switch {
		case !ok:
			return fmt.Errorf("the %s %s was never answered", d.unit, t.token)
		case !a.done():
			return fmt.Errorf("the %s %s became: %v; it should be accepted", d.unit, t.token, a)
		case w.seen[t.token] != 1:
			return fmt.Errorf("the %s %s was answered %d times; once is right", d.unit, t.token, w.seen[t.token])
		}
	}
	return nil
}

// each makes a perform of a call: lanes run beside one another, a lane in order.
func each(ask func(ctx context.Context, p *plug, t task) (*pluginv1.Result, string, error)) func(context.Context, *plug, []task, func(reaction)) error {
	return func(ctx context.Context, p *plug, tasks []task, got func(reaction)) error {
		lanes := make(map[string][]task)
		for _, t := range tasks {
			lanes[t.lane] = append(lanes[t.lane], t)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		var broken []error
		slots := make(chan struct{}, window)
		for _, lane := range lanes {
			wg.Go(func() {
				for _, t := range lane {
					slots <- struct{}{}
					result, content, err := ask(ctx, p, t)
					<-slots
					if rule, ok := errors.AsType[*violation](err); ok {
						mu.Lock()
						broken = append(broken, rule)
						mu.Unlock()
						err = nil
					}
					got(reactionOf(t, result, content, err))
				}
			})
		}
		wg.Wait()
		return errors.Join(broken...)
	}
}

// violation is a rule of the protocol that was broken.
type violation struct{ what string }

func (v *violation) Error() string { return v.what }

func broke(format string, args ...any) error { return &violation{fmt.Sprintf(format, args...)} }

// reactionOf reads a result, or the error of a call that has none.
func reactionOf(t task, r *pluginv1.Result, content string, err error) reaction {
	a := reaction{task: t, content: content, outcome: pluginv1.Outcome_OUTCOME_ACCEPTED}
	if err != nil {
		a.words = status.Convert(err).Message()
		switch status.Code(err) {
		case codes.FailedPrecondition:
			a.outcome = pluginv1.Outcome_OUTCOME_REJECTED
		case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted:
			a.outcome = pluginv1.Outcome_OUTCOME_RETRY
		default:
			a.outcome, a.fault = pluginv1.Outcome_OUTCOME_RETRY, true
			a.words = status.Code(err).String() + ": " + a.words
		}
		return a
	}
	if r != nil {
		a.outcome, a.after = r.GetOutcome(), r.GetRetryAfter().AsDuration()
		a.fault = r.GetCode() == errs.CodePluginFault
		if a.words = r.GetCode(); r.GetDetail() != "" {
			a.words += ": " + r.GetDetail()
		}
	}
	return a
}
