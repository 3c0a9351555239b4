package media

import (
	"bytes"
	"context"
	"errors"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Drawn is a picture as it was drawn anew here.
type Drawn struct {
	Data          []byte
	Type          string // image/png or image/jpeg
	Width, Height int    // of the original, as it is shown
}

// Redraw draws a picture of strangers anew, within the bounds of every picture:
// what is returned is ours, and holds nothing of the original but what is seen.
// It is picture.none (errs.Invalid) when the bytes are no picture, or one that is
// beyond the limits.
func (s *Service) Redraw(ctx context.Context, data []byte) (Drawn, error) {
	mime := Sniff(data)
	if kindOf(mime) != Image {
		return Drawn{}, errNoPicture()
	}
	p, err := s.studio.draw(ctx, bytes.NewReader(data), int64(len(data)), mime)
	if errors.Is(err, errNotDrawn) {
		return Drawn{}, errNoPicture()
	}
	return Drawn{Data: p.preview, Type: p.previewType, Width: p.width, Height: p.height}, err
}

func errNoPicture() error {
	return errs.New(errs.Invalid, "picture.none", "This is no picture, or one that is too large.")
}
