package mailbox

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"
)

// seen are the UIDLs that were handled and that the server still has: 8 bytes of
// a hash each, in pages of pageSize. A page that is full is written once; the
// last one with each mail. What the server has no more goes when it is a page's
// worth.
type seen struct {
	cursors Cursors
	in      map[digest]bool
	order   []digest
	pages   int // that are kept
	full    int // of them, up to date

	suspect digest // of the mail that a session handled first
	times   byte
}

const (
	pageSize   = 1000
	digestSize = 8
	seenHead   = "pop3/seen"
)

func newSeen(c Cursors) *seen { return &seen{cursors: c, in: make(map[digest]bool)} }

func hash(uidl string) digest {
	sum := sha256.Sum256([]byte(uidl))
	return digest(sum[:digestSize])
}

func (s *seen) has(uidl string) bool { return s.in[hash(uidl)] }

func (s *seen) put(uidl string) {
	d := hash(uidl)
	if !s.in[d] {
		s.in[d] = true
		s.order = append(s.order, d)
	}
}

func pageKey(i int) string { return "pop3/seen/" + strconv.Itoa(i) }

// loadSeen reads what was seen; nil when nothing was kept ever.
func loadSeen(ctx context.Context, c Cursors, listed []popMail) (*seen, error) {
	head, err := c.Load(ctx, seenHead)
	if err != nil || len(head) != 4+digestSize+1 {
		return nil, kept(err)
	}
	s := newSeen(c)
	s.pages = int(binary.BigEndian.Uint32(head))
	s.suspect, s.times = digest(head[4:]), head[4+digestSize]
	here := make(map[digest]bool, len(listed))
	for _, m := range listed {
		here[hash(m.uidl)] = true
	}
	gone := 0
	for i := range s.pages {
		page, err := c.Load(ctx, pageKey(i))
		if err != nil {
			return nil, kept(err)
		}
		for ; len(page) >= digestSize; page = page[digestSize:] {
			d := digest(page[:digestSize])
			if !here[d] {
				gone++
			}
			s.in[d] = true
			s.order = append(s.order, d)
		}
	}
	s.full = len(s.order) / pageSize
	if gone < pageSize {
		return s, nil
	}
	return s, s.forget(ctx, here)
}

// forget drops what the server has no more.
func (s *seen) forget(ctx context.Context, here map[digest]bool) error {
	var order []digest
	for _, d := range s.order {
		if here[d] {
			order = append(order, d)
		} else {
			delete(s.in, d)
		}
	}
	s.order = order
	return s.saveAll(ctx)
}

// saveAll writes all pages.
func (s *seen) saveAll(ctx context.Context) error {
	s.full = 0
	return s.save(ctx)
}

// save writes the pages that are not full yet, or new.
func (s *seen) save(ctx context.Context) error {
	pages := (len(s.order) + pageSize - 1) / pageSize
	for i := s.full; i < pages; i++ {
		part := s.order[i*pageSize : min((i+1)*pageSize, len(s.order))]
		page := make([]byte, 0, len(part)*digestSize)
		for _, d := range part {
			page = append(page, d[:]...)
		}
		if err := kept(s.cursors.Save(ctx, pageKey(i), page)); err != nil {
			return err
		}
	}
	before, was := s.pages, s.times
	s.pages, s.full, s.times = pages, len(s.order)/pageSize, 0
	if before == pages && was == 0 && pages > 0 {
		return nil
	}
	if err := s.saveHead(ctx); err != nil {
		return err
	}
	for i := pages; i < before; i++ {
		if err := kept(s.cursors.Save(ctx, pageKey(i), nil)); err != nil {
			return err
		}
	}
	return nil
}

func (s *seen) saveHead(ctx context.Context) error {
	head := binary.BigEndian.AppendUint32(nil, uint32(s.pages)) //nolint:gosec // G115: at most maxListed/pageSize
	head = append(append(head, s.suspect[:]...), s.times)
	return kept(s.cursors.Save(ctx, seenHead, head))
}

// begin is folder.begin for POP3.
func (s *seen) begin(ctx context.Context, d *delivery, uidl string) (ended int, err error) {
	if d.begun {
		return 0, nil
	}
	d.begun = true
	h := hash(uidl)
	if s.suspect == h {
		ended = int(s.times)
	}
	s.suspect, s.times = h, byte(min(ended+1, 255))
	return ended, s.saveHead(ctx)
}

// survived is folder.survived for POP3.
func (s *seen) survived(ctx context.Context) error {
	if s.times == 0 {
		return nil
	}
	s.times = 0
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return s.saveHead(ctx)
}
