package web_test

import (
	"bytes"
	"io/fs"
	"testing"

	"github.com/patchbay-im/patchbay/web"
)

func TestConsoleAlwaysHasAPage(t *testing.T) {
	page, err := fs.ReadFile(web.Console(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, []byte("Patchbay")) {
		t.Errorf("index.html does not name the product:\n%s", page)
	}
}

func TestDemoHasAPlaceForTheWidget(t *testing.T) {
	page, err := fs.ReadFile(web.Demo(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(page, []byte("<!-- patchbay:snippet -->")); n != 1 {
		t.Errorf("index.html has %d places for the snippet, want 1", n)
	}
	for _, name := range []string{"demo.css", "demo.js", "leaf.svg"} {
		if !bytes.Contains(page, []byte("/demo/"+name)) {
			t.Errorf("index.html does not load /demo/%s", name)
		}
		if _, err := fs.Stat(web.Demo(), name); err != nil {
			t.Error(err)
		}
	}
}
