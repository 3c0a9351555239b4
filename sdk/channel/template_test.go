package channel_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/sdk/channel"
)

// A value is no text to fill in; core/channel's Template.Fill has the same cases.
func TestRender(t *testing.T) {
	t.Parallel()
	values := map[string]string{"1": "{{name}}", "name": "Wei"}
	for want, x := range map[string]channel.Template{
		"Hello Wei":                          {Text: "Hello {{name}}"},
		"Order\n\n{{name}} is ready.\n\nTea": {Header: "Order", Text: "{{1}} is ready.", Footer: "Tea"},
		"A":                                  {Header: "{{none}}", Text: "A"},
		"x {name}":                           {Text: "x {name}"},
	} {
		if got := x.Render(values); got != want {
			t.Errorf("got %q, wanted %q", got, want)
		}
	}
}
