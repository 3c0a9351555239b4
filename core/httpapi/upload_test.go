package httpapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/wire"
)

// upload is the answer of the upload routes.
type upload struct {
	ID         string
	Offset     int64
	Size       int64
	ChunkSize  int64 `json:"chunk_size"`
	Attachment *wire.Attachment
}

// uploader sends files as somebody.
type uploader struct {
	*site
	base   string
	header []string
}

func (s *site) memberUploads() uploader {
	return uploader{s, "/api/v1/workspaces/" + string(s.WS) + "/uploads", []string{"Cookie", s.signIn(s.Owner)}}
}

// visitorUploads is a visitor of the live inbox, where files are allowed or not.
func (s *site) visitorUploads(allowed bool) uploader {
	s.Helper()
	s.plugins.Installed[0].Capabilities.Content = []string{channel.ContentText, channel.ContentFile}
	s.plugins.OnOpenSession = func(channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) {
		return channel.SessionAnswer{Allow: true, Settings: json.RawMessage(fmt.Sprintf(`{"attachments":%t}`, allowed))}, nil
	}
	live := "/api/v1/live/" + string(s.Live.ID)
	var body struct{ Token string }
	a := s.ask(http.MethodPost, live+"/sessions", `{}`)
	s.OK(json.Unmarshal([]byte(a.text), &body))
	return uploader{s, live + "/uploads", []string{"Authorization", "Bearer " + body.Token}}
}

func (u uploader) call(method, path, body string, header ...string) (upload, answer) {
	u.Helper()
	a := u.ask(method, u.base+path, body, append(header, u.header...)...)
	var out upload
	if a.code == "" && a.text != "" {
		u.OK(json.Unmarshal([]byte(a.text), &out))
	}
	return out, a
}

func (u uploader) begin(name string, size int) upload {
	u.Helper()
	out, a := u.call(http.MethodPost, "", fmt.Sprintf(`{"name":%q,"size":%d}`, name, size))
	if a.StatusCode != http.StatusCreated || !strings.HasPrefix(out.ID, "upl_") || out.Offset != 0 || out.ChunkSize != 1<<20 {
		u.Fatalf("begin: %d %s", a.StatusCode, a.text)
	}
	return out
}

func (u uploader) patch(id string, offset int, data []byte) (upload, answer) {
	u.Helper()
	return u.call(http.MethodPatch, fmt.Sprintf("/%s?offset=%d", id, offset), string(data), "Content-Type", "application/octet-stream")
}

// send uploads a whole file.
func (u uploader) send(name string, data []byte) wire.Attachment {
	u.Helper()
	up := u.begin(name, len(data))
	for at := 0; at < len(data); at += 1 << 20 {
		var a answer
		if up, a = u.patch(up.ID, at, data[at:min(len(data), at+1<<20)]); a.StatusCode != http.StatusOK {
			u.Fatalf("%s at %d: %d %s", name, at, a.StatusCode, a.text)
		}
	}
	if up.Attachment == nil {
		u.Fatalf("%s was not finished: %+v", name, up)
	}
	return *up.Attachment
}

// drawing is a PNG with something see-through in it.
func drawing(w, h int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.NRGBA{uint8(x), uint8(y), 7, uint8(200 + x%50)})
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img)
	return b.Bytes()
}

