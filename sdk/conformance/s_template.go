package conformance

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// What the core takes of a list of templates.
const (
	mostTemplates = 1000
	mostPages     = 200
	maxNext       = 1 << 10          // bytes of where a list goes on
	listBudget    = 30 * time.Second // for a page
)

// prepared is scenario 19: what the far side has prepared is listed, and each
// template is sent once, by its id, its language and its values, also after a
// kill.
func prepared(r *run) (string, error) {
	c := r.manifest.Channel
	if c == nil || r.manifest.Live() || !slices.Contains(c.Can, manifest.CanTemplates) {
		return "", notApplicable("Its manifest does not say that its far side has templates.")
	}
	p, err := r.open(start{})
	if err != nil {
		return "", err
	}
	d, ok := p.deliveries()
	if !ok {
		return "", errors.New("it has templates, and serves no deliveries")
	}
	list, err := p.templates()
	if err != nil {
		return "", err
	}
	usable := slices.DeleteFunc(slices.Clone(list), func(t *pluginv1.MessageTemplate) bool { return t.GetUnusable() != "" || t.GetFile() != "" })
	plays := p.far != nil && p.far != far(p.core)
	switch {
	case len(usable) == 0 && !plays:
		return "", notApplicable("It lists %d templates and none that can be sent without a file; %s says what its far side lists.", len(list), SpecFile)
	case len(usable) == 0:
		return "", fmt.Errorf("it lists %d templates and none that can be sent without a file; say in %s (provider.answers) what its far side lists", len(list), SpecFile)
	}
	uses := r.uses(usable)
	p, kills, err := r.doKilled(p, d, tasksOf(uses))
	if err != nil {
		return "", fmt.Errorf("templates: %w", err)
	}
	again, err := p.templates()
	if err != nil {
		return "", fmt.Errorf("asked again: %w", err)
	}
	if !slices.Equal(namesOf(again), namesOf(list)) {
		return "", fmt.Errorf("it lists %s, and before it listed %s; its far side has the same", join(namesOf(again)), join(namesOf(list)))
	}
	said := fmt.Sprintf("It lists %d templates; %d of them were sent, %d messages with %d kills meanwhile", len(list), len(usable), len(uses), kills)
	if !plays {
		return said + ".", nil
	}
	return said + ", and used at the far side.", r.usedOnce(p.far.arrivals(), uses, kills)
}

// templates are all pages of the list, which is sound as a whole.
func (p *plug) templates() ([]*pluginv1.MessageTemplate, error) {
	var all []*pluginv1.MessageTemplate
	after, seen := "", make(map[string]bool)
	for range mostPages {
		page, err := p.templatesAfter(after)
		if err != nil {
			return nil, fmt.Errorf("call ListTemplates: %w", err)
		}
		for _, t := range page.GetTemplates() {
			fault := t.Fault()
			if fault == "" && seen[nameOf(t)] {
				fault = pluginv1.FaultDuplicate
			}
			if fault != "" {
				return nil, fmt.Errorf("its template %s is not sound (%s); the core leaves it out", nameOf(t), fault)
			}
			seen[nameOf(t)] = true
			all = append(all, t)
		}
		after = page.GetNext()
		switch {
		case len(all) > mostTemplates:
			return nil, fmt.Errorf("it lists more than %d templates, which is what the core keeps", mostTemplates)
		case len(after) > maxNext:
			return nil, fmt.Errorf("the place where its list of templates goes on has %d bytes; %d are allowed", len(after), maxNext)
		case after == "":
			return all, nil
		}
	}
	return nil, fmt.Errorf("its list of templates comes to no end within %d pages", mostPages)
}

func (p *plug) templatesAfter(after string) (*pluginv1.ListTemplatesResponse, error) {
	ctx, cancel := p.within(listBudget)
	defer cancel()
	return pluginv1.NewChannelServiceClient(p.conn).ListTemplates(ctx, &pluginv1.ListTemplatesRequest{InstanceId: instanceID, After: after})
}

// nameOf is a template in words: its id, and its language where it has one.
func nameOf(t *pluginv1.MessageTemplate) string {
	if t.GetLanguage() == "" {
		return fmt.Sprintf("%q", t.GetId())
	}
	return fmt.Sprintf("%q (%s)", t.GetId(), t.GetLanguage())
}

func namesOf(all []*pluginv1.MessageTemplate) []string {
	out := make([]string, len(all))
	for i, t := range all {
		out[i] = nameOf(t)
	}
	slices.Sort(out)
	return out
}

// use is a message that is a template.
type use struct {
	task
	of     *pluginv1.MessageTemplate
	marked bool // one of its values has the token
}

