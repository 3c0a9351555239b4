// Package api speaks to a Bot API server: the methods come from
// github.com/go-telegram/bot, the connections from sdk/outbound, and what an
// answer means for the core is said here, as an error of package errs.
//
// The library's own polling is not used: it confirms updates before anybody has
// kept them.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Public is Telegram's own server.
const Public = "https://api.telegram.org"

// Limits of the public server (core.telegram.org/bots/api), in UTF-16 units and
// in bytes.
const (
	MaxText    = 4096
	MaxCaption = 1024
	MaxPhoto   = 10 << 20
	MaxUpload  = 50 << 20
	MaxFetch   = 20 << 20
)

// PollFor is how long the server holds a question for updates.
const PollFor = 25 * time.Second

// Options of the client below: a question for updates must not be cut off, and a
// file must fit.
func Options() outbound.Options {
	return outbound.Options{Timeout: PollFor + 35*time.Second, MaxBytes: MaxFetch + 1<<20, Tries: 1}
}

// token is what BotFather gives: the bot's number and a secret.
var token = regexp.MustCompile(`^[0-9]{3,20}:[A-Za-z0-9_-]{20,100}$`)

// Shaped reports whether s can be a token.
func Shaped(s string) bool { return token.MatchString(s) }

// Client is a bot at a server.
//
// Concurrency: safe for concurrent use.
type Client struct {
	*bot.Bot
	http *outbound.Client
	base string
}

// New returns the client of a bot; server "" is Telegram's own. Nothing is asked
// yet.
func New(server, token string, client *outbound.Client) (*Client, error) {
	if !Shaped(token) {
		return nil, errs.Reject("config_invalid", "The token does not have the form that BotFather gives.")
	}
	if server = strings.TrimRight(server, "/"); server == "" {
		server = Public
	}
	b, err := bot.New(token, bot.WithSkipGetMe(), bot.WithServerURL(server), bot.WithHTTPClient(PollFor, judge{client}),
		bot.WithErrorsHandler(func(error) {})) // of its pipes: the call fails, too
	if err != nil {
		return nil, errs.Reject("config_invalid", "The token cannot be used.")
	}
	return &Client{Bot: b, http: client, base: server}, nil
}

// call does a method whose parameters are JSON; into may be nil.
func (c *Client) call(ctx context.Context, method string, params, into any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("write the parameters of %s: %w", method, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/bot"+c.Token()+"/"+method, bytes.NewReader(body))
	if err != nil {
		return errs.Reject("config_invalid", "The address of the Bot API server cannot be used.")
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := judge{c.http}.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // it is in memory
	var answer struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return strange(err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Result, into); err != nil {
		return strange(err)
	}
	return nil
}

// allowed are the updates that we ask for.
func allowed() []string {
	return []string{
		models.AllowedUpdateMessage, models.AllowedUpdateEditedMessage, models.AllowedUpdateCallbackQuery, models.AllowedUpdateMyChatMember,
	}
}

// Updates waits up to hold for updates from offset on, which confirms those before
// it; 0 confirms none. They come as they are, at most 100.
func (c *Client) Updates(ctx context.Context, offset int64, hold time.Duration) ([]json.RawMessage, error) {
	const most = 100
	var out []json.RawMessage
	err := c.call(ctx, "getUpdates", map[string]any{
		"offset": offset, "limit": most, "timeout": int(hold.Seconds()), "allowed_updates": allowed(),
	}, &out)
	return out, err
}

// Hook has the server post updates to an address, with a secret; one at a time,
// so that they come in order. What waits stays.
func (c *Client) Hook(ctx context.Context, url, secret string) error {
	return c.call(ctx, "setWebhook", map[string]any{
		"url": url, "secret_token": secret, "allowed_updates": allowed(), "max_connections": 1, "drop_pending_updates": false,
	}, nil)
}

// Unhook ends that. What waits stays.
func (c *Client) Unhook(ctx context.Context) error {
	return c.call(ctx, "deleteWebhook", map[string]any{"drop_pending_updates": false}, nil)
}

// Me returns who the bot is.
func (c *Client) Me(ctx context.Context) (*models.User, error) {
	me, err := c.GetMe(ctx)
	if err == nil && me.ID == 0 {
		err = strange(errors.New("getMe names nobody"))
	}
	return me, known(err)
}

// File writes a file to w, if it has most bytes or fewer.
func (c *Client) File(ctx context.Context, id string, most int64, w io.Writer) error {
	f, err := c.GetFile(ctx, &bot.GetFileParams{FileID: id})
	switch {
	case err != nil:
		return gone(known(err))
	case f.FilePath == "":
		return strange(errors.New("getFile names no path"))
	case f.FileSize > most:
		return tooLarge()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.FileDownloadLink(f), nil)
	if err != nil {
		return strange(errors.New("getFile names a path that is none"))
	}
	resp, err := c.http.Exchange(r)
	switch {
	case err != nil:
		return err
	case resp.Status == http.StatusNotFound:
		return errs.Unavailable(nil, "Telegram's place for the file is not valid any more.") // the next getFile names another
	case resp.Status != http.StatusOK:
		return verdict(resp)
	case int64(len(resp.Body)) > most:
		return tooLarge()
	}
	_, err = w.Write(resp.Body)
	return err
}

// Known returns err as one of package errs: what the library could not read is
// the far side's fault.
func Known(err error) error { return known(err) }

func known(err error) error {
	if _, ok := errors.AsType[*errs.Error](err); ok || err == nil {
		return err
	}
	return strange(err)
}

// strange is an answer that cannot be read.
func strange(err error) error {
	return errs.Unavailable(err, "The Bot API server answers with something else than the Bot API.").WithCode(CodeStrange)
}
