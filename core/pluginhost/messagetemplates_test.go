package pluginhost_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

// A list of templates is judged one by one, over pages, and says why there is none.
func TestTemplatesOfAChannel(t *testing.T) {
	h := newHouse(t)
	h.installBad("")
	in := h.inbox(bad, `{}`)
	h.run()
	h.until(bad, extension.Ready)
	page, err := h.host.MessageTemplates(t.Context(), in, "")
	want := channel.TemplatePage{
		Templates: []channel.Template{{
			ID: "tea", Language: "en", Category: "utility", Header: "Tea", Text: "Your {{1}} is ready, {{name}}.", Footer: "Teahouse",
			Buttons: []string{"Thanks"}, File: "image",
			Fields: []channel.TemplateField{{Name: "1", Label: "Sort", Example: "oolong", MaxLength: 20}, {Name: "name", Optional: true}, {Name: "link"}},
		}},
		Refused: []channel.RefusedTemplate{{ID: "hole", Reason: "undeclared"}, {ID: "mute", Reason: "text"}},
		Next:    "last",
	}
	if err != nil || !reflect.DeepEqual(page, want) {
		t.Errorf("the first page: %+v, %v", page, err)
	}
	page, err = h.host.MessageTemplates(t.Context(), in, page.Next)
	if err != nil || page.Next != "" || len(page.Refused) != 0 || len(page.Templates) != 1 || page.Templates[0].Unusable != "in review" {
		t.Errorf("the last page: %+v, %v", page, err)
	}
	for after, c := range map[string]struct {
		kind errs.Kind
		says string
	}{
		"away":    {errs.Unavailable, "the kettle is cold"},
		"refused": {errs.Invalid, "no teapot, no service"},
		"far":     {errs.Invalid, "at most 1,024 bytes"},
	} {
		if _, err := h.host.MessageTemplates(t.Context(), in, after); !errs.Is(err, c.kind) || !strings.Contains(errs.As(err).Message, c.says) {
			t.Errorf("%s: %v", after, err)
		}
	}
	if _, err := h.host.MessageTemplates(t.Context(), h.inbox(echo, `{}`), ""); !errs.Is(err, errs.Unavailable) {
		t.Errorf("of a plugin that is not there: %v", err)
	}
}