func (u use) work() task { return u.task }

// uses are messages of templates, each of which is sent at least once.
func (r *run) uses(usable []*pluginv1.MessageTemplate) []use {
	tasks := r.tasks(max(r.count(100, 400), len(usable)), lanes)
	out := make([]use, len(tasks))
	for i, t := range tasks {
		u := use{task: t, of: usable[i%len(usable)]}
		values := make(map[string]string)
		for _, f := range u.of.GetFields() {
			value := valueOf(f)
			if fits := f.GetMaxLength() == 0 || int(f.GetMaxLength()) >= len(t.token); fits && !u.marked {
				if value += " " + t.token; f.GetMaxLength() > 0 {
					value = t.token
				}
				u.marked = true
			}
			values[f.GetName()] = value
		}
		u.text = bridge.Template(u.of).Render(values)
		u.template = &pluginv1.TemplateUse{Id: u.of.GetId(), Language: u.of.GetLanguage(), Values: values}
		out[i] = u
	}
	return out
}

// valueOf is a field's example, or something that it can hold.
func valueOf(f *pluginv1.TemplateField) string {
	value, most := []rune(cmp.Or(f.GetExample(), "made up")), int(f.GetMaxLength())
	if most > 0 && len(value) > most {
		value = value[:most]
	}
	return string(value)
}

// usedOnce wants each template once at the far side, with its values, but for
// what kills may double. One that no token fits into is known by its name.
func (r *run) usedOnce(came []arrival, uses []use, kills int) error {
	times, twice := usedTimes(came, uses), 0
	wanted := make(map[string]int)
	for _, u := range uses {
		wanted[u.key()]++
	}
	for _, u := range uses {
		for _, a := range came {
			if lacks := u.lacks(a); u.marked && a.token == u.token && lacks != "" {
				return fmt.Errorf("the template %s arrived at the far side without %s: it is another message there", nameOf(u.of), lacks)
			}
		}
		got, want := times[u.key()], wanted[u.key()]
		if got < want {
			return fmt.Errorf("the template %s was accepted and never arrived at the far side as one (%d of %d did); nothing may be lost", nameOf(u.of), got, want)
		}
		twice += got - want
		times[u.key()] = want
	}
	if most := r.doubles(kills); twice > most {
		return fmt.Errorf("%d of %d templates arrived twice at the far side after %d kills; at most %d may", twice, len(uses), kills, most)
	}
	return nil
}

// key is what a use is known again by at the far side.
func (u use) key() string {
	if u.marked {
		return u.token
	}
	return nameOf(u.of)
}

// usedTimes counts by key what was used. Where an arrival has the names of
// several, it is of the one with the longest.
func usedTimes(came []arrival, uses []use) map[string]int {
	times := make(map[string]int)
	seen := make(map[string]bool)
	uses = slices.DeleteFunc(slices.Clone(uses), func(u use) bool {
		defer func() { seen[u.key()] = true }()
		return seen[u.key()]
	})
	for _, a := range came {
		if a.Duplicate {
			continue
		}
		var best *use
		for i, u := range uses {
			fits := u.marked && a.token == u.token || !u.marked && a.token == ""
			if longer := best == nil || len(nameOf(u.of)) > len(nameOf(best.of)); fits && longer && u.lacks(a) == "" {
				best = &uses[i]
			}
		}
		if best != nil {
			times[best.key()]++
		}
	}
	return times
}

// lacks says what of the template did not arrive; "" = all did. What the customer
// reads may have the values, and does not name the template.
func (u use) lacks(a arrival) string {
	line, _, _ := strings.Cut(a.Raw, "\n") // the address of a request
	if plain, err := url.QueryUnescape(line); err == nil {
		line = plain
	}
	rest := strings.ReplaceAll(a.Text, u.text, "") + "\n" + line
	if !mentions(rest, u.of.GetId()) {
		return "its id"
	}
	plain := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "-")) }
	if language := u.of.GetLanguage(); language != "" && !mentions(plain(rest), plain(language)) {
		return "its language"
	}
	for name, value := range u.template.GetValues() {
		quoted, err := json.Marshal(value) // a far side may take its values as JSON in a text
		if err != nil || !strings.Contains(a.Text, value) && !strings.Contains(a.Text, string(quoted)) {
			return fmt.Sprintf("the value of its field %q", name)
		}
	}
	return ""
}

// mentions reports whether a text has a name, not as part of a longer word.
func mentions(text, name string) bool {
	return strings.Contains(text, name) &&
		regexp.MustCompile(`(^|[^A-Za-z0-9])`+regexp.QuoteMeta(name)+`([^A-Za-z0-9]|$)`).MatchString(text)
}
