package testhost

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Limits of files.
const (
	pieceSize  = 256 << 10
	maxFile    = 25 << 20 // as servers have it that say nothing else
	maxFiles   = 10       // of a message
	sniffBytes = 512
)

// blob is a file.
type blob struct {
	about  *pluginv1.Attachment
	data   []byte
	by     string // the instance that brought it; "" = somebody else
	in     string // the conversation or ticket whose message has it; "" = none yet
	expiry time.Time
}

// AddFile puts a file into a conversation or a ticket, as if a message of it had
// it, and returns what the host knows of it.
func (h *Host) AddFile(in, filename string, data []byte) *pluginv1.Attachment {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.keepFile(filename, data)
	b.in = in
	return proto.CloneOf(b.about)
}

// File returns the bytes of a file; nil when there is none.
func (h *Host) File(id string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b := h.blobs[id]; b != nil {
		return bytes.Clone(b.data)
	}
	return nil
}

func (h *Host) keepFile(filename string, data []byte) *blob {
	kind, _, _ := strings.Cut(http.DetectContentType(data[:min(len(data), sniffBytes)]), ";")
	b := &blob{
		about: &pluginv1.Attachment{BlobId: h.id("att"), MediaType: kind, Filename: cleanName(filename), Size: uint64(len(data))},
		data:  bytes.Clone(data), expiry: h.now().Add(day),
	}
	h.blobs[b.about.GetBlobId()] = b
	return b
}

// cleanName is a file's name without its path and what no name may hold.
func cleanName(raw string) string {
	raw = raw[strings.LastIndexAny(raw, `/\`)+1:]
	raw = strings.Map(func(r rune) rune {
		switch {
		case deceptive(string(r)):
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, raw)
	if raw = strings.Trim(strings.Join(strings.Fields(raw), " "), ". "); raw == "" {
		return "file"
	}
	return raw
}

type blobs struct {
	pluginv1.UnimplementedHostBlobServiceServer
	*desk
}

// DownloadBlob sends a file of a message that the instance sees, or one that it
// brought itself.
func (h *blobs) DownloadBlob(req *pluginv1.DownloadBlobRequest, stream grpc.ServerStreamingServer[pluginv1.DownloadBlobResponse]) error {
	b := h.visible(req.GetInstanceId(), req.GetBlobId())
	if b == nil {
		return absent()
	}
	about := b.about
	for at := 0; at < len(b.data) || at == 0; at += pieceSize {
		piece := b.data[at:min(at+pieceSize, len(b.data))]
		if err := stream.Send(&pluginv1.DownloadBlobResponse{About: about, Piece: piece}); err != nil {
			return err
		}
		about = nil
	}
	return nil
}

func (h *desk) visible(instance, id string) *blob {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.blobs[id]
	switch {
	case b == nil:
		return nil
	case b.in == "":
		if b.by != instance || !b.expiry.After(h.now()) {
			return nil
		}
	case strings.HasPrefix(b.in, "tkt_"):
		if !h.may("tickets:read") || h.ticket(instance, b.in) == nil {
			return nil
		}
	case h.conversation(instance, b.in) == nil:
		return nil
	}
	return &blob{about: proto.CloneOf(b.about), data: b.data}
}

// UploadBlob takes a file that a message may carry.
func (h *blobs) UploadBlob(stream grpc.ClientStreamingServer[pluginv1.UploadBlobRequest, pluginv1.UploadBlobResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	switch {
	case first.GetSize() < 1:
		return refuseFile("empty", "/size", "The file is empty.")
	case first.GetSize() > maxFile:
		return refuseFile("too_large", "/size", "The file is larger than 25 MiB, which is the most that is taken here.")
	}
	var data []byte
	for req := first; ; {
		piece := req.GetPiece()
		switch {
		case len(piece) > pieceSize:
			return invalid("upload.chunk_too_large", "A piece of a file has at most 256 KiB.")
		case uint64(len(data)+len(piece)) > first.GetSize():
			return refuseFile("overrun", "", "This is more than the size that was announced.")
		}
		data = append(data, piece...)
		req, err = stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if uint64(len(data)) < first.GetSize() {
		return invalid("upload.short", fmt.Sprintf("The file has %d bytes, and %d were announced.", len(data), first.GetSize()))
	}
	h.mu.Lock()
	b := h.keepFile(first.GetFilename(), data)
	b.by = first.GetInstanceId()
	about := proto.CloneOf(b.about)
	h.mu.Unlock()
	return stream.SendAndClose(&pluginv1.UploadBlobResponse{Blob: about})
}

func refuseFile(code, pointer, sentence string) error {
	return invalid("upload."+code, sentence, [2]string{pointer, sentence})
}

// attach gives files of an instance to a message: all, or none.
func (h *Host) attach(instance, in string, wanted []*pluginv1.Attachment) ([]*pluginv1.Attachment, error) {
	if len(wanted) > maxFiles {
		return nil, invalid("attachment.too_many", "A message carries at most 10 files.", [2]string{"/attachment_ids", fmt.Sprintf("There are %d.", len(wanted))})
	}
	seen := make(map[string]bool)
	var out []*pluginv1.Attachment
	for i, a := range wanted {
		refuse := func(code, sentence string) error {
			return invalid("attachment."+code, sentence, [2]string{fmt.Sprintf("/attachment_ids/%d", i), sentence})
		}
		b := h.blobs[a.GetBlobId()]
		switch {
		case seen[a.GetBlobId()]:
			return nil, refuse("twice", "The same file is named twice.")
		case b == nil, b.by != instance:
			return nil, refuse("unknown", "This file is not here, or somebody else brought it. Upload it again.")
		case b.in != "":
			return nil, refuse("taken", "This file belongs to another message already. Upload it again to send it once more.")
		}
		seen[a.GetBlobId()] = true
		out = append(out, proto.CloneOf(b.about))
	}
	for id := range seen {
		h.blobs[id].in = in
	}
	return out, nil
}
