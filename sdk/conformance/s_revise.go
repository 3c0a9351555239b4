package conformance

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// The kinds of Webhook.
const (
	kindEdit   = manifest.CanEdit
	kindRecall = manifest.CanRecall
)

// revisions is scenario 18: what was sent is changed and taken back at the far
// side, once, also after a kill; what a customer changes arrives as such.
func revisions(r *run) (string, error) {
	can := r.manifest.Channel != nil && !r.manifest.Live() && slices.ContainsFunc(r.manifest.Channel.Can, func(s string) bool { return s == kindEdit || s == kindRecall })
	told := slices.ContainsFunc(r.spec.Webhooks, func(w Webhook) bool { return w.Kind != "" })
	if !can && !told {
		return "", notApplicable("Its manifest does not say that its far side edits or recalls, and %s has no request that does.", SpecFile)
	}
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	var seen []string
	if can {
		said, err := r.revise(p)
		if err != nil {
			return "", err
		}
		seen = append(seen, said)
		if p.process != nil { // it was killed
			if p, err = r.open(start{}); err != nil {
				return "", err
			}
		}
	}
	if told {
		if err := p.toldOfChanges(); err != nil {
			return "", err
		}
		seen = append(seen, "what customers change and take back names its message")
	}
	text := strings.Join(seen, "; ")
	return strings.ToUpper(text[:1]) + text[1:] + ".", nil
}

// revise has messages sent, and then changed and taken back.
func (r *run) revise(p *plug) (string, error) {
	d, ok := p.deliveries()
	if !ok {
		return "", errors.New("it can edit or recall, and serves no deliveries")
	}
	messages := p.tasks(r.count(60, 400), lanes)
	sent, err := p.do(d, messages, r.pick(time.Minute, 10*time.Minute))
	if err == nil {
		err = allDone(d, messages, sent)
	}
	if err != nil {
		return "", err
	}
	changes, err := r.changes(messages, sent)
	if err != nil {
		return "", err
	}
	p, n, err := r.doKilled(p, d, tasksOf(changes))
	if err != nil {
		return "", fmt.Errorf("edits and recalls: %w", err)
	}
	said := fmt.Sprintf("%d edits and recalls were taken, with %d kills meanwhile", len(changes), n)
	if p.far == nil {
		return said, nil
	}
	came := p.far.arrivals()
	if !slices.ContainsFunc(came, func(a arrival) bool { return a.Made != "" }) {
		return said + "; the far side does not tell of them", nil
	}
	return said + ", and done at the far side", r.revised(came, changes, n)
}

// doAll gives tasks to the plugin and wants all of them done.
func (p *plug) doAll(d driver, tasks []task) error {
	w, err := p.do(d, tasks, p.pick(time.Minute, 10*time.Minute))
	if err != nil {
		return err
	}
	return allDone(d, tasks, w)
}

// change is an edit or a recall.
type change struct {
	task
	of string // the token of the message
}

func (c change) work() task { return c.task }

func tasksOf[T interface{ work() task }](all []T) []task {
	out := make([]task, len(all))
	for i, one := range all {
		out[i] = one.work()
	}
	return out
}

// changes are what is done to messages that were sent: each is edited, and then
// every second one recalled, as far as the manifest says that it can be.
func (r *run) changes(messages []task, sent *worked) ([]change, error) {
	can := func(what string) bool { return slices.Contains(r.manifest.Channel.Can, what) }
	var out []change
	last := make(map[string]int)
	for _, m := range messages {
		last[m.lane] = max(last[m.lane], m.seq)
	}
	for i, m := range messages {
		a, _ := sent.get(m.token)
		if a.id == "" {
			return nil, fmt.Errorf("the delivery %s was accepted without an id of the message; an edit or a recall names it by that", m.token)
		}
		for _, act := range []pluginv1.Act{pluginv1.Act_ACT_EDIT, pluginv1.Act_ACT_RECALL} {
			if act == pluginv1.Act_ACT_EDIT && !can(kindEdit) || act == pluginv1.Act_ACT_RECALL && (!can(kindRecall) || can(kindEdit) && i%2 == 1) {
				continue
			}
			c := change{task: r.tasks(1, 1)[0], of: m.token}
			last[m.lane]++
			c.lane, c.seq, c.act, c.target, c.text = m.lane, last[m.lane], act, a.id, c.token+" says something else"
			out = append(out, c)
		}
	}
	return out, nil
}

