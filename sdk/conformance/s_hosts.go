package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// otherHosts is scenario 13: a host that is newer, and one that is older.
func otherHosts(r *run) (string, error) {
	newer, err := r.open(start{core: bending(r.manifest, fromTheFuture), bend: fromTheFuture})
	if err != nil {
		return "", fmt.Errorf("a host with fields that it does not know: %w", err)
	}
	if err := newer.works(50, 10); err != nil && !isInapplicable(err) {
		return "", fmt.Errorf("a host with fields that it does not know: %w", err)
	}
	if err := newer.unknownMethod(); err != nil {
		return "", err
	}
	newer.finish()
	for what, s := range map[string]start{
		"a host with values that it does not know": {bend: unknownValues},
		"a host that has none of the services":     {core: lacking(r.manifest), old: true},
	} {
		p, err := r.open(s)
		if err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
		if err := p.bears(20); err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
		p.finish()
	}
	return "Unknown fields and values, a method of the future and an older host did it no harm.", nil
}

// bears gives work to every ability and wants answers that are no faults.
func (p *plug) bears(n int) error {
	for _, d := range p.drivers() {
		tasks := p.tasks(n, 5)
		w, err := p.do(d, tasks, 30*time.Second)
		if err != nil {
			return err
		}
		if err := settledAll(d.unit, tasks, w); err != nil {
			return err
		}
	}
	return p.alive()
}

func bending(m manifest.Manifest, bend func(any)) *core {
	c := newCore(m)
	c.bend = bend
	return c
}

func lacking(m manifest.Manifest) *core {
	c := newCore(m)
	c.absent = true
	return c
}

// fromTheFuture adds to a message, and to those in it, a field that nobody knows.
func fromTheFuture(m any) {
	const number = 18_000
	walk(m, func(one protoreflect.Message) {
		unknown := protowire.AppendTag(one.GetUnknown(), number, protowire.BytesType)
		one.SetUnknown(protowire.AppendString(unknown, "of a version that is not written yet"))
	})
}

// unknownValues sets the enums of a message, and of those in it, to what nobody
// knows: why a bot is asked, who wrote a message.
func unknownValues(m any) {
	walk(m, func(one protoreflect.Message) {
		fields := one.Descriptor().Fields()
		for i := range fields.Len() {
			f := fields.Get(i)
			if f.Kind() == protoreflect.EnumKind && !f.IsList() && !f.IsMap() && one.Has(f) {
				one.Set(f, protoreflect.ValueOfEnum(unknownEnum))
			}
		}
	})
}

// walk visits a message of ours and those in it.
func walk(m any, visit func(protoreflect.Message)) {
	root, ok := m.(proto.Message)
	if !ok || root.ProtoReflect().Descriptor().ParentFile().Package() != pluginv1.File_patchbay_plugin_v1_options_proto.Package() {
		return
	}
	var into func(protoreflect.Message)
	into = func(one protoreflect.Message) {
		one.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			switch {
			case f.IsMap() || f.Message() == nil:
			case f.IsList():
				for i := range v.List().Len() {
					into(v.List().Get(i).Message())
				}
			default:
				into(v.Message())
			}
			return true
		})
		visit(one)
	}
	into(root.ProtoReflect())
}

// unknownMethod calls what this version of the protocol does not have.
func (p *plug) unknownMethod() error {
	ctx, cancel := p.within(budget)
	defer cancel()
	const method = "/patchbay.plugin.v1.PluginService/OfTheFuture"
	err := p.conn.Invoke(ctx, method, &pluginv1.HealthRequest{}, &pluginv1.HealthResponse{})
	if status.Code(err) != codes.Unimplemented {
		return fmt.Errorf("a method that it does not know is answered with %s; Unimplemented is right", status.Code(err))
	}
	return p.alive()
}

