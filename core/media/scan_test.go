package media_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
)

// scanner finds what it is told to find, and answers only while it is well.
type scanner struct {
	finds  string
	broken error
	asked  []media.Part
}

func (s *scanner) Scan(_ context.Context, _ media.ID, p media.Part) (media.Verdict, error) {
	s.asked = append(s.asked, p)
	return media.Verdict{Infected: s.finds != "", Finding: s.finds}, s.broken
}

func scanning(t *testing.T) (*desk, *scanner, *error) {
	t.Helper()
	d, finish := newDesk(t)
	s := &scanner{}
	d.Scanner = s
	return d, s, finish
}

// Who waits for an answer is told at once, and nothing infected stays.
func TestAnUploadIsScanned(t *testing.T) {
	d, s, finish := scanning(t)
	for _, who := range []media.Uploader{{Kind: media.ByMember, ID: "mem_1"}, {Kind: media.ByVisitor, ID: "vis_1"}, {Kind: media.ByPlugin, ID: "con_01JZZZZZZZZZZZZZZZZZZZZZZZ"}} {
		d.me = who
		s.finds, s.asked = "", nil
		u, err := d.bring("a.txt", []byte("plain text"))
		d.ok(err)
		if u.State != media.Ready || u.Arrival != media.Here || !slices.Equal(s.asked, []media.Part{media.Incoming}) {
			t.Errorf("%+v, scanned %v", u, s.asked)
		}
		before := len(d.files.Parts())
		s.finds = "Eicar"
		_, err = d.bring("b.txt", []byte("bad"))
		if e := errs.As(err); e.Kind != errs.Invalid || e.Code != "upload.infected" || strings.Contains(e.Message, "Eicar") {
			t.Fatalf("an infected file: %v", err)
		}
		if now := len(d.files.Parts()); now != before {
			t.Errorf("%d files of an infected upload stay", now-before)
		}
	}

	s.finds, s.broken = "", errors.New("no daemon")
	u := d.begin("c.txt", 3)
	_, err := d.Append(d.Context(), ws, d.me, u.ID, 0, []byte("abc"))
	if e := errs.As(err); e.Kind != errs.Unavailable || e.Code != "upload.not_scanned" || e.RetryAfter == 0 {
		t.Fatalf("without a verdict: %v", err)
	}
	s.broken = nil
	*finish = errStopped
	if _, err = d.Append(d.Context(), ws, d.me, u.ID, 3, nil); !errors.Is(err, errStopped) {
		t.Fatal(err)
	}
	*finish, s.asked = nil, nil // interrupted when the file was in its place already
	if u, err = d.Append(d.Context(), ws, d.me, u.ID, 3, nil); err != nil || u.State != media.Ready || !slices.Equal(s.asked, []media.Part{media.Original}) {
		t.Errorf("%+v, %v, scanned %v", u, err, s.asked)
	}
}

// What a channel brings is taken at once and shown to nobody until it is clean.
func TestAFileOfAChannelIsScannedLater(t *testing.T) {
	d, s, _ := scanning(t)
	d.me = media.Uploader{Kind: media.ByPlugin, ID: "inb_01JZZZZZZZZZZZZZZZZZZZZZZZ"}
	u, err := d.bring("a.txt", []byte("plain text"))
	d.ok(err)
	if u.State != media.Ready || u.Arrival != media.Scanning || len(s.asked) > 0 {
		t.Fatalf("%+v, scanned %v", u, s.asked)
	}
	if _, err := d.Open(d.Context(), u.ID, d.Signer.Ticket(u.ID), media.Original); errs.As(err).Code != "media.scanning" {
		t.Errorf("opened: %v", err)
	}
	rows := d.rows.Store()
	e, err := rows.Claim(d.Context(), d.now, d.now.Add(time.Minute), nil)
	d.ok(err)
	if e == nil || e.ID != u.ID || !e.GiveUpAt.Equal(d.now.Add(media.ScanFor)) {
		t.Fatalf("to scan: %+v", e)
	}
	s.broken = errors.New("no daemon")
	if a, err := d.Scan(d.Context(), e.Attachment); errs.As(err).Code != media.CodeNotScanned || a != e.Attachment {
		t.Errorf("%+v, %v", a, err)
	}
	s.broken = nil
	if a, err := d.Scan(d.Context(), e.Attachment); err != nil || a.Arrival != media.Here || a.Trouble != (media.Trouble{}) {
		t.Errorf("%+v, %v", a, err)
	}
	s.finds = "Eicar"
	a, err := d.Scan(d.Context(), e.Attachment)
	if err != nil || a.Arrival != media.Infected || a.Trouble != (media.Trouble{Code: media.CodeInfected, Detail: "Eicar"}) {
		t.Fatalf("%+v, %v", a, err)
	}
	d.Scanner = nil // it was turned off
	if a, err := d.Scan(d.Context(), e.Attachment); err != nil || a.Arrival != media.Here {
		t.Errorf("%+v, %v", a, err)
	}
	d.files.Lose(u.ID, media.Original)
	if _, err := d.Scan(d.Context(), e.Attachment); !errs.Is(err, errs.NotFound) {
		t.Errorf("lost: %v", err)
	}
}