// revised wants each change done to its message: once, but for what n kills may
// double, and a recall after the edit of the same message.
func (r *run) revised(came []arrival, changes []change, n int) error {
	made := make(map[string]string)
	for _, a := range came {
		if a.token != "" && made[a.token] == "" {
			made[a.token] = a.Made
		}
	}
	edited, twice := make(map[string]int), 0
	for _, c := range changes {
		first, times, err := c.doneTo(made[c.of], came)
		if err != nil {
			return err
		}
		if c.act == pluginv1.Act_ACT_EDIT {
			edited[c.of] = first
		} else if before, ok := edited[c.of]; ok && first < before {
			return fmt.Errorf("the message %s was taken back before it was changed; the order of a conversation is kept", c.of)
		}
		twice += times - 1
	}
	if most := r.doubles(n); twice > most {
		return fmt.Errorf("%d of %d edits and recalls were done twice at the far side after %d kills; at most %d may", twice, len(changes), n, most)
	}
	return nil
}

// doneTo finds a change at the far side, where its message has an id: the first
// time, and how often. What takes back has no words of its own.
func (c change) doneTo(id string, came []arrival) (first, times int, err error) {
	what, token := "edit", c.token
	if c.act == pluginv1.Act_ACT_RECALL {
		what, token = "recall", ""
	}
	names := regexp.MustCompile(`(^|\D)` + regexp.QuoteMeta(id) + `(\D|$)`)
	elsewhere := false
	for i, a := range came {
		switch {
		case a.Duplicate || a.token != token:
		case !names.MatchString(a.Raw):
			elsewhere = elsewhere || token != ""
		default:
			if times++; times == 1 {
				first = i
			}
		}
	}
	switch {
	case times > 0:
		return first, times, nil
	case elsewhere:
		return 0, 0, fmt.Errorf("the %s %s arrived at the far side without the id of its message (%s): it is a new message there", what, c.token, id)
	default:
		return 0, 0, fmt.Errorf("the %s %s was accepted and never arrived at the far side; nothing may be lost", what, c.token)
	}
}

// toldOfChanges posts a message and then what its customer changes of it, as
// conformance.yaml says.
func (p *plug) toldOfChanges() error {
	for _, w := range p.spec.Webhooks {
		if w.Kind == "" {
			continue
		}
		of := p.spec.Webhooks[slices.IndexFunc(p.spec.Webhooks, func(o Webhook) bool { return o.Name == w.Of })]
		first := p.posting(of, "as it was")
		ids, err := p.taken(first)
		if err != nil {
			return err
		}
		later := p.posting(w, "as it is now")
		later.target = first.id
		answer, err := p.post(later)
		if err != nil {
			return err
		}
		if answer.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED {
			return fmt.Errorf("the request %q became: %s; it should be taken", w.Name, told(answer.GetResult()))
		}
		if err := changeOf(w, ids, answer.GetInbound()); err != nil {
			return fmt.Errorf("the request %q %w", w.Name, err)
		}
	}
	return nil
}

// changeOf wants one item: an edit or a recall of a message.
func changeOf(w Webhook, of []string, items []*pluginv1.Inbound) error {
	want := pluginv1.InboundKind_INBOUND_KIND_EDIT
	if w.Kind == kindRecall {
		want = pluginv1.InboundKind_INBOUND_KIND_RECALL
	}
	if len(items) != 1 || items[0].GetKind() != want {
		return fmt.Errorf("brings %v; it is one %s", kindsOf(items), w.Kind)
	}
	switch m := items[0]; {
	case !m.Named() || !slices.Contains(of, m.GetTarget()):
		return fmt.Errorf("is about %q, and its message is %q", m.GetTarget(), of)
	case w.Kind == kindEdit && strings.Contains(w.Body, "{{text}}") && !strings.Contains(m.GetContent().GetText(), "as it is now"):
		return fmt.Errorf("says %q, and the message says %q now", m.GetContent().GetText(), "as it is now")
	}
	return nil
}

func kindsOf(items []*pluginv1.Inbound) []string {
	out := []string{}
	for _, m := range items {
		out = append(out, strings.ToLower(strings.TrimPrefix(m.GetKind().String(), "INBOUND_KIND_")))
	}
	return out
}
