package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/plugins/telegram/telegramrig"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

const token = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"

func client(t *testing.T) (*telegramrig.Server, *telegramrig.Bot, *api.Client) {
	t.Helper()
	far := telegramrig.Start(t)
	b := far.AddBot(token, "shop_bot")
	o := api.Options()
	o.Configured = []string{strings.TrimPrefix(far.URL, "http://")}
	web, err := outbound.New(o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := api.New(far.URL+"/", token, web)
	if err != nil {
		t.Fatal(err)
	}
	return far, b, c
}

// What Telegram says has a code and a source, and says whether anything was done.
func TestAnswers(t *testing.T) {
	far, b, c := client(t)
	b.Know(telegramrig.User(42, "Alice"))
	for _, a := range []struct {
		status int
		words  string
		source errs.Source
		code   string
		undone bool
	}{
		{400, "Bad Request: chat not found", errs.Rejected, errs.CodeInvalidRecipient, true},
		{400, "Bad Request: message is too long", errs.Rejected, api.CodeTooLong, true},
		{400, "Bad Request: PHOTO_INVALID_DIMENSIONS", errs.Rejected, api.CodeFileRefused, true},
		{400, "Bad Request: something new", errs.Rejected, errs.CodeBadRequest, true},
		{401, "Unauthorized", errs.FarSide, errs.CodeAuthExpired, true},
		{403, "Forbidden: bot was blocked by the user", errs.Rejected, api.CodeBlocked, true},
		{403, "Forbidden: user is deactivated", errs.Rejected, errs.CodeInvalidRecipient, true},
		{403, "Forbidden: bot can't initiate conversation with a user", errs.Rejected, api.CodeNotStarted, true},
		{403, "Forbidden: bot was kicked from the group chat", errs.Rejected, api.CodeNotMember, true},
		{404, "Not Found", errs.FarSide, errs.CodeAuthExpired, true},
		{409, "Conflict: terminated by other getUpdates request", errs.FarSide, api.CodeConflict, true},
		{413, "Request Entity Too Large", errs.Rejected, api.CodeTooLarge, true},
		{429, "Too Many Requests", errs.FarSide, errs.CodeRateLimited, true},
		{500, "Internal Server Error: restart", errs.FarSide, errs.CodeUnavailable, true},
		{502, "Bad Gateway", errs.FarSide, errs.CodeUnavailable, false},
		{504, "Gateway Timeout", errs.FarSide, errs.CodeUnavailable, false},
	} {
		far.Fail("sendMessage", telegramrig.Fault{Status: a.status, Words: a.words})
		_, err := c.SendMessage(t.Context(), &bot.SendMessageParams{ChatID: 42, Text: "hello"})
		err = api.Known(err)
		if e := errs.As(err); err == nil || e.Source != a.source || e.Code != a.code || api.Undone(err) != a.undone || strings.Contains(err.Error(), token) {
			t.Errorf("%d %s: %v, undone %v", a.status, a.words, err, api.Undone(err))
		}
	}
	if n := len(b.Sent()); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
}

// A file is asked for anew each time: its place at Telegram does not last.
func TestFile(t *testing.T) {
	far, b, c := client(t)
	id := b.AddFile([]byte("a picture"), 0)
	for range 2 {
		var got bytes.Buffer
		if err := c.File(t.Context(), id, 100, &got); err != nil || got.String() != "a picture" {
			t.Errorf("%q, %v", got.String(), err)
		}
		far.Pass(2 * time.Hour)
	}
	var got bytes.Buffer
	if err := c.File(t.Context(), id, 3, &got); errs.As(err) == nil || errs.As(err).Code != api.CodeTooLarge || got.Len() != 0 {
		t.Errorf("more than is wanted: %v", err)
	}
	far.Fail("getFile", telegramrig.Fault{Status: http.StatusBadGateway, Body: "<html>"})
	if err := c.File(t.Context(), id, 100, &got); errs.As(err) == nil || errs.As(err).Source != errs.FarSide {
		t.Errorf("a gateway's page: %v", err)
	}
}

func TestShaped(t *testing.T) {
	for s, want := range map[string]bool{token: true, "": false, "shop_bot": false, token + " ": false, "110201543:": false, "x" + token: false} {
		if api.Shaped(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
