package main

import (
	"context"
	"fmt"
	"os"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// sendFile uploads a file as what it is; what Telegram does not take as such goes
// as a document.
func (a *account) sendFile(ctx context.Context, chat any, p part, reply *models.ReplyParameters) (*models.Message, error) {
	if p.file.Size > api.MaxUpload {
		return nil, tooLarge()
	}
	path, err := a.download(ctx, *p.file)
	if err != nil {
		return nil, notSent(err)
	}
	defer os.Remove(path) //nolint:errcheck // the folder is emptied by the core
	how := kindOf(*p.file)
	m, err := a.upload(ctx, chat, how, p, path, reply)
	if how != document && errs.As(err) != nil && errs.As(err).Code == api.CodeFileRefused {
		m, err = a.upload(ctx, chat, document, p, path, reply)
	}
	return m, err
}

func tooLarge() error {
	return errs.Reject(api.CodeTooLarge, fmt.Sprintf("The file has more than the %d MB that Telegram takes. Send a link to it.", api.MaxUpload>>20))
}

// notSent is an error of the core's: Telegram was not asked.
func notSent(err error) error {
	e := errs.As(err)
	switch {
	case e.Code == host.CodeAbsent || e.Code == host.CodeNotFound:
		return errs.Reject(api.CodeFileGone, "A file of the message is not there any more.").WithCause(err)
	case e.Source == errs.FarSide:
		return api.NotAsked(e)
	}
	return err
}

// download puts a file of the core's beside the program, and returns its path: it
// may be too large to be held in memory, several at once.
func (a *account) download(ctx context.Context, of message.Attachment) (path string, err error) {
	f, err := os.CreateTemp(a.env.DataDir, "upload-*")
	if err != nil {
		return "", errs.Unavailable(err, "There is no room for the file on this server.")
	}
	_, err = a.env.Blobs(a.in.ID).Download(ctx, of.BlobID, f)
	if closed := f.Close(); err == nil && closed != nil {
		err = errs.Unavailable(closed, "There is no room for the file on this server.")
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the folder is emptied by the core
	}
	return f.Name(), err
}

// upload makes the call for a file, which is opened for it alone: the library may
// still read when the server has answered.
func (a *account) upload(ctx context.Context, chat any, how kind, p part, path string, reply *models.ReplyParameters) (*models.Message, error) {
	f, err := os.Open(path) //nolint:gosec // G304: download made it
	if err != nil {
		return nil, api.NotAsked(errs.Unavailable(err, "The file cannot be read on this server."))
	}
	defer f.Close() //nolint:errcheck // it was read
	in := &models.InputFileUpload{Filename: safeName(p.file.Filename), Data: f}
	switch how {
	case photo:
		return a.api.SendPhoto(ctx, &bot.SendPhotoParams{ChatID: chat, Photo: in, Caption: p.text, CaptionEntities: p.named, ReplyParameters: reply})
	case animation:
		return a.api.SendAnimation(ctx, &bot.SendAnimationParams{ChatID: chat, Animation: in, Caption: p.text, CaptionEntities: p.named, ReplyParameters: reply})
	case video:
		return a.api.SendVideo(ctx, &bot.SendVideoParams{ChatID: chat, Video: in, Caption: p.text, CaptionEntities: p.named, ReplyParameters: reply})
	case audio:
		return a.api.SendAudio(ctx, &bot.SendAudioParams{ChatID: chat, Audio: in, Caption: p.text, CaptionEntities: p.named, ReplyParameters: reply})
	case voice:
		return a.api.SendVoice(ctx, &bot.SendVoiceParams{ChatID: chat, Voice: in, Caption: p.text, CaptionEntities: p.named, ReplyParameters: reply})
	case document:
	}
	return a.api.SendDocument(ctx, &bot.SendDocumentParams{ChatID: chat, Document: in, Caption: p.text, CaptionEntities: p.named, ReplyParameters: reply})
}

func instanceDown(e *errs.Error) instance.Health {
	return instance.Health{State: instance.Down, Code: e.Code, Detail: e.Detail}
}
