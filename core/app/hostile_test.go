package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/mounttest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

// memoryCap is what the server may ever take while it looks at hostile files,
// in bytes: its own needs, decode_memory, and what the collector leaves.
const memoryCap = 448 << 20

// attachment is what the server says of a file.
type attachment struct {
	ID, Name, Type, Kind, URL string
	Size                      int64
	Width, Height             int
	PreviewURL                string `json:"preview_url"`
}

// upload is a file on its way.
type upload struct {
	ID         string
	Offset     int64
	Size       int64
	Attachment *attachment
}

// sender brings files: a member, or a visitor.
type sender struct {
	rig.API
	path string
}

func (s *site) senders() map[string]sender {
	return map[string]sender{
		"member":  {s.owner.API, s.owner.At("/uploads")},
		"visitor": {s.asVisitor(), rig.Prefix + "/live/" + s.live.ID + "/uploads"},
	}
}

func (s sender) begin(ctx context.Context, name string, size int) (upload, error) {
	var u upload
	_, err := s.Call(ctx, http.MethodPost, s.path, map[string]any{"name": name, "size": size}, &u)
	return u, err
}

func (s sender) patch(ctx context.Context, id string, offset int64, data []byte) (upload, error) {
	var u upload
	a, err := s.As("Content-Type", "application/octet-stream").Raw(ctx, http.MethodPatch, fmt.Sprintf("%s/%s?offset=%d", s.path, id, offset), data)
	if err == nil {
		err = json.Unmarshal(a.Body, &u)
	}
	return u, err
}

// send brings a whole file, in pieces of at most chunk bytes.
func (s sender) send(ctx context.Context, name string, data []byte, chunk int) (attachment, error) {
	u, err := s.begin(ctx, name, len(data))
	for at := 0; err == nil && at < len(data); at += chunk {
		u, err = s.patch(ctx, u.ID, int64(at), data[at:min(len(data), at+chunk)])
	}
	if err != nil {
		return attachment{}, err
	}
	if u.Attachment == nil {
		return attachment{}, fmt.Errorf("all %d bytes of %q are there, and it is not finished", len(data), name)
	}
	return *u.Attachment, nil
}

// TestHostileFiles sends every file of the corpus through the real API, as a
// member, and reads what the server makes of it like a browser would.
func TestHostileFiles(t *testing.T) {
	s := open(t, filesAllowed)
	member := s.senders()["member"]
	for _, f := range mediatest.Corpus() {
		began := time.Now()
		a, err := member.send(t.Context(), f.Name, f.Data, media.ChunkSize)
		if err != nil {
			t.Errorf("%s: %v", f.Label, err)
			continue
		}
		if f.Kind != "" && a.Kind != string(f.Kind) || f.Type != "" && a.Type != f.Type || f.Kind != "" && f.Drawn != (a.PreviewURL != "") || f.Shown != "" && a.Name != f.Shown {
			t.Errorf("%s became %+v", f.Label, a)
		}
		s.inert(f, a)
		if took := time.Since(began); took > time.Second {
			t.Logf("%s took %v", f.Label, took.Round(time.Millisecond))
		}
	}
	s.within(memoryCap)
}

// inert holds that nothing of a file can run in a browser, whatever it is.
func (s *site) inert(f mediatest.Specimen, a attachment) {
	s.t.Helper()
	if a.Kind == "image" != (a.PreviewURL != "") || a.Width > 0 != (a.Kind == "image") {
		s.t.Errorf("%s: kind and preview disagree: %+v", f.Label, a)
	}
	nobody := rig.NewAPI(s.server.URL())
	file, err := nobody.Raw(s.t.Context(), http.MethodGet, a.URL, nil)
	if err != nil || !bytes.Equal(file.Body, f.Data) {
		s.t.Errorf("%s comes back with %d of %d bytes, %v", f.Label, len(file.Body), len(f.Data), err)
		return
	}
	s.guarded(f.Label, file)
	disposition := file.Header.Get("Content-Disposition")
	if inline := strings.HasPrefix(disposition, "inline"); inline && (a.Kind != "audio" || !strings.HasPrefix(file.Header.Get("Content-Type"), "audio/")) {
		s.t.Errorf("%s is shown inline: %v", f.Label, file.Header)
	}
	if !strings.HasPrefix(disposition, "inline") && !strings.HasPrefix(disposition, "attachment; ") {
		s.t.Errorf("%s has the disposition %q", f.Label, disposition)
	}
	if a.PreviewURL == "" {
		return
	}
	preview, err := nobody.Raw(s.t.Context(), http.MethodGet, a.PreviewURL, nil)
	if err != nil {
		s.t.Errorf("%s has no preview: %v", f.Label, err)
		return
	}
	s.guarded(f.Label, preview)
	img, format, err := image.Decode(bytes.NewReader(preview.Body))
	if err != nil || preview.Header.Get("Content-Type") != "image/"+format || max(img.Bounds().Dx(), img.Bounds().Dy()) > 1280 {
		s.t.Errorf("%s: the preview is %s, %v: %v", f.Label, format, preview.Header, err)
	}
	for _, trace := range []string{"<script", "alert(", "Exif", "PK\x03\x04", "Comment"} {
		if bytes.Contains(preview.Body, []byte(trace)) {
			s.t.Errorf("%s: the preview still holds %q", f.Label, trace)
		}
	}
}

