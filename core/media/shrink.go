package media

import (
	"image"
	stddraw "image/draw"

	"golang.org/x/image/draw"
)

// previewSide is the longest side of a preview, in pixels.
const previewSide = 1280

// shrink draws an image anew, so that its longest side is previewSide at most.
// Beside the result it needs memory for a few rows of the image only.
func shrink(img image.Image) *image.RGBA {
	b := img.Bounds()
	long := max(b.Dx(), b.Dy())
	if k := long / previewSide; k > 1 {
		img = average(img, k)
		b = img.Bounds()
		long = max(b.Dx(), b.Dy())
	}
	w, h := b.Dx(), b.Dy()
	if long > previewSide {
		w, h = max(1, w*previewSide/long), max(1, h*previewSide/long)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if w == b.Dx() && h == b.Dy() {
		stddraw.Draw(out, out.Bounds(), img, b.Min, stddraw.Src)
	} else {
		draw.ApproxBiLinear.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	}
	return out
}

// average makes one pixel of each square of k × k.
func average(img image.Image, k int) *image.RGBA {
	b := img.Bounds()
	w, h := max(1, b.Dx()/k), max(1, b.Dy()/k)
	kx, ky := min(k, b.Dx()), min(k, b.Dy())
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	strip := image.NewRGBA(image.Rect(0, 0, w*kx, ky))
	for y := range h {
		stddraw.Draw(strip, strip.Bounds(), img, image.Pt(b.Min.X, b.Min.Y+y*ky), stddraw.Src)
		for x := range w {
			var sum [4]int
			for row := range ky {
				at := row*strip.Stride + x*kx*4
				for i, v := range strip.Pix[at : at+kx*4] {
					sum[i%4] += int(v)
				}
			}
			for i := range sum {
				out.Pix[y*out.Stride+x*4+i] = uint8(sum[i] / (kx * ky)) //nolint:gosec // a mean of bytes
			}
		}
	}
	return out
}

// upright turns an image as its orientation says.
func upright(img *image.RGBA, o orientation) *image.RGBA {
	if o <= 1 || o > 8 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	ow, oh := w, h
	if o.swaps() {
		ow, oh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range h {
		for x := range w {
			tx, ty := turned(o, x, y, w, h)
			copy(out.Pix[ty*out.Stride+tx*4:][:4], img.Pix[y*img.Stride+x*4:][:4])
		}
	}
	return out
}

// turned returns where a pixel of a w × h image goes.
func turned(o orientation, x, y, w, h int) (tx, ty int) {
	switch o {
	case 2: // mirrored
		return w - 1 - x, y
	case 3: // upside down
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5: // mirrored, then on its side
		return y, x
	case 6: // the camera was turned left: turn it right
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	default:
		return x, y
	}
}
