package media_test

import (
	"path"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

func TestNamesAreCleaned(t *testing.T) {
	for raw, want := range mediatest.Names() {
		got := media.CleanName(raw)
		if got != want {
			t.Errorf("%.80q is shown as %.130q, want %.130q", raw, got, want)
		}
		decent(t, raw, got)
	}
}

// decent holds what CleanName promises.
func decent(t *testing.T, raw, name string) {
	t.Helper()
	switch n := utf8.RuneCountInString(name); {
	case n < 1 || n > media.MaxName || !utf8.ValidString(name):
		t.Errorf("%q has %d characters", name, n)
	case strings.ContainsAny(name, `/\<>:"|?*`) || strings.HasPrefix(name, ".") || strings.TrimRight(name, ". ") != name:
		t.Errorf("%q became %q", raw, name)
	case !norm.NFC.IsNormalString(name):
		t.Errorf("%q is not NFC", name)
	case media.CleanName(name) != name:
		t.Errorf("%q becomes %q when it is cleaned again", name, media.CleanName(name))
	case path.Base(name) != name:
		t.Errorf("%q is a path", name)
	}
	for _, r := range name {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			t.Errorf("%q holds %U", name, r)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for raw := range mediatest.Names() {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) { decent(t, raw, media.CleanName(raw)) })
}

func TestTypesWeServe(t *testing.T) {
	for _, s := range mediatest.Corpus() {
		mime := media.Sniff(s.Data)
		safe(t, mime)
	}
}

// safe holds that nothing a browser runs is answered under its own type.
func safe(t *testing.T, mime string) {
	t.Helper()
	if mime == "" || strings.ContainsAny(mime, "; \r\n\"") || !utf8.ValidString(mime) {
		t.Errorf("%q is no type", mime)
	}
	served := media.ServedType(media.Attachment{Type: mime})
	for _, part := range []string{"html", "xml+", "svg", "script", "text/", "x-shockwave", "mhtml"} {
		if strings.Contains(served, part) {
			t.Errorf("%q is answered as %q", mime, served)
		}
	}
}

func FuzzSniff(f *testing.F) {
	for _, s := range mediatest.Small() {
		f.Add(s.Data[:min(len(s.Data), 4096)])
	}
	f.Fuzz(func(t *testing.T, data []byte) { safe(t, media.Sniff(data)) })
}
