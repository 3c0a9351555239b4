// Command courier is a channel for tests. Its messages name files, which are in
// its data folder: FetchFile notes in the file "asked" that it
// was asked, writes the first half, waits until "<name>.go" is there, and writes
// the rest. A file that is not there is gone.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/message"
)

//go:embed plugin.yaml
var manifest []byte

func main() {
	sdk.Serve(sdk.Plugin{Manifest: manifest, Channel: func(sdk.Env) (channel.Channel, error) { return courier{}, nil }})
}

type courier struct{}

// Receive takes {"id":"m1","from":"alice","text":"hi","files":["a.txt"]}.
func (courier) Receive(_ context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	var said struct {
		ID, From, Text string
		Files          []string
	}
	if err := json.Unmarshal(req.Body, &said); err != nil {
		return channel.ReceiveResponse{}, errs.Reject(errs.CodeBadRequest, "Post a JSON object.")
	}
	content := message.Text(said.Text)
	for _, f := range said.Files {
		content.Attachments = append(content.Attachments, message.Attachment{Fetch: f, Filename: f, MediaType: "text/plain"})
	}
	return channel.ReceiveResponse{Messages: []channel.Inbound{{ExternalID: said.ID, Sender: channel.Person{ID: said.From}, Content: content}}}, nil
}

// Send brings nothing anywhere.
func (courier) Send(_ context.Context, req channel.SendRequest) (channel.SendResponse, error) {
	return channel.SendResponse{MessageID: req.DeliveryID}, nil
}

// FetchFile implements channel.Fetcher.
func (courier) FetchFile(ctx context.Context, req channel.FetchFileRequest, w io.Writer) (channel.FetchFileResponse, error) {
	var out channel.FetchFileResponse
	var config struct{ Dir string }
	if err := req.Instance.Decode(&config); err != nil {
		return out, err
	}
	in := func(name string) string { return filepath.Join(config.Dir, filepath.Base(name)) }
	asked, err := os.OpenFile(in("asked"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return out, err
	}
	if _, err := fmt.Fprintf(asked, "%s %d\n", req.Fetch, os.Getpid()); err != nil {
		return out, err
	}
	if err := asked.Close(); err != nil {
		return out, err
	}
	data, err := os.ReadFile(in(req.Fetch))
	if os.IsNotExist(err) {
		return out, errs.Reject("gone", "There is no such file.")
	}
	if err != nil {
		return out, err
	}
	if _, err := w.Write(data[:len(data)/2]); err != nil {
		return out, err
	}
	for {
		if _, err := os.Stat(in(req.Fetch + ".go")); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	_, err = w.Write(data[len(data)/2:])
	return out, err
}
