package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/plugins/telegram/update"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// recipient is a chat as the API takes it: its number as it is now. What is no
// number is Telegram's to refuse.
func (a *account) recipient(ctx context.Context, person string) (any, error) {
	chat, err := strconv.ParseInt(person, 10, 64)
	if err != nil {
		return person, nil //nolint:nilerr // a name
	}
	return a.moves.current(ctx, chat)
}

// send sends a message, each of its parts once however often it is tried.
func (a *account) send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	all := parts(req.Content)
	var ids []string
	for i, p := range all {
		key := fmt.Sprintf("send/%s/%d", req.DeliveryID, i)
		id, err := a.ledger.do(ctx, key, req.Suspect, func(ctx context.Context) (string, error) {
			answering := ""
			if i == 0 {
				answering = req.ReplyTo
			}
			return a.sendPart(ctx, req.Recipient, p, answering)
		})
		if err != nil {
			return channel.SendResponse{}, a.noted(ctx, err)
		}
		ids = append(ids, id)
	}
	if err := a.remember(ctx, ids, all); err != nil {
		return channel.SendResponse{}, err
	}
	return channel.SendResponse{MessageID: ids[0]}, nil
}

// noted returns an error of the far side, after it was taken for the bot's health.
func (a *account) noted(ctx context.Context, err error) error {
	if e := errs.As(err); e.Code == errs.CodeAuthExpired {
		a.report(ctx, instanceDown(e))
	}
	return err
}

// sendPart sends one message and returns its id. To a group that has moved it
// goes where the group is now.
func (a *account) sendPart(ctx context.Context, person string, p part, answering string) (string, error) {
	chat, err := a.recipient(ctx, person)
	if err != nil {
		return "", err
	}
	m, err := a.deliver(ctx, chat, p, answering)
	if to := api.AnswerOf(err); to != nil && to.MigratedTo != 0 {
		from, _ := chat.(int64)
		if err := a.moves.add(ctx, from, to.MigratedTo); err != nil {
			return "", err
		}
		m, err = a.deliver(ctx, to.MigratedTo, p, "") // message numbers are others there
	}
	if err != nil {
		return "", api.Known(err)
	}
	return update.ID(m.Chat.ID, m.ID), nil
}

// deliver makes the call for a part.
func (a *account) deliver(ctx context.Context, chat any, p part, answering string) (*models.Message, error) {
	reply := replyTo(chat, answering)
	switch {
	case p.file != nil:
		return a.sendFile(ctx, chat, p, reply)
	case p.place != nil && p.place.Name != "":
		return a.api.SendVenue(ctx, &bot.SendVenueParams{
			ChatID: chat, Latitude: p.place.Latitude, Longitude: p.place.Longitude, Title: p.place.Name, Address: p.place.Address, ReplyParameters: reply,
		})
	case p.place != nil:
		return a.api.SendLocation(ctx, &bot.SendLocationParams{
			ChatID: chat, Latitude: p.place.Latitude, Longitude: p.place.Longitude, ReplyParameters: reply,
		})
	default:
		return a.api.SendMessage(ctx, &bot.SendMessageParams{ChatID: chat, Text: p.text, Entities: p.named, ReplyParameters: reply})
	}
}

// replyTo quotes a message of the same chat, if it is still there.
func replyTo(chat any, id string) *models.ReplyParameters {
	of, number, ok := update.ParseID(id)
	if here, isNumber := chat.(int64); !ok || !isNumber || of != here {
		return nil
	}
	return &models.ReplyParameters{MessageID: number, AllowSendingWithoutReply: true}
}

// sent is what is kept of a message that is several at Telegram.
type sent struct {
	Others []string `json:"others"` // ids of all but the first
	Texts  int      `json:"texts"`  // how many of all are its text
}

// rememberFor is longer than Telegram lets a message be taken back.
const rememberFor = 3 * 24 * time.Hour