// texts is scenario 14: whatever people write.
func texts(r *run) (string, error) {
	p, drivers, err := r.worker()
	if err != nil {
		return "", err
	}
	hard := r.hardTexts()
	for _, d := range drivers {
		tasks := p.tasks(len(hard), len(hard))
		for i := range tasks {
			tasks[i].text = hard[i]
			if strings.TrimSpace(hard[i]) != "" && p.far != nil && d.carries {
				tasks[i].text = tasks[i].token + " " + hard[i]
			}
		}
		w, err := p.do(d, tasks, time.Minute)
		if err != nil {
			return "", err
		}
		for i, t := range tasks {
			a, ok := w.get(t.token)
			if !ok || !a.settled() {
				return "", fmt.Errorf("the %s with the text %.30q (%d bytes) became: %v; it is accepted, or refused for good", d.unit, hard[i], len(hard[i]), a)
			}
			if err := p.arrivedWhole(d, t, a); err != nil {
				return "", err
			}
		}
	}
	return fmt.Sprintf("%d texts that break careless programs were settled, and none was changed.", len(hard)), p.alive()
}

// arrivedWhole wants the text of an accepted task unchanged at the far side, but
// for the way in which lines end.
func (p *plug) arrivedWhole(d driver, t task, a reaction) error {
	if p.far == nil || !d.carries || !a.done() || !strings.HasPrefix(t.text, t.token) {
		return nil
	}
	came := "it did not arrive"
	for _, there := range p.far.arrivals() {
		if there.token != t.token {
			continue
		}
		if lines := strings.NewReplacer("\r\n", "\n"); strings.Contains(lines.Replace(there.Text), lines.Replace(t.text)) {
			return nil
		}
		came = fmt.Sprintf("%.80q arrived", there.Text)
	}
	return fmt.Errorf("the %s with the text %.40q was accepted, and %s; a text is not changed", d.unit, t.text, came)
}

// hardTexts are texts that break careless programs, within the manifest's limit.
func (r *run) hardTexts() []string {
	limit := 64 << 10 / 3 // characters of three bytes: the 64 KiB a message may have
	if c := r.manifest.Channel; c != nil && c.TextLimit > 0 {
		limit = min(limit, c.TextLimit)
	}
	const token = 11 // the kit's own name for it, and a blank
	all := []string{
		"plain", "emoji 👩\u200d👩\u200d👧 🙂 🏳\ufe0f\u200d🌈", "中文，全角标点。", "עברית וערבית العربية \u200frtl\u200f", "line\nbreaks\r\n\ttabs", "<b>&amp;</b> *not* _markup_ </script>",
		"zero\u200bwidth \u202eoverride\u202c", "e\u0301\u0301\u0301 \ufeffbom \U0010ffff ａｂｃ１２３", "", " ", "\u3000", "0", "null", "{}", "{{text}} {{provider}} ${x} %s%n%d",
		"../../etc/passwd", "' OR 1=1 --", "a\\b\"c'd`e", strings.Repeat("(", min(5000, limit-token)), strings.Repeat("a ", (limit-token)/2), strings.Repeat("长", limit-token),
	}
	return all
}

// clocks is scenario 15: the host's clock, and the far side's, are a day wrong.
func clocks(r *run) (string, error) {
	for _, by := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		if err := r.clock(by); err != nil {
			return "", fmt.Errorf("a clock that is %+.0f hours wrong: %w", by.Hours(), err)
		}
	}
	return "With the times of the host and of the far side a day too late and a day too early it worked as always.", nil
}

func (r *run) clock(by time.Duration) error {
	p, err := r.open(start{bend: shifted(by), core: bending(r.manifest, shifted(by))})
	if err != nil {
		return err
	}
	defer p.finish()
	if r.far != nil {
		r.far.behave(manner{Clock: by})
		defer r.far.behave(manner{})
	}
	if err := p.works(20, 5); err != nil && !isInapplicable(err) {
		return err
	}
	for _, w := range r.spec.Webhooks {
		one := p.posting(w, "later, or earlier")
		one.at = now().Add(by)
		answer, err := p.post(one)
		if err != nil {
			return err
		}
		if o := answer.GetResult().GetOutcome(); o != pluginv1.Outcome_OUTCOME_ACCEPTED && o != pluginv1.Outcome_OUTCOME_REJECTED {
			return fmt.Errorf("the request %q became: %s; it is taken, or refused as stale", w.Name, told(answer.GetResult()))
		}
	}
	if r.far != nil {
		for _, d := range p.drivers() {
			if err := p.datedPause(d, by); err != nil {
				return err
			}
		}
	}
	return p.alive()
}

