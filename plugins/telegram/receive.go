package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-telegram/bot"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/plugins/telegram/update"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// poll asks for updates. Those that were taken are confirmed with the next
// question, after they are committed: what is asked for again has the same ids.
func (a *account) poll(ctx context.Context) {
	if !a.until(ctx, a.greet) || !a.until(ctx, a.unhook) {
		return
	}
	a.well(ctx)
	var offset int64
	failed := 0
	for ctx.Err() == nil {
		hold := api.PollFor
		if failed > 0 { // whether it works again is known at once
			hold = 0
		}
		updates, err := a.api.Updates(ctx, offset, hold)
		if err == nil {
			offset, err = a.take(ctx, updates, offset)
		}
		if err != nil {
			failed++
			a.trouble(ctx, failed, err)
			wait(ctx, pauseAfter(failed, err))
			continue
		}
		failed = 0
		a.well(ctx)
	}
}

// take brings updates in and returns what confirms them. After an error those
// before the offset are in.
func (a *account) take(ctx context.Context, updates []json.RawMessage, offset int64) (int64, error) {
	var items []channel.Inbound
	next := offset
	for _, raw := range updates {
		u, err := a.read(ctx, raw)
		if err != nil {
			return offset, err
		}
		if next = max(next, u.ID+1); u.ID == 0 {
			a.env.Log.ErrorContext(ctx, "Telegram sent what is no update", "inbox", a.in.ID)
		}
		for _, in := range u.Items {
			in.Instance = a.in.ID
			items = append(items, in)
		}
	}
	if len(items) == 0 {
		return next, nil
	}
	err := a.env.Ingest(ctx, items...)
	if e := errs.As(err); err != nil && e.Source == errs.Rejected { // the others are in
		a.env.Log.WarnContext(ctx, "an update was refused", "inbox", a.in.ID, "error", err)
		return next, nil
	}
	if err != nil {
		return offset, err
	}
	return next, nil
}

// read reads an update and does what it asks for beside its items. An error says
// that the core could not be asked.
func (a *account) read(ctx context.Context, raw json.RawMessage) (update.Read, error) {
	var failed error
	u, err := update.Of(raw, update.Settings{Groups: a.config.groups(), Words: a.said, Origin: func(chat int64) int64 {
		origin, err := a.moves.origin(ctx, chat)
		if err != nil {
			failed = err
		}
		return origin
	}})
	if err != nil {
		return update.Read{}, nil //nolint:nilerr // it has no id: nothing can be done with it, now or later
	}
	if failed == nil && u.Moved.From != 0 {
		failed = a.moves.add(ctx, u.Moved.From, u.Moved.To)
	}
	if failed != nil {
		return update.Read{}, failed
	}
	if u.Callback != "" || u.Joined != 0 && !a.config.groups() {
		a.group.Go("answer", func(ctx context.Context) { a.acknowledge(ctx, u) })
	}
	return u, nil
}

// acknowledge lets a pressed button go, and says in a group that nobody reads it.
// Both are courtesies: what fails is not tried again.
func (a *account) acknowledge(ctx context.Context, u update.Read) {
	const within = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var err error
	if u.Callback != "" {
		_, err = a.api.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: u.Callback})
	}
	a.mu.Lock()
	link := a.link
	a.mu.Unlock()
	if u.Joined != 0 && !a.config.groups() && link != "" {
		_, err = a.ledger.do(ctx, fmt.Sprintf("word/%d/%d", u.Joined, u.ID), true, func(ctx context.Context) (string, error) {
			_, err := a.api.SendMessage(ctx, &bot.SendMessageParams{ChatID: u.Joined, Text: fmt.Sprintf(a.words.groups, link)})
			return "", api.Known(err)
		})
	}
	if err != nil {
		a.env.Log.InfoContext(ctx, "an update was not acknowledged", "inbox", a.in.ID, "error", err)
	}
}

// hookKey keeps which address we had Telegram post to.
const hookKey = "webhook"

// ours is what is kept of an address, which is a secret.
func ours(url string) []byte {
	sum := sha256.Sum256([]byte(url))
	return []byte(hex.EncodeToString(sum[:]))
}

// unhook ends the posting that we asked for; another program's is not touched.
// What waits at Telegram is asked for then.
func (a *account) unhook(ctx context.Context) error {
	info, err := a.api.GetWebhookInfo(ctx)
	if err != nil {
		return api.Known(err)
	}
	state := a.env.State(a.in.ID)
	if info.URL != "" {
		kept, err := state.Get(ctx, hookKey)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(valueOf(kept), ours(info.URL)) == 0 {
			return api.Hooked()
		}
		if err := a.api.Unhook(ctx); err != nil {
			return err
		}
	}
	_, err = state.Delete(ctx, host.DeleteRequest{Key: hookKey})
	return err
}

// lookEvery is how often Telegram is asked whether it can post.
const lookEvery = time.Minute

// hook has Telegram post updates, and looks whether it can.
func (a *account) hook(ctx context.Context) {
	ready := a.until(ctx, a.greet) && a.until(ctx, func(ctx context.Context) error {
		if _, err := a.env.State(a.in.ID).Put(ctx, host.PutRequest{Key: hookKey, Value: ours(a.config.WebhookURL)}); err != nil {
			return err
		}
		return a.api.Hook(ctx, a.config.WebhookURL, a.config.secret(a.in.ID))
	})
	if !ready {
		return
	}
	a.well(ctx)
	for failed := 0; wait(ctx, lookEvery); {
		if err := a.posted(ctx); err != nil {
			failed++
			a.trouble(ctx, failed+1, err)
			continue
		}
		failed = 0
		a.well(ctx)
	}
}

// posted says what keeps Telegram from posting; nil = nothing.
func (a *account) posted(ctx context.Context) error {
	info, err := a.api.GetWebhookInfo(ctx)
	switch {
	case err != nil:
		return api.Known(err)
	case info.URL != a.config.WebhookURL: // somebody took it away, or moved it
		return a.api.Hook(ctx, a.config.WebhookURL, a.config.secret(a.in.ID))
	case info.PendingUpdateCount > 0 && info.LastErrorMessage != "" && time.Since(time.Unix(int64(info.LastErrorDate), 0)) < 2*lookEvery:
		return errs.Unavailable(nil, "Telegram cannot post messages to this server: "+info.LastErrorMessage+".").WithCode("webhook_failing")
	default:
		return nil
	}
}

// receive takes an update that was posted.
func (a *account) receive(ctx context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	given := req.Header.Get("X-Telegram-Bot-Api-Secret-Token")
	switch {
	case subtle.ConstantTimeCompare([]byte(given), []byte(a.config.secret(a.in.ID))) == 0:
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadSignature, "The secret is missing or wrong.")
	case !a.config.hooked(): // Telegram keeps it until it is asked for
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "This inbox asks Telegram for its messages; nothing is posted here.")
	case req.Method != http.MethodPost:
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "Updates are posted.")
	}
	u, err := a.read(ctx, req.Body)
	if err != nil {
		return channel.ReceiveResponse{}, err
	}
	if u.ID == 0 {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "This is no update of Telegram.")
	}
	return channel.ReceiveResponse{Messages: u.Items}, nil
}
