package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// pieceSize is how many bytes of a file one message carries at most.
const pieceSize = 256 << 10

// blobDesk serves HostBlobService.
type blobDesk struct {
	pluginv1.UnimplementedHostBlobServiceServer
	*desk
}

// bringer is the instance, as one who brings files.
func bringer(i instance) media.Uploader { return media.Uploader{Kind: media.ByPlugin, ID: i.ID} }

// DownloadBlob sends a file of a message that the instance sees, or one that it
// brought itself.
func (d *blobDesk) DownloadBlob(req *pluginv1.DownloadBlobRequest, stream grpc.ServerStreamingServer[pluginv1.DownloadBlobResponse]) error {
	ctx := stream.Context()
	i, err := d.instance(ctx, req.GetInstanceId())
	if err != nil {
		return err
	}
	u, err := d.visible(ctx, i, media.ID(req.GetBlobId()))
	if err != nil {
		return d.refusal(ctx, err)
	}
	f, err := d.ports.Desks.Files.Open(ctx, u.ID, u.Ticket, media.Original)
	if err != nil {
		return d.refusal(ctx, err)
	}
	defer func() { _ = f.Close() }() // read only
	about := attachmentTo(u.Attachment)
	piece := make([]byte, pieceSize)
	for at := int64(0); at < f.Size() || at == 0; {
		n, err := f.ReadAt(piece, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return d.refusal(ctx, err)
		}
		if err := stream.Send(&pluginv1.DownloadBlobResponse{About: about, Piece: piece[:n]}); err != nil {
			return err
		}
		if about = nil; n == 0 {
			return nil
		}
		at += int64(n)
	}
	return nil
}

// visible returns a file that the instance may read.
func (d *blobDesk) visible(ctx context.Context, i instance, id media.ID) (media.Upload, error) {
	u, err := d.ports.Desks.Files.Find(ctx, i.Workspace, id)
	switch {
	case err != nil:
	case u.State == media.Uploading:
		err = errs.Absent()
	case u.State == media.Ready:
		if u.By != bringer(i) {
			err = errs.Absent()
		}
	case strings.HasPrefix(u.In.Conversation, "tkt_"):
		if !i.May("tickets:read") {
			err = errs.Absent()
		} else {
			_, err = d.ticket(ctx, i, u.In.Conversation)
		}
	default:
		_, err = d.conversation(ctx, i, u.In.Conversation)
	}
	return u, err
}

// UploadBlob takes a file that a message may carry.
func (d *blobDesk) UploadBlob(stream grpc.ClientStreamingServer[pluginv1.UploadBlobRequest, pluginv1.UploadBlobResponse]) error {
	ctx := stream.Context()
	first, err := stream.Recv() // the guard has checked its instance
	if err != nil {
		return err
	}
	i, err := d.instance(ctx, first.GetInstanceId())
	if err != nil {
		return err
	}
	up := uploading{desk: d, workspace: i.Workspace, by: bringer(i)}
	a, err := up.take(ctx, stream, first)
	if err != nil {
		return d.refusal(ctx, err)
	}
	return stream.SendAndClose(&pluginv1.UploadBlobResponse{Blob: attachmentTo(a)})
}

// uploading is a file on its way in.
type uploading struct {
	desk      *blobDesk
	workspace identity.WorkspaceID
	by        media.Uploader
}

// take takes a file to its end. Of one that does not come whole nothing stays.
func (up uploading) take(ctx context.Context, stream grpc.ClientStreamingServer[pluginv1.UploadBlobRequest, pluginv1.UploadBlobResponse], first *pluginv1.UploadBlobRequest) (media.Attachment, error) {
	files := up.desk.ports.Desks.Files
	const most = 1 << 40 // far beyond what is taken, and an int64
	u, err := files.Begin(ctx, up.workspace, up.by, media.Announcement{Name: first.GetFilename(), Size: int64(min(first.GetSize(), most))}, 0)
	if err != nil {
		return media.Attachment{}, err
	}
	u, err = up.pieces(ctx, stream, first, u)
	if err == nil && u.State == media.Uploading {
		err = errs.New(errs.Invalid, "upload.short", fmt.Sprintf("The file has %d bytes, and %d were announced.", u.Received, u.Size))
	}
	if err != nil {
		if left := files.Cancel(context.WithoutCancel(ctx), up.workspace, up.by, u.ID); left != nil && !errs.Is(left, errs.NotFound) {
			up.desk.log.WarnContext(ctx, "what came of a broken upload is swept later", "attachment", string(u.ID), "error", left)
		}
		return media.Attachment{}, err
	}
	return u.Attachment, nil
}

func (up uploading) pieces(ctx context.Context, stream grpc.ClientStreamingServer[pluginv1.UploadBlobRequest, pluginv1.UploadBlobResponse], req *pluginv1.UploadBlobRequest, u media.Upload) (media.Upload, error) {
	for {
		piece := req.GetPiece()
		if len(piece) > pieceSize {
			return u, errs.New(errs.Invalid, "upload.chunk_too_large", "A piece of a file has at most 256 KiB.")
		}
		if len(piece) > 0 {
			next, err := up.desk.ports.Desks.Files.Append(ctx, up.workspace, up.by, u.ID, u.Received, piece)
			if err != nil {
				return u, err
			}
			u = next
		}
		var err error
		req, err = stream.Recv()
		if errors.Is(err, io.EOF) {
			return u, nil
		}
		if err != nil {
			return u, err
		}
	}
}
