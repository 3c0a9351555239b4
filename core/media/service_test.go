package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

const ws = identity.WorkspaceID("wsp_1")

// desk is the use cases over files on disk and rows in memory.
type desk struct {
	*testing.T
	*media.Service
	rows  *mediatest.Fake
	files *flaky
	now   time.Time
	me    media.Uploader
}

// flaky fails the calls that a test wants to fail, as a process does that stops.
type flaky struct {
	*mediatest.FakeFiles
	keep, draw error
}

var errStopped = errors.New("stopped")

func (f *flaky) Keep(id media.ID) error {
	if f.keep != nil {
		return f.keep
	}
	return f.FakeFiles.Keep(id)
}

func (f *flaky) Draw(id media.ID, data []byte) error {
	if f.draw != nil {
		return f.draw
	}
	return f.FakeFiles.Draw(id, data)
}

// store fails Finish when a test wants it to.
type store struct {
	*mediatest.FakeStore
	finish *error
}

func (s store) Finish(ctx context.Context, a media.Attachment, next media.Due) error {
	if *s.finish != nil {
		return *s.finish
	}
	return s.FakeStore.Finish(ctx, a, next)
}

func newDesk(t *testing.T) (*desk, *error) {
	t.Helper()
	d := &desk{T: t, rows: mediatest.NewFake(), now: time.Now(), me: media.Uploader{Kind: media.ByMember, ID: "mem_1"}}
	clock := func() time.Time { return d.now }
	d.files = &flaky{FakeFiles: mediatest.NewFakeFiles(clock)}
	d.rows.Sign = media.NewSigner(bytes.Repeat([]byte("s"), 32), clock)
	finish := new(error)
	d.Service = media.NewService(media.Deps{
		Store: store{d.rows.Store(), finish}, Ledger: d.rows.Store(), Files: d.files, Signer: d.rows.Sign,
		Limits: media.Limits{Upload: 8 << 20, Pixels: 4_000_000, DecodeMemory: 64 << 20, MinFree: 1 << 20}, Now: clock, Log: slog.New(slog.DiscardHandler),
	})
	return d, finish
}

func (d *desk) ok(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) begin(name string, size int) media.Upload {
	d.Helper()
	u, err := d.Begin(d.Context(), ws, d.me, media.Announcement{Name: name, Size: int64(size)}, 0)
	d.ok(err)
	return u
}

func (d *desk) bring(name string, data []byte) (media.Upload, error) {
	u := d.begin(name, len(data))
	for at := 0; at < len(data); at += media.ChunkSize {
		var err error
		if u, err = d.Append(d.Context(), ws, d.me, u.ID, int64(at), data[at:min(len(data), at+media.ChunkSize)]); err != nil {
			return u, err
		}
	}
	return u, nil
}

// whole brings a file and expects it to be Ready.
func (d *desk) whole(name string, data []byte) media.Attachment {
	d.Helper()
	u, err := d.bring(name, data)
	d.ok(err)
	if u.State != media.Ready {
		d.Fatalf("%s is %s", name, u.State)
	}
	return u.Attachment
}

func (d *desk) open(a media.Attachment, p media.Part) []byte {
	d.Helper()
	f, err := d.Open(d.Context(), a.ID, d.rows.Sign.Ticket(a.ID), p)
	d.ok(err)
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	d.ok(err)
	return b
}

func TestCorpus(t *testing.T) {
	d, _ := newDesk(t)
	for _, s := range mediatest.Small() {
		a := d.whole(s.Name, s.Data)
		if s.Kind != "" && a.Kind != s.Kind || s.Type != "" && a.Type != s.Type || s.Kind != "" && a.HasPreview() != s.Drawn {
			t.Errorf("%s became %+v", s.Label, a)
		}
		if !bytes.Equal(d.open(a, media.Original), s.Data) {
			t.Errorf("%s: other bytes", s.Label)
		}
	}
}

// A finish that is interrupted anywhere is completed by whoever asks next.
func TestAFinishIsTakenUpAgain(t *testing.T) {
	for name, stop := range map[string]func(*desk, *error, error){
		"before the preview": func(d *desk, _ *error, err error) { d.files.draw = err },
		"before the rename":  func(d *desk, _ *error, err error) { d.files.keep = err },
		"before the row":     func(_ *desk, finish *error, err error) { *finish = err },
	} {
		d, finish := newDesk(t)
		data := mediatest.PNG(30, 20)
		stop(d, finish, errStopped)
		u, err := d.bring("x.png", data)
		if !errors.Is(err, errStopped) {
			t.Fatalf("%s: %v", name, err)
		}
		stop(d, finish, nil)
		got, err := d.Get(t.Context(), ws, d.me, u.ID)
		if err != nil || got.State != media.Ready || !got.HasPreview() || got.Width != 30 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if !bytes.Equal(d.open(got.Attachment, media.Original), data) || len(d.open(got.Attachment, media.Drawing)) == 0 {
			t.Errorf("%s: other bytes", name)
		}
		if n := len(d.files.Parts()); n != 2 {
			t.Errorf("%s left %v", name, d.files.Parts())
		}
	}
}

