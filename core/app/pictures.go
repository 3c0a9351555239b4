package app

import (
	"context"
	"sync"

	"github.com/patchbay-im/patchbay/core/lru"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/outbound"
)

// Bounds of what is kept of pictures elsewhere: 64 MB at most.
const (
	keptPictures = 256
	keptPicture  = 256 << 10 // bytes; a larger one is loaded again
)

// pictures loads pictures that messages show from elsewhere, and keeps the last,
// so that the far side does not learn how often a message is read. It implements
// httpapi.Pictures.
type pictures struct {
	gallery *outbound.Gallery
	media   *media.Service

	mu   sync.Mutex
	kept *lru.Map[string, media.Drawn]
}

func newPictures(out *outbound.Client, files *media.Service) *pictures {
	return &pictures{gallery: outbound.NewGallery(out), media: files, kept: lru.New[string, media.Drawn](keptPictures)}
}

// Picture implements httpapi.Pictures.
func (p *pictures) Picture(ctx context.Context, address string) (media.Drawn, error) {
	p.mu.Lock()
	known, ok := p.kept.Get(address)
	p.mu.Unlock()
	if ok {
		return known, nil
	}
	data, err := p.gallery.Load(ctx, address)
	if err != nil {
		return media.Drawn{}, err //nolint:wrapcheck // the client's own sentence
	}
	drawn, err := p.media.Redraw(ctx, data)
	if err != nil {
		return media.Drawn{}, err //nolint:wrapcheck // the use case's own error
	}
	if len(drawn.Data) <= keptPicture {
		p.mu.Lock()
		p.kept.Put(address, drawn)
		p.mu.Unlock()
	}
	return drawn, nil
}
