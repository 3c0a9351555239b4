package retail_test

import (
	"os"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	"github.com/patchbay-im/patchbay/sdk/template/files"
)

func TestManifest(t *testing.T) {
	m, err := manifest.Read("plugin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !m.Has(manifest.KindTemplate) || m.Runtime.Type != manifest.RuntimeNone || len(m.Templates) != 1 {
		t.Errorf("got %+v", m)
	}
}

// The template can be read, and is whole in both languages.
func TestTemplate(t *testing.T) {
	template, err := files.Read(os.DirFS("templates/retail"))
	if err != nil {
		t.Fatal(err)
	}
	if got := template.Locales(); !slices.Equal(got, []string{"en", "zh-CN"}) {
		t.Errorf("the languages are %v", got)
	}
	for _, locale := range template.Locales() {
		objects, problems, err := template.Plan(locale, []byte(`{"shop":"Tea & Co","return_days":30}`))
		if err != nil || len(problems) > 0 || len(objects) < 40 {
			t.Errorf("%s: %d objects, %v %v", locale, len(objects), problems, err)
		}
	}
	if _, problems, err := template.Plan("en", []byte(`{"return_days":-1}`)); err != nil || len(problems) != 1 || problems[0].Pointer != "/return_days" {
		t.Errorf("a wrong answer: %v %v", problems, err)
	}
}
