package httpapi

import (
	"bytes"
	"io/fs"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
)

// widgets keeps the served files of each channel plugin's bundle.
type widgets struct {
	mu    sync.Mutex
	trees map[channel.PluginID]*assets
}

func (w *widgets) of(plugin channel.PluginID, files fs.FS) *assets {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trees == nil {
		w.trees = make(map[channel.PluginID]*assets)
	}
	if w.trees[plugin] == nil {
		w.trees[plugin] = newAssets(files)
	}
	return w.trees[plugin]
}

func (s *Server) widgetRoutes() {
	s.get("/w/:inbox/*", accessPublic, s.widget)
	if s.Demo != nil {
		s.get("/demo", accessPublic, s.demo)
		s.get("/demo/*", accessPublic, s.demo)
	}
}

// widget serves a file of the ui folder in the bundle of a live inbox's plugin.
func (s *Server) widget(c *fiber.Ctx) error {
	inbox, err := s.Conversations.LiveInbox(c.UserContext(), channel.InboxID(c.Params("inbox")))
	if err != nil {
		return err
	}
	files, ok := s.PluginUI(inbox.Plugin)
	if !ok {
		return unavailable("widget.missing", "The plugin of this inbox brings no widget, or is not installed.")
	}
	f := s.widgets.of(inbox.Plugin, files).find(c.Params("*"))
	if f == nil {
		return errs.Absent()
	}
	c.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages of other sites load it
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")      // the loader imports a module there
	c.Set(fiber.HeaderContentSecurityPolicy, inertCSP)
	if strings.HasPrefix(f.mime, "text/html") {
		policy, err := s.Conversations.Policy(c.UserContext(), inbox)
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentSecurityPolicy, frameCSP(policy.Origins))
	}
	return f.send(c)
}

// inertCSP is for what a plugin brings that is no page of the widget: opened as
// a document of our origin (an SVG, an XML), it can do nothing.
const inertCSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// frameCSP lets the widget's frame load its own files and be embedded by the
// inbox's origins; by any when none is named.
func frameCSP(origins []string) string {
	ancestors := "*"
	if safe := safeOrigins(origins); len(safe) > 0 {
		ancestors = "'self' " + strings.Join(safe, " ")
	} else if len(origins) > 0 {
		ancestors = "'self'"
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; font-src 'self'; " +
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors " + ancestors
}

// safeOrigins drops what could end the directive: the list comes from a plugin.
func safeOrigins(origins []string) []string {
	var out []string
	for _, o := range origins {
		if (strings.HasPrefix(o, "https://") || strings.HasPrefix(o, "http://")) && !strings.ContainsAny(o, " ;,'\"\r\n\t") {
			out = append(out, o)
		}
	}
	return out
}

// demo serves the demo page with the widget of the demo inbox on it.
func (s *Server) demo(c *fiber.Ctx) error {
	name := c.Params("*", "index.html")
	if name == "" {
		name = "index.html"
	}
	if name != "index.html" {
		if f := s.demoFiles.find(name); f != nil {
			return f.send(c)
		}
		return errs.Absent()
	}
	page, err := fs.ReadFile(s.Demo, name)
	if err != nil {
		return errs.Absent()
	}
	inbox := s.DemoInbox()
	if inbox == "" {
		return unavailable("demo.inbox", "The demo inbox is not there. Start again with an empty data directory.")
	}
	snippet := `<script async src="/w/` + string(inbox) + `/loader.js"></script>`
	page = bytes.Replace(page, []byte("<!-- patchbay:snippet -->"), []byte(snippet), 1)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return c.Send(page)
}
