// Command telegramserver runs the strict Bot API server of package telegramrig
// beside a browser test. It tells its address in a line of JSON, has a bot for
// each token that it is given, and ends with its input, whose lines are what
// customers do and whose answers are lines too:
//
//	{"do":"write","token":"…","user":42,"name":"Alice","text":"hello","photo":"<base64>"}
//	{"do":"edit","token":"…","user":42,"name":"Alice","number":3,"text":"hello there"}
//	{"do":"write","token":"…","user":42,"name":"Alice","text":"hello","group":-500,"title":"Tea lovers"}
//	{"do":"sent","token":"…"}
//	{"do":"shown","token":"…"}
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/patchbay-im/patchbay/plugins/telegram/telegramrig"
)

// order is a line of the input.
type order struct {
	Do     string `json:"do"`
	Token  string `json:"token"`
	User   int64  `json:"user"`
	Name   string `json:"name"`
	Number int    `json:"number"`
	Text   string `json:"text"`
	Photo  []byte `json:"photo"`
	Group  int64  `json:"group"` // where; 0 = in private
	Title  string `json:"title"` // of the group
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "telegramserver:", err)
		os.Exit(1)
	}
}

func run(tokens []string) error {
	far := telegramrig.New()
	bots := make(map[string]*telegramrig.Bot)
	for i, token := range tokens {
		bots[token] = far.AddBot(token, fmt.Sprintf("shop%d_bot", i+1))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // until the program ends
	if err != nil {
		return err
	}
	web := &http.Server{Handler: far, ReadHeaderTimeout: time.Minute}
	go func() { _ = web.Serve(listener) }() // until the program ends
	defer web.Close()                       //nolint:errcheck // it ends
	say := json.NewEncoder(os.Stdout)
	if err := say.Encode(map[string]string{"URL": "http://" + listener.Addr().String()}); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	const longest = 8 << 20
	in.Buffer(nil, longest)
	for in.Scan() {
		var o order
		if err := json.Unmarshal(in.Bytes(), &o); err != nil || bots[o.Token] == nil {
			return fmt.Errorf("cannot do %q: %w", in.Text(), err)
		}
		if err := say.Encode(done(bots[o.Token], o)); err != nil {
			return err
		}
	}
	return in.Err()
}

// done does an order and returns what to answer.
func done(b *telegramrig.Bot, o order) any {
	user := telegramrig.User(o.User, o.Name)
	fields := map[string]any{"text": o.Text}
	if len(o.Photo) > 0 {
		size := map[string]any{"file_id": b.AddFile(o.Photo, 0), "file_unique_id": "photo", "width": 2, "height": 2, "file_size": len(o.Photo)}
		fields = map[string]any{"caption": o.Text, "photo": []any{size}}
	}
	in := telegramrig.Private(user)
	if o.Group != 0 {
		in = telegramrig.Group(o.Group, o.Title)
	}
	switch o.Do {
	case "write":
		return b.WriteIn(in, user, fields)
	case "edit":
		b.EditIn(in, user, o.Number, fields)
		return o.Number
	case "shown":
		return b.Actions()
	default:
		return b.Sent()
	}
}