func partsKey(id string) string { return "parts/" + id }

// remember keeps which messages belong together.
func (a *account) remember(ctx context.Context, ids []string, all []part) error {
	if len(ids) < 2 {
		return nil
	}
	s := sent{Others: ids[1:]}
	for _, p := range all {
		if p.file == nil && p.place == nil {
			s.Texts++
		}
	}
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = a.env.State(a.in.ID).Put(ctx, host.PutRequest{Key: partsKey(ids[0]), Value: value, TTL: rememberFor})
	return err
}

func (a *account) remembered(ctx context.Context, id string) (s sent, err error) {
	kept, err := a.env.State(a.in.ID).Get(ctx, partsKey(id))
	if err == nil && kept != nil {
		err = json.Unmarshal(kept.Value, &s)
	}
	return s, err
}

// target is the message that an edit or a recall is about.
func target(req channel.SendRequest) (chat int64, number int, err error) {
	chat, number, ok := update.ParseID(req.Target)
	if !ok {
		return 0, 0, errs.Reject(api.CodeGone, "Telegram never had this message.")
	}
	return chat, number, nil
}

// edit changes the text of a message, or the caption of a file; its files stay.
// The same edit twice is one, so it may be tried again.
func (a *account) edit(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	chat, number, err := target(req)
	if err != nil {
		return channel.SendResponse{}, err
	}
	s, err := a.remembered(ctx, req.Target)
	switch {
	case err != nil:
		return channel.SendResponse{}, err
	case s.Texts > 1:
		return channel.SendResponse{}, errs.Reject("several_parts", "The text was sent as several messages and cannot be changed. Take it back, and write it again.")
	case units(req.Content.Text) > api.MaxText:
		return channel.SendResponse{}, errs.Reject(api.CodeTooLong, "The text is too long for one message of Telegram.")
	}
	text, names := req.Content.Text, named(req.Content, 0, len(req.Content.Text))
	_, err = a.api.EditMessageText(ctx, &bot.EditMessageTextParams{ChatID: chat, MessageID: number, Text: text, Entities: names})
	if api.AnswerOf(err).Says("no text in the message") {
		_, err = a.api.EditMessageCaption(ctx, &bot.EditMessageCaptionParams{ChatID: chat, MessageID: number, Caption: text, CaptionEntities: names})
	}
	if err != nil && !api.AnswerOf(err).Says("message is not modified") {
		return channel.SendResponse{}, a.noted(ctx, api.Known(err))
	}
	return channel.SendResponse{MessageID: req.Target}, nil
}

// recall takes back all messages that one was sent as.
func (a *account) recall(ctx context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	if _, _, err := target(req); err != nil {
		return channel.SendResponse{}, err
	}
	s, err := a.remembered(ctx, req.Target)
	if err != nil {
		return channel.SendResponse{}, err
	}
	for _, id := range append([]string{req.Target}, s.Others...) {
		chat, number, _ := update.ParseID(id)
		_, err := a.api.DeleteMessage(ctx, &bot.DeleteMessageParams{ChatID: chat, MessageID: number})
		if err = api.Known(err); err != nil && errs.As(err).Code != api.CodeGone { // what is gone is taken back
			return channel.SendResponse{}, a.noted(ctx, err)
		}
	}
	return channel.SendResponse{MessageID: req.Target}, nil
}

// typing shows that somebody writes, for five seconds.
func (a *account) typing(ctx context.Context, person string) error {
	chat, err := a.recipient(ctx, person)
	if err != nil {
		return err
	}
	_, err = a.api.SendChatAction(ctx, &bot.SendChatActionParams{ChatID: chat, Action: models.ChatActionTyping})
	return api.Known(err)
}

// safeName is a file's name as it may stand in a form.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' || r == '\\' || r == '/' || r == 0x7f {
			return '_'
		}
		return r
	}, name)
	if name == "" {
		return "file"
	}
	return name
}