func TestOrientationIsApplied(t *testing.T) {
	d, _ := newDesk(t)
	// A picture whose top left corner alone is red.
	img := image.NewRGBA(image.Rect(0, 0, 64, 32))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for y := range 12 {
		for x := range 12 {
			img.Set(x, y, color.RGBA{255, 0, 0, 255})
		}
	}
	var plain bytes.Buffer
	d.ok(jpeg.Encode(&plain, img, &jpeg.Options{Quality: 95}))
	type corner struct{ right, bottom bool }
	for o, want := range map[int]corner{
		1: {false, false}, 2: {true, false}, 3: {true, true}, 4: {false, true}, 5: {false, false}, 6: {true, false}, 7: {true, true}, 8: {false, true},
	} {
		a := d.whole("x.jpg", mediatest.Oriented(plain.Bytes(), o))
		got, _, err := image.Decode(bytes.NewReader(d.open(a, media.Drawing)))
		d.ok(err)
		b := got.Bounds()
		if w, h := 64, 32; o >= 5 && (b.Dx() != h || b.Dy() != w || a.Width != h || a.Height != w) || o < 5 && (b.Dx() != w || a.Width != w) {
			t.Errorf("orientation %d is %v, told as %d × %d", o, b, a.Width, a.Height)
		}
		for _, c := range []corner{{false, false}, {true, false}, {false, true}, {true, true}} {
			x, y := 4, 4
			if c.right {
				x = b.Dx() - 5
			}
			if c.bottom {
				y = b.Dy() - 5
			}
			_, g, _, _ := got.At(x, y).RGBA()
			if red := g < 0x8000; red != (c == want) {
				t.Errorf("orientation %d: red at %+v is %v", o, c, red)
			}
		}
	}
}

func TestPreviewsAreSmallAndTrue(t *testing.T) {
	d, _ := newDesk(t)
	for _, size := range [][4]int{{2000, 1000, 1280, 640}, {1000, 2000, 640, 1280}, {1280, 3, 1280, 3}, {3000, 1, 1280, 1}, {1, 1, 1, 1}, {2600, 1300, 1280, 640}, {1300, 1300, 1280, 1280}} {
		w, h := size[0], size[1]
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		for y := range h { // dark to the left, light to the right, half see-through
			for x := range w {
				img.SetNRGBA(x, y, color.NRGBA{uint8(255 * x / w), uint8(255 * y / h), 0, 128})
			}
		}
		var b bytes.Buffer
		d.ok(png.Encode(&b, img))
		a := d.whole("x.png", b.Bytes())
		got, format, err := image.Decode(bytes.NewReader(d.open(a, media.Drawing)))
		d.ok(err)
		if a.Width != w || a.Height != h || got.Bounds().Dx() != size[2] || got.Bounds().Dy() != size[3] || format != "png" {
			t.Errorf("%d × %d is told as %d × %d and drawn as %s %v", w, h, a.Width, a.Height, format, got.Bounds())
		}
		c, _ := color.NRGBAModel.Convert(got.At(got.Bounds().Dx()*3/4, 0)).(color.NRGBA)
		if w > 100 && (c.A < 120 || c.A > 136 || c.R < 180 || c.R > 200) {
			t.Errorf("%d × %d: three quarters along it is %+v", w, h, c)
		}
	}
	photo := d.whole("x.jpg", mediatest.Photo(1500, 1500))
	if photo.Preview != "image/jpeg" {
		t.Errorf("a photo is drawn as %s", photo.Preview)
	}
}

