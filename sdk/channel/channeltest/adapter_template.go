package channeltest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// Preparer is a FarSide that keeps templates. The case about them is skipped
// without.
type Preparer interface {
	// Prepare puts templates there, and returns them as the channel is to list
	// them: without what the platform does not know.
	Prepare(t *testing.T, all ...channel.Template) []channel.Template
	// Used returns the templates that customers have got, the oldest first.
	Used(t *testing.T) []Used
}

// Used is a template that a customer got.
type Used struct {
	To string // as SendRequest.Recipient has it
	channel.TemplateUse
}

// toPrepare is what a far side keeps: one id in two languages, fields in every
// part, none at all, and one that cannot be sent.
func toPrepare() []channel.Template {
	return []channel.Template{
		{ID: "greeting", Language: "en", Text: "Hello {{1}}.", Fields: []channel.TemplateField{{Name: "1", Example: "Wei"}}},
		{ID: "greeting", Language: "de", Text: "Hallo {{1}}.", Fields: []channel.TemplateField{{Name: "1", Example: "Jörg & \"Söhne\""}}},
		{
			ID: "order", Language: "en", Header: "Order {{number}}", Text: "{{name}}, your order {{number}} is here.", Footer: "Reply to {{name}}",
			Fields: []channel.TemplateField{{Name: "number", Example: "A-17"}, {Name: "name", Example: "{{number}}"}},
		},
		{ID: "hours", Language: "en", Text: "We are here at nine."},
		{ID: "paused", Language: "en", Text: "Not yet.", Unusable: "in review"},
	}
}

// prepared: a channel that can lists the templates of its far side, each sound,
// and sends each once, by its id, its language and its values.
func (s *stage) prepared() {
	m, err := manifest.Parse("plugin.yaml", s.adapter.Plugin.Manifest)
	if err != nil {
		s.Fatal(err)
	}
	keeper, keeps := s.far.(Preparer)
	if !slices.Contains(m.Channel.Can, manifest.CanTemplates) || !keeps {
		s.need(Absent("it has no templates"))
	}
	all := keeper.Prepare(s.T, toPrepare()...)
	s.listed(all)
	to := s.greeted(customers()[0])
	var sent []channel.SendRequest
	for i, t := range all {
		if t.Unusable == "" && t.File == "" {
			sent = append(sent, s.filled(to, i, t))
			s.sends(sent[len(sent)-1])
		}
	}
	s.usedOnce(keeper, sent)
	again := sent[0]
	again.Attempt, again.Suspect = 1, true
	if _, err := s.plug.Send(again); err != nil && errs.As(err).Source != errs.InDoubt {
		s.Errorf("a template that was perhaps sent is answered with: %v", err)
	}
	s.preparedInSilence(keeper, to, all[0])
	s.pause(quiet)
	s.usedOnce(keeper, sent)
}

// listed wants the list to be what the far side keeps, and nothing of it to be
// left out by the core.
func (s *stage) listed(want []channel.Template) {
	s.Helper()
	got, refused, err := s.plug.Templates(s.in.ID)
	if err != nil {
		s.Fatalf("it cannot list its templates: %v", err)
	}
	for _, r := range refused {
		s.Errorf("the core leaves out its template %q (%s): %s", r.ID, r.Language, r.Reason)
	}
	byName := func(a, b channel.Template) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Language, b.Language))
	}
	got, want = slices.SortedFunc(slices.Values(got), byName), slices.SortedFunc(slices.Values(want), byName)
	if len(got) != len(want) {
		s.Fatalf("it lists %d templates of %d: %+v", len(got), len(want), got)
	}
	names := func(t channel.Template) string {
		var out []string
		for _, f := range t.Fields {
			out = append(out, f.Name)
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	for i, t := range got {
		w := want[i]
		if byName(t, w) != 0 || t.Header != w.Header || t.Text != w.Text || t.Footer != w.Footer || t.File != w.File || names(t) != names(w) {
			s.Errorf("it lists %+v, and the far side has %+v", t, w)
		}
		if (t.Unusable == "") != (w.Unusable == "") {
			s.Errorf("that %s cannot be sent is said as %q, and is %q", t.ID, t.Unusable, w.Unusable)
		}
	}
}

// filled is a template with its examples as values.
func (s *stage) filled(to channel.Inbound, n int, t channel.Template) channel.SendRequest {
	values := make(map[string]string, len(t.Fields))
	for _, f := range t.Fields {
		values[f.Name] = cmp.Or(f.Example, "value-of-"+f.Name)
	}
	req := s.answer(to, n, t.Render(values))
	req.Template = &channel.TemplateUse{ID: t.ID, Language: t.Language, Values: values}
	return req
}

// usedOnce wants customers to have got each template once, with its values.
func (s *stage) usedOnce(keeper Preparer, sent []channel.SendRequest) {
	s.Helper()
	for _, req := range sent {
		var n int
		s.until("a customer gets the template "+req.Template.ID, func() bool {
			n = 0
			for _, u := range keeper.Used(s.T) {
				if u.To == req.Recipient && u.ID == req.Template.ID && u.Language == req.Template.Language && maps.Equal(u.Values, req.Template.Values) {
					n++
				}
			}
			return n > 0
		})
		if n != 1 {
			s.Errorf("the template %s (%s) arrived %d times", req.Template.ID, req.Template.Language, n)
		}
	}
}

// preparedInSilence sends a template to a far side that takes it and does not
// say so; a process is killed then. It may arrive once and no more, and not at
// all only where the channel says that nobody knows.
func (s *stage) preparedInSilence(keeper Preparer, to channel.Inbound, t channel.Template) {
	s.Helper()
	if why := s.far.Behave(s.T, Speechless); why != nil {
		return
	}
	t.Fields = slices.Clone(t.Fields)
	for i := range t.Fields {
		t.Fields[i].Example = "in silence"
	}
	req := s.filled(to, len(toPrepare()), t)
	_, err := s.plug.Send(req)
	s.need(s.far.Behave(s.T, Well))
	if s.process {
		s.plug.Kill()
		s.host.Jump(time.Minute) // what a dead process claimed is free by then
		s.start()
	}
	if err == nil {
		return
	}
	doubt := errs.As(err).Source == errs.InDoubt
	if !doubt {
		req.Attempt, req.Suspect = 1, true
		s.again(req, &doubt)
	}
	if !doubt {
		s.usedOnce(keeper, []channel.SendRequest{req})
		return
	}
	s.pause(quiet)
	n := 0
	for _, u := range keeper.Used(s.T) {
		if u.ID == t.ID && u.Language == t.Language && maps.Equal(u.Values, req.Template.Values) {
			n++
		}
	}
	if n > 1 {
		s.Errorf("a template in doubt arrived %d times", n)
	}
}
