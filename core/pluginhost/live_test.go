package pluginhost_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

const webchat = channel.PluginID("patchbay/webchat")

func TestWebchat(t *testing.T) {
	h := newHouse(t)
	h.options.Timing.Backoff = time.Minute // so that it stays down for a while
	h.install("webchat")
	in := h.inbox(webchat, `{"title":"Shop","color":"#ff0000","allowed_origins":["https://shop.example"]}`)
	h.run()
	p := h.until(webchat, extension.Ready)
	if types := h.host.Types(); len(types) != 1 || !types[0].Live || !types[0].Available || types[0].Summary["zh-CN"] == "" {
		t.Errorf("types: %+v", types)
	}

	answer, err := h.host.OpenSession(t.Context(), in, channel.SessionRequest{Session: "vis_1", EmbedOrigin: "https://shop.example", Locale: "en"})
	if err != nil || !answer.Allow || !strings.Contains(string(answer.Settings), `"title":"Shop"`) || len(answer.Origins) != 1 {
		t.Errorf("a visitor of the shop: %+v (%s) %v", answer, answer.Settings, err)
	}
	answer, err = h.host.OpenSession(t.Context(), in, channel.SessionRequest{Session: "vis_2", EmbedOrigin: "https://evil.example", Locale: "zh-TW\xff"})
	if err != nil || answer.Allow || !strings.Contains(answer.Reason, "此网站") {
		t.Errorf("a visitor from elsewhere: %+v %v", answer, err)
	}

	files, ok := h.host.UI(webchat)
	if !ok {
		t.Fatal("no web files")
	}
	if data, err := fs.ReadFile(files, "frame.html"); err != nil || !strings.Contains(string(data), "a widget") {
		t.Errorf("frame.html: %q %v", data, err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(h.dir, "patchbay-webchat", "ui", "out")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out", "../plugin.json", "/etc/passwd", "nothing"} {
		if _, err := fs.ReadFile(files, name); err == nil {
			t.Errorf("%s can be read", name)
		}
	}

	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	h.until(webchat, extension.Backoff)
	if _, err := h.host.OpenSession(t.Context(), in, channel.SessionRequest{}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("with the plugin down: %v", err)
	}
	if health := h.host.Health(in); health.State != "degraded" || health.Code != "plugin_backoff" {
		t.Errorf("health with the plugin down: %+v", health)
	}
	if _, ok := h.host.UI(webchat); !ok {
		t.Error("the web files went down with it")
	}
}

func TestNoWebFiles(t *testing.T) {
	h := newHouse(t)
	h.install("echo")
	host := h.open()
	if _, ok := host.UI(echo); ok {
		t.Error("echo has web files")
	}
	if _, ok := host.UI("a/b"); ok {
		t.Error("a plugin that is not there has web files")
	}
}