func TestAFileComesInPieces(t *testing.T) {
	s := newSite(t, nil)
	for name, u := range map[string]uploader{"member": s.memberUploads(), "visitor": s.visitorUploads(true)} {
		data := drawing(40, 30)
		up := u.begin("a\u202egnp.png", len(data))
		half := len(data) / 2
		if got, a := u.patch(up.ID, 0, data[:half]); a.StatusCode != http.StatusOK || got.Offset != int64(half) || got.Attachment != nil {
			t.Fatalf("%s: first half: %d %s", name, a.StatusCode, a.text)
		}
		if _, a := u.patch(up.ID, 0, data[:half]); a.StatusCode != http.StatusConflict || a.code != "upload.offset" || !strings.Contains(a.text, fmt.Sprintf(`"detail":"%d"`, half)) {
			t.Errorf("%s: the same again: %d %s", name, a.StatusCode, a.text)
		}
		if got, a := u.call(http.MethodGet, "/"+up.ID, ""); a.StatusCode != http.StatusOK || got.Offset != int64(half) {
			t.Errorf("%s: where: %d %s", name, a.StatusCode, a.text)
		}
		got, a := u.patch(up.ID, half, data[half:])
		at := got.Attachment
		if a.StatusCode != http.StatusOK || at == nil || at.Name != "agnp.png" || at.Kind != "image" || at.Type != "image/png" || at.Width != 40 || at.PreviewURL == "" {
			t.Fatalf("%s: the rest: %d %s", name, a.StatusCode, a.text)
		}
		if again, a := u.patch(up.ID, len(data), nil); a.StatusCode != http.StatusOK || again.Attachment == nil {
			t.Errorf("%s: the end again: %d %s", name, a.StatusCode, a.text)
		}
		if res := s.ask(http.MethodGet, at.URL, ""); res.StatusCode != http.StatusOK || res.text != string(data) {
			t.Errorf("%s: the file: %d", name, res.StatusCode)
		}
		if _, a := u.call(http.MethodDelete, "/"+up.ID, ""); a.StatusCode != http.StatusNoContent {
			t.Errorf("%s: cancel: %d %s", name, a.StatusCode, a.text)
		}
		if res := s.ask(http.MethodGet, at.URL, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: a cancelled file: %d", name, res.StatusCode)
		}
	}
}

func TestUploadRefusals(t *testing.T) {
	s := newSite(t, nil)
	u := s.memberUploads()
	for body, want := range map[string]string{
		`{"name":"x","size":0}`:                                 "422 upload.empty",
		`{"name":"x","size":-1}`:                                "422 upload.empty",
		`{"name":"x","size":3145729}`:                           "422 upload.too_large",
		`{"name":"x","size":1e30}`:                              "",
		`{"name":"x","size":4,"sha256":"abc"}`:                  "422 upload.checksum",
		`{"name":"x","size":4,"type":"image/png"}`:              "422 request.invalid",
		`{"name":"` + strings.Repeat("x", 1001) + `","size":4}`: "422 request.invalid",
	} {
		_, a := u.call(http.MethodPost, "", body)
		if got := fmt.Sprint(a.StatusCode, " ", a.code); got != want && (want != "" || a.StatusCode < 400 || a.StatusCode >= 500) {
			t.Errorf("%.60s: %s %s", body, got, a.text)
		}
	}
	if _, a := u.call(http.MethodPost, "", `{"name":"x","size":3145729}`); !strings.Contains(a.text, "3 MiB") {
		t.Errorf("the limit is not told: %s", a.text)
	}
	up := u.begin("x", 10)
	for name, try := range map[string]struct {
		offset int
		data   []byte
		want   string
	}{
		"beyond":   {5, []byte("x"), "409 upload.offset"},
		"too much": {0, []byte("12345678901"), "422 upload.overrun"},
	} {
		_, a := u.patch(up.ID, try.offset, try.data)
		if got := fmt.Sprint(a.StatusCode, " ", a.code); got != try.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, query := range []string{"", "?offset=-1", "?offset=x", "?offset=99999999999999999999"} {
		if _, a := u.call(http.MethodPatch, "/"+up.ID+query, "x", "Content-Type", "application/octet-stream"); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d %s", query, a.StatusCode, a.text)
		}
	}
	for _, id := range []string{"upl_01JD3X4Z5Y6W7V8T9S0R1Q2P3N", "upl_", "att" + up.ID[3:], "x", "..%2f..%2fetc"} {
		if _, a := u.patch(id, 0, []byte("x")); a.StatusCode != http.StatusNotFound {
			t.Errorf("upload %s: %d %s", id, a.StatusCode, a.text)
		}
	}
	if got, a := u.call(http.MethodGet, "/"+up.ID, ""); a.StatusCode != http.StatusOK || got.Offset != 0 {
		t.Errorf("after all that: %s", a.text)
	}
}