func TestLengths(t *testing.T) {
	d, _ := newDesk(t)
	ogg := append([]byte("OggS\x00\x02"), make([]byte, 22)...)
	ogg = append(ogg, "OpusHead\x01\x01\x38\x01"...)
	ogg = append(ogg, make([]byte, 50)...)
	last := []byte("OggS\x00\x04\x38\x77\x01\x00\x00\x00\x00\x00") // granule 96,056
	for name, try := range map[string]struct {
		data []byte
		want time.Duration
	}{
		"x.wav": {mediatest.WAV(3), 3 * time.Second},
		"x.ogg": {append(ogg, last...), 1995 * time.Millisecond},
		"x.mp3": {append([]byte("\xff\xfb\x90\x00"), make([]byte, 16000-4)...), time.Second}, // 128 kbit/s
		"y.mp3": {append([]byte("ID3\x04\x00\x00\x00\x00\x00\x0a0123456789\xff\xfb\x90\x00"), append(append(make([]byte, 32), "Xing\x00\x00\x00\x01\x00\x00\x01\x00"...), make([]byte, 900)...)...), 6687 * time.Millisecond},
		"x.txt": {[]byte("text"), 0},
	} {
		if a := d.whole(name, try.data); a.Duration != try.want {
			t.Errorf("%s (%s) plays %v, want %v", name, a.Type, a.Duration, try.want)
		}
	}
}

func TestWebmTracks(t *testing.T) {
	d, _ := newDesk(t)
	element := func(id string, data ...byte) []byte { return append(append([]byte(id), byte(0x80|len(data))), data...) }
	head := element("\x1a\x45\xdf\xa3", append([]byte("\x42\x82\x84"), "webm"...)...)
	file := func(types ...byte) []byte {
		var tracks []byte
		for _, k := range types {
			tracks = append(tracks, element("\xae", element("\x83", k)...)...)
		}
		info := element("\x15\x49\xa9\x66", element("\x44\x89", 0x45, 0x1c, 0x40, 0x00)...) // 2500.0 × 1 ms
		segment := append([]byte("\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"), info...)
		return append(append(bytes.Clone(head), segment...), element("\x16\x54\xae\x6b", tracks...)...)
	}
	if a := d.whole("x.webm", file(2)); a.Kind != media.Audio || a.Type != "audio/webm" || a.Duration != 2500*time.Millisecond {
		t.Errorf("sound alone: %+v", a)
	}
	if a := d.whole("x.webm", file(1, 2)); a.Kind != media.Video || a.Type != "video/webm" {
		t.Errorf("with a picture: %+v", a)
	}
}

func TestSweepTakesWhatNobodyTook(t *testing.T) {
	d, _ := newDesk(t)
	kept, old := d.whole("kept.png", mediatest.PNG(4, 4)), d.whole("old.png", mediatest.PNG(4, 4))
	half := d.begin("half", 10)
	_, err := d.Append(t.Context(), ws, d.me, half.ID, 0, []byte("01234"))
	d.ok(err)
	tx, commit := d.rows.Begin(ws)
	_, err = tx.Take(t.Context(), d.me, []media.ID{kept.ID}, media.Place{Conversation: "cnv_1", Seq: 1})
	d.ok(err)
	commit()
	if n, err := d.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("too early: %d, %v", n, err)
	}
	d.now = d.now.Add(media.Lifetime + time.Second)
	if n, err := d.Sweep(t.Context()); n != 2 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if got := d.files.Parts(); len(got) != 2 || !strings.Contains(got[0], string(kept.ID)) {
		t.Errorf("left: %v (%s is old)", got, old.ID)
	}
	if _, err := d.Append(t.Context(), ws, d.me, half.ID, 5, []byte("56789")); !errs.Is(err, errs.NotFound) {
		t.Errorf("going on with a swept one: %v", err)
	}
}

// late is a Ledger after whose answer something else happens.
type late struct {
	media.Ledger
	then func()
}

func (l late) Expired(ctx context.Context, now time.Time, limit int) ([]media.Ref, error) {
	out, err := l.Ledger.Expired(ctx, now, limit)
	l.then()
	return out, err
}

// A draft or a scheduled message takes a file in its last second: it must not
// lose it to a sweeper that has seen it expired.
func TestSweepLeavesWhatIsHeldMeanwhile(t *testing.T) {
	d, _ := newDesk(t)
	held, old := d.whole("held.png", mediatest.PNG(4, 4)), d.whole("old.png", mediatest.PNG(4, 4))
	d.now = d.now.Add(media.Lifetime + time.Second)
	d.Ledger = late{d.Ledger, sync.OnceFunc(func() {
		tx, commit := d.rows.Begin(ws)
		_, err := tx.Hold(t.Context(), d.me, []media.ID{held.ID}, d.now.Add(time.Hour))
		d.ok(err)
		commit()
	})}
	if n, err := d.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if _, err := d.Get(t.Context(), ws, d.me, held.ID); err != nil {
		t.Errorf("the held one: %v", err)
	}
	if _, err := d.Get(t.Context(), ws, d.me, old.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("the old one: %v", err)
	}
}

