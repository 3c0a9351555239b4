package httpapi

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/media"
)

// inertMedia is the policy under which files of users are answered: opened as
// a document of our origin, whatever is in them, they load and run nothing.
const inertMedia = "default-src 'none'; sandbox"

func (s *Server) mediaRoutes() {
	path := apiPrefix + "/media/:attachment"
	send := func(p media.Part) fiber.Handler {
		return func(c *fiber.Ctx) error {
			f, err := s.Media.Open(c.UserContext(), media.ID(c.Params("attachment")), c.Query("t"), p)
			c.Set(fiber.HeaderContentSecurityPolicy, inertMedia)
			if err != nil {
				return err
			}
			c.Set(fiber.HeaderCacheControl, "private, max-age="+strconv.Itoa(max(0, int(f.Until.Sub(s.Now())/time.Second))))
			return s.sendMedia(c, f)
		}
	}
	s.get(path, accessPublic, send(media.Original))
	s.get(path+"/preview", accessPublic, send(media.Drawing))
}

// sendMedia answers the bytes of an attachment, whole or a range of them. Who
// may have them, and for how long a browser may keep them, the caller has said.
func (s *Server) sendMedia(c *fiber.Ctx, f media.Served) error {
	c.Set(fiber.HeaderContentSecurityPolicy, inertMedia)
	tag := `"` + f.Tag + `"`
	c.Set(fiber.HeaderContentType, f.Type)
	c.Set(fiber.HeaderContentDisposition, disposition(f))
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set(fiber.HeaderETag, tag)
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	if matches(c.Get(fiber.HeaderIfNoneMatch), tag) {
		c.Status(http.StatusNotModified)
		return f.Close()
	}
	r, ok := rangeOf(c, f.Size(), tag)
	switch {
	case !ok:
		c.Set(fiber.HeaderContentRange, "bytes */"+strconv.FormatInt(f.Size(), 10))
		_ = f.Close() // nothing was read
		return newProblem(http.StatusRequestedRangeNotSatisfiable, "request.range", "The file has fewer bytes than that.")
	case r.partial:
		c.Status(http.StatusPartialContent)
		c.Set(fiber.HeaderContentRange, "bytes "+strconv.FormatInt(r.from, 10)+"-"+strconv.FormatInt(r.from+r.length-1, 10)+
			"/"+strconv.FormatInt(f.Size(), 10))
	}
	c.Context().Response.SetBodyStream(&stream{
		Reader: io.NewSectionReader(f, r.from, r.length), Closer: f, conn: c.Context().Conn(), now: s.Now,
	}, int(r.length))
	return nil
}

// stream is the body of an answer that may take longer than other answers: as
// long as the reader takes something every now and then.
type stream struct {
	io.Reader
	io.Closer
	conn net.Conn
	now  func() time.Time
}

// Read moves the connection's deadline on.
func (s *stream) Read(p []byte) (int, error) {
	if s.conn != nil {
		_ = s.conn.SetWriteDeadline(s.now().Add(timeout)) // a dead connection shows when it is written to
	}
	return s.Reader.Read(p)
}

// disposition says what to do with a file, and its name in both forms of RFC 6266.
func disposition(f media.Served) string {
	kind := "attachment"
	if f.Inline {
		kind = "inline"
	}
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%;`, r) {
			return '_'
		}
		return r
	}, f.Name)
	return kind + `; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(f.Name), "+", "%20")
}

// matches reports whether a list of entity tags has ours.
func matches(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

// stretch is a part of a file.
type stretch struct {
	from, length int64
	partial      bool
}

// rangeOf reads a request for one range of bytes (RFC 9110, 14.2). Several, or
// what is no range, ask for the whole file; false = there is no such part.
func rangeOf(c *fiber.Ctx, size int64, tag string) (stretch, bool) {
	whole := stretch{length: size}
	spec, ok := strings.CutPrefix(c.Get(fiber.HeaderRange), "bytes=")
	if condition := c.Get(fiber.HeaderIfRange); !ok || condition != "" && condition != tag {
		return whole, true
	}
	first, last, ok := strings.Cut(spec, "-")
	if !ok {
		return whole, true
	}
	from, err1 := strconv.ParseUint(first, 10, 62)
	to, err2 := strconv.ParseUint(last, 10, 62)
	n := uint64(size) //nolint:gosec // not negative
	switch {
	case first == "" && err2 == nil && to > 0: // the last so many
		from, to = n-min(n, to), n-1
	case err1 == nil && last == "":
		to = n - 1
	case err1 != nil || err2 != nil || to < from:
		return whole, true
	}
	if from >= n {
		return whole, false
	}
	to = min(to, n-1)
	return stretch{from: int64(from), length: int64(to - from + 1), partial: true}, true
}
