package media_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/media"
)

// player makes twins, or does not.
type player struct {
	data  []byte
	err   error
	asked []media.Part
}

func (p *player) Transcode(_ context.Context, _ media.ID, part media.Part) ([]byte, error) {
	p.asked = append(p.asked, part)
	return p.data, p.err
}

const m4a = "\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00isomiso2"

func TestARecordingHasAPlayableTwin(t *testing.T) {
	amr := []byte("#!AMR\n" + strings.Repeat("\x3c"+strings.Repeat("a", 31), 5))
	for name, c := range map[string]struct {
		data    []byte
		of      media.Transcoder
		kind    media.Kind
		mime    string
		preview string
	}{
		"AMR":            {amr, &player{data: []byte(m4a)}, media.Audio, "audio/amr", "audio/mp4"},
		"AMR-WB":         {[]byte("#!AMR-WB\nx"), &player{data: []byte(m4a)}, media.Audio, "audio/amr-wb", "audio/mp4"},
		"SILK":           {[]byte("\x02#!SILK_V3x"), &player{err: errors.New("it knows no SILK")}, media.File, "audio/x-silk", ""},
		"no sound":       {amr, &player{data: []byte("<html>")}, media.File, "audio/amr", ""},
		"without ffmpeg": {amr, nil, media.File, "audio/amr", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := newDesk(t)
			d.Transcoder = c.of
			u, err := d.bring("voice.amr", c.data)
			d.ok(err)
			if u.Kind != c.kind || u.Type != c.mime || u.Preview != c.preview || media.Inline(u.Attachment) {
				t.Fatalf("%+v", u.Attachment)
			}
			whole, err := d.Open(d.Context(), u.ID, d.Signer.Ticket(u.ID), media.Original)
			d.ok(err)
			if whole.Size() != int64(len(c.data)) || whole.Type != media.Binary || whole.Inline {
				t.Errorf("the original is %+v", whole)
			}
			twin, err := d.Open(d.Context(), u.ID, d.Signer.Ticket(u.ID), media.Drawing)
			if c.preview == "" {
				if err == nil {
					t.Error("there is a twin")
				}
				return
			}
			d.ok(err)
			if twin.Size() != int64(len(m4a)) || twin.Type != "audio/mp4" || !twin.Inline {
				t.Errorf("the twin is %+v", twin)
			}
		})
	}
}

// A twin is made of what is known to be clean.
func TestATwinComesAfterTheScan(t *testing.T) {
	d, s, _ := scanning(t)
	p := &player{data: []byte(m4a)}
	d.Transcoder = p
	d.me = media.Uploader{Kind: media.ByPlugin, ID: "inb_01JZZZZZZZZZZZZZZZZZZZZZZZ"}
	u, err := d.bring("voice.amr", []byte("#!AMR\nx"))
	d.ok(err)
	if len(p.asked) > 0 || u.Kind != media.Audio || u.HasPreview() {
		t.Fatalf("%+v, made of %v", u.Attachment, p.asked)
	}
	e, err := d.rows.Store().Claim(d.Context(), d.now, d.now.Add(time.Minute), nil)
	d.ok(err)
	s.finds = "Eicar"
	if a, err := d.Scan(d.Context(), e.Attachment); err != nil || a.HasPreview() || len(p.asked) > 0 {
		t.Errorf("%+v, %v", a, err)
	}
	s.finds = ""
	if a, err := d.Scan(d.Context(), e.Attachment); err != nil || a.Preview != "audio/mp4" || a.Kind != media.Audio || len(p.asked) != 1 || p.asked[0] != media.Original {
		t.Errorf("%+v, %v, made of %v", a, err, p.asked)
	}
}
