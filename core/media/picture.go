package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime/debug"

	"golang.org/x/image/webp"
	"golang.org/x/sync/semaphore"
)

// Bounds of pictures beside those of Limits.
const (
	maxFrames = 2000 // of an animation
	maxScans  = 100  // of a progressive JPEG: each one goes over the whole picture
	// A decoding of this many bytes gives its memory back at once.
	largeDecode = 32 << 20
)

// errNotDrawn tells that a file is not an image for us: broken, or beyond the
// limits. It is kept as a file then.
var errNotDrawn = errors.New("not drawn")

func notDrawn(why string) error { return fmt.Errorf("%w: %s", errNotDrawn, why) }

// picture is an image that was decoded.
type picture struct {
	width, height int // as it is shown
	preview       []byte
	previewType   string
}

// studio decodes images, as many at a time as there is memory for.
type studio struct {
	pixels int64
	memory int64
	room   *semaphore.Weighted
}

func newStudio(l Limits) *studio {
	return &studio{pixels: l.Pixels, memory: l.DecodeMemory, room: semaphore.NewWeighted(l.DecodeMemory)}
}

// sketch is what the header of an image says, before anything is decoded.
type sketch struct {
	width, height int   // of the largest picture in the file
	cost          int64 // bytes that decoding takes
}

// draw decodes an image and draws its preview. Before that it reads the
// dimensions, the number of frames and of scans from the structure of the
// file, and refuses what is beyond the limits. The error is errNotDrawn, or
// that of ctx.
func (s *studio) draw(ctx context.Context, f io.ReaderAt, size int64, mime string) (picture, error) {
	k, err := sketchOf(f, size, mime)
	if err != nil {
		return picture{}, err
	}
	if k.width < 1 || k.height < 1 || int64(k.width) > s.pixels || int64(k.height) > s.pixels || int64(k.width)*int64(k.height) > s.pixels {
		return picture{}, notDrawn("too many pixels")
	}
	if k.cost > s.memory {
		return picture{}, notDrawn("takes too much memory")
	}
	if err := s.room.Acquire(ctx, k.cost); err != nil {
		return picture{}, err
	}
	defer s.room.Release(k.cost)
	if k.cost > largeDecode {
		// The collector would keep this much again before it looks.
		defer debug.FreeOSMemory()
	}
	p, err := s.render(ctx, f, size, mime)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return p, err
}

// render decodes, turns and encodes. A decoder that panics has met a file that
// is no image for us.
func (s *studio) render(ctx context.Context, f io.ReaderAt, size int64, mime string) (p picture, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = picture{}, notDrawn("the decoder gave up")
		}
	}()
	img, err := decode(reader{ctx, io.NewSectionReader(f, 0, size)}, mime)
	if err != nil {
		return picture{}, notDrawn(err.Error())
	}
	b := img.Bounds()
	if b.Dx() < 1 || b.Dy() < 1 || int64(b.Dx())*int64(b.Dy()) > s.pixels {
		return picture{}, notDrawn("its header lies about its size")
	}
	o := orientationOf(f, mime)
	p.width, p.height = b.Dx(), b.Dy()
	if o.swaps() {
		p.width, p.height = p.height, p.width
	}
	small := upright(shrink(img), o)
	p.preview, p.previewType, err = encode(small, mime)
	if err != nil {
		return picture{}, notDrawn(err.Error())
	}
	return p, nil
}

// reader ends a decoding whose request is over.
type reader struct {
	ctx context.Context //nolint:containedctx // io.Reader has no room for it
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func decode(r io.Reader, mime string) (image.Image, error) {
	switch mime {
	case typePNG:
		return png.Decode(r)
	case typeJPEG:
		return jpeg.Decode(r)
	case typeGIF:
		return gif.Decode(r) // its first frame
	case typeWebP:
		return webp.Decode(r)
	default:
		return nil, notDrawn("no image type")
	}
}

// Previews are JPEG, but PNG where something shines through, and where a
// drawing stays small without loss.
const (
	previewQuality = 84
	smallPNG       = 256 << 10 // bytes
)

func encode(img *image.RGBA, from string) ([]byte, string, error) {
	var out bytes.Buffer
	opaque := img.Opaque()
	if !opaque || from == typePNG || from == typeGIF {
		if err := png.Encode(&out, img); err != nil {
			return nil, "", err
		}
		if !opaque || out.Len() <= smallPNG {
			return out.Bytes(), typePNG, nil
		}
		out.Reset()
	}
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: previewQuality}); err != nil {
		return nil, "", err
	}
	return out.Bytes(), typeJPEG, nil
}
