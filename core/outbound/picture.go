package outbound

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Bounds of one picture.
const (
	maxPicture    = 5 << 20 // bytes
	pictureWithin = 10 * time.Second
)

// Gallery loads pictures that messages show from elsewhere. It tells the far side
// an address of ours and nothing else: no cookies, no page, nobody's name.
//
// Concurrency: safe for concurrent use.
type Gallery struct{ http *http.Client }

// NewGallery returns a Gallery.
func NewGallery(c *Client) *Gallery { return &Gallery{http: c.HTTP(Pictures)} }

// Load returns the bytes at an address, whatever they are. The error is
// picture.unreachable (errs.Unavailable) when the address is refused, or what is
// there does not answer, answers with no success, or with more than 5 MB.
func (g *Gallery) Load(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pictureWithin)
	defer cancel()
	data, err := g.load(ctx, address)
	if rest, plain := strings.CutPrefix(address, "http://"); plain && errors.Is(err, ErrRefused) { // plain http is for allowed networks alone
		if over, err := g.load(ctx, "https://"+rest); err == nil {
			return over, nil
		}
	}
	return data, err
}

func (g *Gallery) load(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, unreachable(err)
	}
	r.Header.Set("Accept", "image/png, image/jpeg, image/gif, image/webp")
	answer, err := g.http.Do(r)
	if err != nil {
		return nil, unreachable(err)
	}
	defer func() { _ = answer.Body.Close() }() // what was read is judged
	if answer.StatusCode != http.StatusOK {
		return nil, unreachable(nil)
	}
	data, whole, err := Read(answer.Body, maxPicture)
	if err != nil || !whole {
		return nil, unreachable(err)
	}
	return data, nil
}

func unreachable(cause error) error {
	const sentence = "The picture could not be loaded from where it is."
	if cause == nil {
		return errs.New(errs.Unavailable, "picture.unreachable", sentence)
	}
	return errs.Wrap(cause, errs.Unavailable, "picture.unreachable", sentence)
}