// datedPause has the far side ask for a pause until a date of its own clock.
func (p *plug) datedPause(d driver, by time.Duration) error {
	if !d.carries {
		return nil
	}
	if !p.far.behave(manner{Status: 429, RetryAfter: asked, Dated: true, Clock: by}) {
		return nil
	}
	tasks := p.tasks(1, 1)
	w, err := p.do(d, tasks, budget)
	if err != nil {
		return err
	}
	if a, _ := w.get(tasks[0].token); a.outcome != pluginv1.Outcome_OUTCOME_RETRY || a.fault || a.after < 0 || a.after > 25*time.Hour {
		return fmt.Errorf("with a pause until a date the %s became: %v, after %s; it is put off", d.unit, a, a.after)
	}
	return nil
}

// shifted moves the times in a message.
func shifted(by time.Duration) func(any) {
	return func(m any) {
		walk(m, func(one protoreflect.Message) {
			if at, ok := one.Interface().(*timestamppb.Timestamp); ok {
				at.Seconds += int64(by.Seconds())
			}
		})
	}
}

// licenses is scenario 16: whatever the license says, receiving goes on and
// nothing crashes.
func licenses(r *run) (string, error) {
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	all := []pluginv1.GetEntitlementResponse_State{
		pluginv1.GetEntitlementResponse_STATE_VALID, pluginv1.GetEntitlementResponse_STATE_GRACE, pluginv1.GetEntitlementResponse_STATE_EXPIRED,
		pluginv1.GetEntitlementResponse_STATE_NONE, pluginv1.GetEntitlementResponse_STATE_TRIAL, unknownEnum,
	}
	for i, state := range all {
		entitled := entitlement(state)
		p.core.host.SetEntitlement(entitled)
		if err := p.configureWith(uint64(10+i), start{}); err != nil { // what depends on it is made anew
			return "", fmt.Errorf("license %s: %w", stateName(state), err)
		}
		if err := p.receives(); err != nil {
			return "", fmt.Errorf("license %s: %w; license trouble never stops receiving", stateName(state), err)
		}
		if err := p.bears(10); err != nil {
			return "", fmt.Errorf("license %s: %w", stateName(state), err)
		}
	}
	used := "it asks for none"
	if p.core.callsTo("GetEntitlement") > 0 {
		used = "it asks for its license"
	}
	return fmt.Sprintf("Receiving went on in %d states of the license; %s.", len(all), used), nil
}

func stateName(s pluginv1.GetEntitlementResponse_State) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "STATE_"))
}

func entitlement(state pluginv1.GetEntitlementResponse_State) *pluginv1.GetEntitlementResponse {
	day := func(n int) *timestamppb.Timestamp { return timestamppb.New(now().AddDate(0, 0, n)) }
	out := &pluginv1.GetEntitlementResponse{State: state, Edition: "standard", Customer: "The kit"}
	switch state {
	case pluginv1.GetEntitlementResponse_STATE_VALID, pluginv1.GetEntitlementResponse_STATE_TRIAL:
		out.ExpiresAt = day(30)
	case pluginv1.GetEntitlementResponse_STATE_GRACE:
		out.ExpiresAt, out.GraceUntil = day(-1), day(13)
	case pluginv1.GetEntitlementResponse_STATE_EXPIRED:
		out.ExpiresAt, out.GraceUntil = day(-30), day(-16)
	default:
		out.Edition, out.Customer = "", ""
	}
	return out
}

// receives wants what comes from outside to be taken.
func (p *plug) receives() error {
	for _, w := range p.spec.Webhooks {
		if _, err := p.taken(p.posting(w, "still here?")); err != nil {
			return err
		}
	}
	if !p.has(pluginv1.AbilityLive) {
		return nil
	}
	ctx, cancel := context.WithTimeout(p.ctx, budget)
	defer cancel()
	result, _, err := visit(ctx, p, p.tasks(1, 1)[0])
	if err == nil && result != nil {
		err = errors.New("a visitor is turned away: " + told(result))
	}
	return err
}