// guarded checks the headers that every file of a user is answered with.
func (s *site) guarded(label string, a rig.Answer) {
	s.t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := a.Header.Get(name); got != want {
			s.t.Errorf("%s is answered with %s: %q", label, name, got)
		}
	}
	if c := a.Header.Get("Cache-Control"); !strings.HasPrefix(c, "private, max-age=") {
		s.t.Errorf("%s is cached as %q", label, c)
	}
	served := a.Header.Get("Content-Type")
	for _, part := range []string{"html", "svg", "script", "xml;", "text/", "flash"} {
		if strings.Contains(served, part) {
			s.t.Errorf("%s is answered as %s", label, served)
		}
	}
}

// within checks the most memory the server has ever had.
func (s *site) within(most int64) {
	s.t.Helper()
	peak, err := rig.Peak(s.server.PID())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("the server took %d MiB at most", peak>>20)
	if peak > most {
		s.t.Errorf("the server took %d MiB at most; %d are allowed", peak>>20, most>>20)
	}
}

// Bombs that come together are drawn one after the other, as far as there is
// memory, while chats go on.
func TestManyBombsAtOnce(t *testing.T) {
	s := open(t, filesAllowed)
	bomb := mediatest.PNGFile(7000, 7000, 8, 6, 7000*28001)
	member := s.senders()["member"]
	var wg sync.WaitGroup
	var drawn atomic.Int64
	for range 3 {
		wg.Go(func() {
			a, err := member.send(t.Context(), "x.png", bomb, media.ChunkSize)
			if p := rig.ProblemOf(err); err != nil && (p == nil || p.Status >= 500 && p.Status != http.StatusServiceUnavailable) {
				t.Error(err)
			}
			if err == nil && a.PreviewURL != "" {
				drawn.Add(1)
			}
		})
	}
	for i := range 10 {
		if err := s.try(fmt.Sprint("meanwhile ", i)); err != nil {
			t.Errorf("a message among bombs: %v", err)
		}
	}
	wg.Wait()
	if drawn.Load() < 3 {
		t.Errorf("%d of 3 were drawn", drawn.Load())
	}
	s.within(memoryCap)
}