func TestUploadsBelongToTheirUploader(t *testing.T) {
	s := newSite(t, nil)
	mine := s.memberUploads()
	colleague := uploader{s, mine.base, []string{"Cookie", s.signIn(s.Member(s.WS, "b@example.com", "B", 5))}}
	alice, bob := s.visitorUploads(true), s.visitorUploads(true)
	for _, pair := range [][2]uploader{{mine, colleague}, {alice, bob}} {
		up := pair[0].begin("x", 4)
		other := pair[1]
		_, read := other.call(http.MethodGet, "/"+up.ID, "")
		_, write := other.patch(up.ID, 0, []byte("evil"))
		_, remove := other.call(http.MethodDelete, "/"+up.ID, "")
		if read.StatusCode != http.StatusNotFound || write.StatusCode != http.StatusNotFound || remove.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else: %d, %d, %d", read.StatusCode, write.StatusCode, remove.StatusCode)
		}
		if got, _ := pair[0].patch(up.ID, 0, []byte("good")); got.Attachment == nil {
			t.Error("the owner cannot go on")
		}
	}
}

func TestVisitorsUploadWhereTheyMay(t *testing.T) {
	s := newSite(t, nil)
	u := s.visitorUploads(false)
	if _, a := u.call(http.MethodPost, "", `{"name":"x","size":4}`); a.StatusCode != http.StatusForbidden || a.code != "upload.not_allowed" {
		t.Errorf("turned off: %d %s", a.StatusCode, a.text)
	}
	u = s.visitorUploads(true)
	s.plugins.Installed[0].Capabilities.Content = []string{channel.ContentText}
	if _, a := u.call(http.MethodPost, "", `{"name":"x","size":4}`); a.StatusCode != http.StatusForbidden || a.code != "upload.not_allowed" {
		t.Errorf("text only: %d %s", a.StatusCode, a.text)
	}
	s.plugins.Installed[0].Capabilities = channel.Capabilities{Content: []string{channel.ContentFile}, AttachmentLimit: 100}
	if _, a := u.call(http.MethodPost, "", `{"name":"x","size":101}`); a.StatusCode != http.StatusUnprocessableEntity || a.code != "upload.too_large" {
		t.Errorf("the channel's limit: %d %s", a.StatusCode, a.text)
	}
	for range 19 {
		u.begin("x", 4)
	}
	if _, a := u.call(http.MethodPost, "", `{"name":"x","size":4}`); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("the 21st in an hour: %d %s", a.StatusCode, a.text)
	}
}

func TestAChecksumIsChecked(t *testing.T) {
	s := newSite(t, nil)
	u := s.memberUploads()
	data := []byte("some bytes")
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	good, _ := u.call(http.MethodPost, "", fmt.Sprintf(`{"name":"x","size":%d,"sha256":%q}`, len(data), digest))
	if got, a := u.patch(good.ID, 0, data); got.Attachment == nil {
		t.Errorf("the right one: %s", a.text)
	}
	bad, _ := u.call(http.MethodPost, "", fmt.Sprintf(`{"name":"x","size":%d,"sha256":%q}`, len(data), digest))
	if _, a := u.patch(bad.ID, 0, bytes.ToUpper(data)); a.StatusCode != http.StatusUnprocessableEntity || a.code != "upload.checksum" {
		t.Errorf("other bytes: %d %s", a.StatusCode, a.text)
	}
	if _, a := u.call(http.MethodGet, "/"+bad.ID, ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("after it: %d", a.StatusCode)
	}
}

func TestHowFilesAreAnswered(t *testing.T) {
	s := newSite(t, nil)
	u := s.memberUploads()
	page := u.send(`..\evil"; x=<b>.html`, []byte("<!DOCTYPE html><script>alert(1)</script>"))
	a := s.ask(http.MethodGet, page.URL, "")
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
		"Content-Disposition": `attachment; filename="evil__ x=_b_.html"; filename*=UTF-8''evil_%3B%20x%3D_b_.html`,
		"Accept-Ranges":       "bytes", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if page.Kind != "file" || page.Type != "text/html" || page.PreviewURL != "" {
		t.Errorf("a page is %+v", page)
	}
	if c := a.Header.Get("Cache-Control"); !strings.HasPrefix(c, "private, max-age=") || c == "private, max-age=0" {
		t.Errorf("cached: %s", c)
	}

	picture := u.send("p.png", drawing(3, 2))
	if a := s.ask(http.MethodGet, picture.URL, ""); !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") || a.Header.Get("Content-Type") != "image/png" {
		t.Errorf("the original: %v", a.Header)
	}
	a = s.ask(http.MethodGet, picture.PreviewURL, "")
	if !strings.HasPrefix(a.Header.Get("Content-Disposition"), "inline") || a.Header.Get("Content-Type") != "image/png" || a.StatusCode != http.StatusOK {
		t.Errorf("the preview: %d %v", a.StatusCode, a.Header)
	}
	tag := a.Header.Get("ETag")
	if again := s.ask(http.MethodGet, picture.PreviewURL, "", "If-None-Match", `"x", W/`+tag); again.StatusCode != http.StatusNotModified || again.text != "" {
		t.Errorf("known already: %d", again.StatusCode)
	}
	if tag == s.ask(http.MethodGet, picture.URL, "").Header.Get("ETag") {
		t.Error("preview and original share a tag")
	}
	if head := s.ask(http.MethodHead, picture.URL, ""); head.StatusCode != http.StatusOK || head.text != "" || head.ContentLength != picture.Size {
		t.Errorf("HEAD: %d, %d bytes", head.StatusCode, head.ContentLength)
	}
	if a := s.ask(http.MethodGet, strings.Replace(page.URL, "?t=", "/preview?t=", 1), ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("the preview of a page: %d", a.StatusCode)
	}
}

