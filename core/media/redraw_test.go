package media_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
)

func TestRedrawReturnsWhatIsSeenAlone(t *testing.T) {
	s := media.NewService(media.Deps{Limits: media.Limits{Pixels: 100_000, DecodeMemory: 64 << 20}})
	var shot, moving bytes.Buffer
	if err := png.Encode(&shot, image.NewNRGBA(image.Rect(0, 0, 40, 20))); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&moving, image.NewPaletted(image.Rect(0, 0, 1, 1), []color.Color{color.White}), nil); err != nil {
		t.Fatal(err)
	}
	stowaway := append(bytes.Clone(shot.Bytes()), "<script>alert(1)</script>"...)
	for name, data := range map[string][]byte{"a picture": shot.Bytes(), "one with a stowaway": stowaway} {
		got, err := s.Redraw(t.Context(), data)
		if err != nil || got.Width != 40 || got.Height != 20 || got.Type != "image/png" || bytes.Contains(got.Data, []byte("script")) || media.Sniff(got.Data) != got.Type {
			t.Errorf("%s: %d x %d %s, %v", name, got.Width, got.Height, got.Type, err)
		}
	}
	if got, err := s.Redraw(t.Context(), moving.Bytes()); err != nil || got.Width != 1 {
		t.Errorf("a GIF: %+v, %v", got, err)
	}
	var large bytes.Buffer
	if err := png.Encode(&large, image.NewNRGBA(image.Rect(0, 0, 400, 400))); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "a page": []byte("<html><script>alert(1)</script>"), "a drawing": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`),
		"half a picture": shot.Bytes()[:30], "too many pixels": large.Bytes(), "sound": []byte("RIFF\x00\x00\x00\x00WAVEfmt "),
	} {
		if got, err := s.Redraw(t.Context(), data); errs.As(err) == nil || errs.As(err).Code != "picture.none" || got.Data != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