func TestHostileNames(t *testing.T) {
	s := open(t, filesAllowed)
	for _, from := range []string{"member", "visitor"} {
		who := s.senders()[from]
		n := 0
		for raw, want := range mediatest.Names() {
			if n++; from == "visitor" && n > 10 { // their budget is an hour's
				break
			}
			if !strings.Contains(raw, "\xff") { // JSON has no such text
				a, err := who.send(t.Context(), raw, []byte("x"), 1)
				if err != nil || a.Name != want {
					t.Errorf("%s: %.60q is shown as %.130q, %v", from, raw, a.Name, err)
				}
			}
		}
	}
	err := filepath.WalkDir(filepath.Join(s.options.DataDir, "media"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), "att_") {
			t.Errorf("there is a file %q", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, stray := range []string{"/etc/passwd.patchbay", filepath.Join(s.options.DataDir, "passwd"), filepath.Join(s.options.DataDir, "media", "passwd")} {
		if _, err := os.Stat(stray); err == nil {
			t.Errorf("%s was written", stray)
		}
	}
}

// Whatever order pieces come in, and however often, the file is the one that
// was meant or none.
func TestConcurrentAndRepeatedPieces(t *testing.T) {
	s := open(t, filesAllowed)
	data := make([]byte, 400<<10)
	for i := range data {
		data[i] = byte(rand.IntN(256))
	}
	for from, who := range s.senders() {
		u, err := who.begin(t.Context(), "x.bin", len(data))
		if err != nil {
			t.Fatal(err)
		}
		const piece = 50 << 10
		var wg sync.WaitGroup
		for range 4 { // four senders, each sends everything again and again
			wg.Go(func() {
				for range 6 {
					for at := 0; at < len(data); at += piece {
						_, err := who.patch(t.Context(), u.ID, int64(at), data[at:min(len(data), at+piece)])
						if p := rig.ProblemOf(err); err != nil && (p == nil || p.Code != "upload.offset" && p.Code != "request.rate") {
							t.Errorf("%s at %d: %v", from, at, err)
						}
					}
				}
			})
		}
		wg.Wait()
		var got upload
		if _, err := who.Call(t.Context(), http.MethodGet, who.path+"/"+u.ID, nil, &got); err != nil || got.Attachment == nil {
			t.Fatalf("%s: %+v, %v", from, got, err)
		}
		file, err := who.Raw(t.Context(), http.MethodGet, got.Attachment.URL, nil)
		if err != nil || !bytes.Equal(file.Body, data) {
			t.Errorf("%s: another file came out, %v", from, err)
		}
		if _, err = who.patch(t.Context(), u.ID, 0, data[:piece]); rig.ProblemOf(err) == nil || rig.ProblemOf(err).Code != "upload.offset" {
			t.Errorf("%s: a piece after the end: %v", from, err)
		}
	}
}

// A sender who is cut off in the middle of a piece, or dawdles, loses that
// piece alone.
func TestAbortedPieces(t *testing.T) {
	s := open(t, filesAllowed)
	who := s.senders()["member"]
	data := bytes.Repeat([]byte("0123456789"), 20_000)
	u, err := who.begin(t.Context(), "x.bin", len(data))
	if err != nil {
		t.Fatal(err)
	}
	if u, err = who.patch(t.Context(), u.ID, 0, data[:100_000]); err != nil {
		t.Fatal(err)
	}
	cut, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.server.Address)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(cut, "PATCH %s/%s?offset=100000 HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: application/octet-stream\r\nContent-Length: 100000\r\n\r\n",
		who.path, u.ID, s.server.Address, who.Header.Get("Cookie"))
	if err == nil {
		_, err = cut.Write(data[100_000:150_000])
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = cut.Close()
	var got upload
	if _, err := who.Call(t.Context(), http.MethodGet, who.path+"/"+u.ID, nil, &got); err != nil || got.Offset != 100_000 {
		t.Errorf("after the cut: %+v, %v", got, err)
	}
	if got, err = who.patch(t.Context(), u.ID, 100_000, data[100_000:]); err != nil || got.Attachment == nil {
		t.Fatalf("the rest: %+v, %v", got, err)
	}
	if file, err := who.Raw(t.Context(), http.MethodGet, got.Attachment.URL, nil); err != nil || !bytes.Equal(file.Body, data) {
		t.Errorf("another file came out, %v", err)
	}
	// The server answers 413 and hangs up; a client that is still sending may see the latter alone.
	if _, err := who.patch(t.Context(), u.ID, 0, make([]byte, media.ChunkSize+1)); err == nil || rig.ProblemOf(err) != nil && rig.ProblemOf(err).Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a piece that is too large: %v", err)
	}
}

// An upload goes on where it was after the server was killed, and one whose
// file is gone starts anew.
func TestUploadsSurviveAKill(t *testing.T) {
	s := open(t, filesAllowed)
	data := mediatest.Photo(1200, 900)
	who := s.senders()["member"]
	u, err := who.begin(t.Context(), "x.jpg", len(data))
	if err != nil {
		t.Fatal(err)
	}
	half := len(data) / 2
	if _, err := who.patch(t.Context(), u.ID, 0, data[:half]); err != nil {
		t.Fatal(err)
	}
	lost, err := who.begin(t.Context(), "lost.bin", 10)
	if err == nil {
		_, err = who.patch(t.Context(), lost.ID, 0, []byte("01234"))
	}
	if err != nil {
		t.Fatal(err)
	}
	s.server.Kill()
	incoming := filepath.Join(s.options.DataDir, "media", "incoming")
	// What the power left of an unfinished write behind the end, and a file that is gone.
	torn, err := os.OpenFile(filepath.Join(incoming, "att"+u.ID[3:]), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = torn.Write(bytes.Repeat([]byte{0xaa}, 1000))
	_ = torn.Close()
	if err := os.Remove(filepath.Join(incoming, "att"+lost.ID[3:])); err != nil {
		t.Fatal(err)
	}
	s.start()
	var got upload
	if _, err := who.Call(t.Context(), http.MethodGet, who.path+"/"+u.ID, nil, &got); err != nil || got.Offset != int64(half) {
		t.Fatalf("after the kill: %+v, %v", got, err)
	}
	if got, err = who.patch(t.Context(), u.ID, int64(half), data[half:]); err != nil || got.Attachment == nil || got.Attachment.PreviewURL == "" {
		t.Fatalf("the rest: %+v, %v", got, err)
	}
	if file, err := who.Raw(t.Context(), http.MethodGet, got.Attachment.URL, nil); err != nil || !bytes.Equal(file.Body, data) {
		t.Errorf("another file came out, %v", err)
	}
	_, err = who.patch(t.Context(), lost.ID, 5, []byte("56789"))
	if p := rig.ProblemOf(err); p == nil || p.Code != "upload.offset" || len(p.Fields) != 1 || p.Fields[0].Detail != "0" {
		t.Errorf("a lost file: %v", err)
	}
	if got, err = who.patch(t.Context(), lost.ID, 0, []byte("0123456789")); err != nil || got.Attachment == nil {
		t.Errorf("from the beginning: %+v, %v", got, err)
	}
}

// leave takes the space of a disk but for some bytes.
func leave(t *testing.T, dir string, free uint64) {
	t.Helper()
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		t.Fatal(err)
	}
	if have := stat.Bavail * uint64(stat.Bsize); have > free {
		if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, have-free), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A disk that fills up refuses files, keeps what is there, and takes files
// again when there is room.
func TestFilesOnAFullDisk(t *testing.T) {
	mounttest.Need(t)
	s := open(t, filesAllowed, func(o *rig.Options) {
		dir := o.DataDir
		o.Env = append(o.Env, "PATCHBAY_MEDIA_MIN_FREE=2MiB")
		o.Wrap = []string{"unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=256m none "$1" && shift && exec "$@"`, "sh", dir}
	})
	leave(t, filepath.Join("/proc", strconv.Itoa(s.server.PID()), "root", s.options.DataDir), 14<<20)
	who := s.senders()["member"]
	first, err := who.send(t.Context(), "first.bin", bytes.Repeat([]byte("x"), 1<<20), media.ChunkSize)
	if err != nil {
		t.Fatal(err)
	}
	var refused error
	var last attachment
	for i := range 16 {
		a, err := who.send(t.Context(), strconv.Itoa(i), bytes.Repeat([]byte("x"), 1<<20), media.ChunkSize)
		if refused = err; err != nil {
			break
		}
		last = a
	}
	p := rig.ProblemOf(refused)
	if p == nil || p.Status != http.StatusServiceUnavailable || p.Code != "upload.no_space" || p.RetryAfter == 0 {
		t.Fatalf("a full disk is told as %v", refused)
	}
	if err := s.try("messages still come in"); err != nil {
		t.Error(err)
	}
	if file, err := who.Raw(t.Context(), http.MethodGet, first.URL, nil); err != nil || len(file.Body) != 1<<20 {
		t.Errorf("what was there: %d bytes, %v", len(file.Body), err)
	}
	if _, err := who.Call(t.Context(), http.MethodDelete, who.path+"/upl"+last.ID[3:], nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := who.send(t.Context(), "again", bytes.Repeat([]byte("y"), 1<<20), media.ChunkSize); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// filesAllowed gives files no time to be swept, and lets visitors send them.
func filesAllowed(o *rig.Options) { o.Env = append(o.Env, "PATCHBAY_MEDIA_MIN_FREE=0") }

func TestALargeFileComesBackWhole(t *testing.T) {
	s := open(t, filesAllowed)
	who := s.senders()["member"]
	a, err := who.send(t.Context(), "x.bin", bytes.Repeat([]byte("0123456789abcdef"), 1<<18), media.ChunkSize)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL()+a.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Timeout: time.Minute}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var all bytes.Buffer
	if n, err := all.ReadFrom(res.Body); err != nil || n != 4<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
