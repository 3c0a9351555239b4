package media

import (
	"bytes"
	"context"
	"errors"
)

// Sounds that no browser plays.
const (
	typeAMR   = "audio/amr"
	typeAMRWB = "audio/amr-wb"
	typeSILK  = "audio/x-silk"
)

// Transcoder makes of a sound that browsers do not play one that they play.
type Transcoder interface {
	// Transcode returns AAC in MP4 (audio/mp4) of a part of an attachment. An
	// error says why there is none: what it is given may be damaged, or of a kind
	// that it does not know.
	Transcode(ctx context.Context, id ID, p Part) ([]byte, error)
}

// unplayed reports whether a twin can make a sound playable.
func unplayed(mime string) bool { return mime == typeAMR || mime == typeAMRWB || mime == typeSILK }

// twin makes the playable twin of a recording, which is kept as its preview.
// Without one the recording is a file to download.
func (s *Service) twin(ctx context.Context, a *Attachment, p Part) error {
	if !unplayed(a.Type) || s.Transcoder == nil {
		return nil
	}
	data, err := s.Transcoder.Transcode(ctx, a.ID, p)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && Sniff(data) != typeM4A && Sniff(data) != typeMP4 {
		err = errors.New("what came of it is no audio/mp4")
	}
	if err != nil {
		s.Log.InfoContext(ctx, "a recording cannot be played and is kept as a file", "attachment", a.ID, "type", a.Type, "reason", err)
		s.Count("not_played", 1, 0)
		a.Kind, a.Preview = File, ""
		return nil
	}
	if err := s.Files.Draw(a.ID, data); err != nil {
		return err
	}
	a.Kind, a.Preview, a.Duration = Audio, typeM4A, lengthOf(bytes.NewReader(data), int64(len(data)), typeM4A)
	s.Count("transcoded", 1, int64(len(data)))
	return nil
}