func TestReconcile(t *testing.T) {
	d, _ := newDesk(t)
	whole, cut, gone := d.whole("a.png", mediatest.PNG(4, 4)), d.whole("b", []byte("bytes")), d.whole("c.png", mediatest.PNG(4, 4))
	stray := d.whole("d.png", mediatest.PNG(4, 4))
	_, err := d.rows.Store().Discard(t.Context(), ws, stray.ID) // as if the process had stopped then
	d.ok(err)
	if a, err := d.Reconcile(t.Context()); err != nil || a.Orphans != 0 || len(a.Missing) != 0 {
		t.Errorf("within the grace: %+v, %v", a, err)
	}
	d.files.Cut(cut.ID, media.Original, 2)
	d.files.Lose(gone.ID, media.Drawing)
	d.now = d.now.Add(media.Grace + time.Minute)
	a, err := d.Reconcile(t.Context())
	if err != nil || a.Orphans != 1 || fmt.Sprint(a.Missing) != fmt.Sprint([]media.ID{min(cut.ID, gone.ID), max(cut.ID, gone.ID)}) {
		t.Errorf("found %+v, %v", a, err)
	}
	for _, p := range d.files.Parts() {
		if strings.Contains(p, string(stray.ID)) {
			t.Errorf("%s is still there", p)
		}
	}
	if len(d.files.Parts()) != 2+1+1 || len(d.open(whole, media.Original)) == 0 {
		t.Errorf("left: %v", d.files.Parts())
	}
}

func TestTicketsLastADay(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s := media.NewSigner(bytes.Repeat([]byte("s"), 32), func() time.Time { return now })
	const id = media.ID("att_01JD3X4Z5Y6W7V8T9S0R1Q2P3N")
	first := s.Ticket(id)
	for _, later := range []time.Duration{0, time.Hour, 23*time.Hour + 59*time.Minute} {
		if now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(later); s.Ticket(id) != first || s.Check(id, first) != nil {
			t.Errorf("after %v: %s, %v", later, s.Ticket(id), s.Check(id, first))
		}
	}
	now = time.Date(2026, 3, 2, 23, 59, 59, 0, time.UTC)
	if s.Ticket(id) == first || s.Check(id, first) != nil {
		t.Errorf("the next day: %v", s.Check(id, first))
	}
	now = now.Add(time.Second)
	if err := s.Check(id, first); errs.As(err).Code != "media.ticket_expired" {
		t.Errorf("the day after: %v", err)
	}
	other := media.NewSigner(bytes.Repeat([]byte("t"), 32), func() time.Time { return now })
	if err := other.Check(id, s.Ticket(id)); errs.As(err).Code != "media.ticket" {
		t.Errorf("another server's: %v", err)
	}
	if (media.Signer{}).Ticket(id) != "" || (media.Signer{}).Check(id, "") == nil {
		t.Error("a signer without a secret signs or accepts")
	}
}

func TestNoRoom(t *testing.T) {
	d, _ := newDesk(t)
	u := d.begin("x", 10)
	d.files.Room = 1 << 20
	_, err := d.Append(t.Context(), ws, d.me, u.ID, 0, []byte("0"))
	if e := errs.As(err); e.Code != "upload.no_space" || e.Kind != errs.Unavailable {
		t.Errorf("a piece: %v", err)
	}
	if _, err := d.Begin(t.Context(), ws, d.me, media.Announcement{Name: "x", Size: 1}, 0); errs.As(err).Code != "upload.no_space" {
		t.Errorf("a new one: %v", err)
	}
	d.files.Room = 1 << 40
	if u, err = d.Append(t.Context(), ws, d.me, u.ID, 0, []byte("0123456789")); err != nil || u.State != media.Ready {
		t.Errorf("with room: %+v, %v", u, err)
	}
}

// A request that ends while a picture is drawn leaves an upload to be finished.
func TestACancelledFinish(t *testing.T) {
	d, _ := newDesk(t)
	data := mediatest.Photo(800, 600)
	u := d.begin("x.jpg", len(data))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Append(ctx, ws, d.me, u.ID, 0, data); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got, err := d.Get(t.Context(), ws, d.me, u.ID); err != nil || got.State != media.Ready || got.Kind != media.Image {
		t.Errorf("then: %+v, %v", got, err)
	}
}