func TestTicketsOpenOneFile(t *testing.T) {
	s := newSite(t, nil)
	u := s.memberUploads()
	one, two := u.send("1", []byte("one")), u.send("2", []byte("two"))
	path, ticket, _ := strings.Cut(one.URL, "?t=")
	_, other, _ := strings.Cut(two.URL, "?t=")
	day, mac, _ := strings.Cut(ticket, ".")
	for name, address := range map[string]string{
		"none": path, "empty": path + "?t=", "another's": path + "?t=" + other, "no day": path + "?t=." + mac, "no mac": path + "?t=" + day + ".",
		"a later day": path + "?t=zzzz." + mac, "rubbish": path + "?t=%00%ff", "cut": path + "?t=" + ticket[:len(ticket)-1],
	} {
		if a := s.ask(http.MethodGet, address, ""); a.StatusCode != http.StatusForbidden || a.code != "media.ticket" || strings.Contains(a.text, "one") {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.text)
		}
	}
	if a := s.ask(http.MethodGet, one.URL, ""); a.text != "one" {
		t.Errorf("the right one: %s", a.text)
	}
}

func TestRanges(t *testing.T) {
	s := newSite(t, nil)
	file := s.memberUploads().send("x.bin", []byte("0123456789"))
	tag := s.ask(http.MethodGet, file.URL, "").Header.Get("ETag")
	for _, try := range []struct{ spec, condition, want string }{
		{"bytes=2-4", "", "206 234 bytes 2-4/10"},
		{"bytes=7-", "", "206 789 bytes 7-9/10"},
		{"bytes=-3", "", "206 789 bytes 7-9/10"},
		{"bytes=-30", "", "206 0123456789 bytes 0-9/10"},
		{"bytes=8-99", "", "206 89 bytes 8-9/10"},
		{"bytes=0-0", tag, "206 0 bytes 0-0/10"},
		{"bytes=2-4", `"other"`, "200 0123456789 "},
		{"bytes=0-1,3-4", "", "200 0123456789 "},
		{"bytes=4-2", "", "200 0123456789 "},
		{"chars=2-4", "", "200 0123456789 "},
		{"bytes=-", "", "200 0123456789 "},
		{"bytes=-0", "", "200 0123456789 "},
		{"bytes=99999999999999999999-", "", "200 0123456789 "},
	} {
		a := s.ask(http.MethodGet, file.URL, "", "Range", try.spec, "If-Range", try.condition)
		if got := fmt.Sprint(a.StatusCode, " ", a.text, " ", a.Header.Get("Content-Range")); got != try.want {
			t.Errorf("%s: %s, want %s", try.spec, got, try.want)
		}
	}
	if a := s.ask(http.MethodGet, file.URL, "", "Range", "bytes=10-"); a.StatusCode != http.StatusRequestedRangeNotSatisfiable || a.Header.Get("Content-Range") != "bytes */10" {
		t.Errorf("beyond the end: %d %v", a.StatusCode, a.Header)
	}
}

func TestWithoutMedia(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.Media = nil })
	for _, r := range s.Routes() {
		if strings.Contains(r.Path, "upload") || strings.Contains(r.Path, "media") {
			t.Errorf("%s is served", r.Path)
		}
	}
}
