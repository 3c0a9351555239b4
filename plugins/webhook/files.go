package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/webhook/shape"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// maxFetched bounds a file that is fetched, in bytes: it goes through memory.
const maxFetched = 25 << 20

// upload keeps the bytes of a request and answers what a message names them by.
func (p *plugin) upload(ctx context.Context, made *plan, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	if len(req.Body) == 0 {
		return answerFault(shape.Faultf(http.StatusUnprocessableEntity, shape.CodeMissing, "", "The body is the file, and it is empty."))
	}
	stored, err := p.env.Blobs(made.in.ID).Upload(ctx, host.UploadRequest{
		Filename: path.Base("/" + req.Query.Get("name")), Size: int64(len(req.Body)), Body: bytes.NewReader(req.Body),
	})
	if fault, err := unstored(err); fault != nil {
		return answerFault(fault)
	} else if err != nil {
		return channel.ReceiveResponse{}, err
	}
	return answer(http.StatusOK, nil, map[string]any{"upload": stored.BlobID, "media_type": stored.MediaType, "size": stored.Size}), nil
}

// unstored is the fault of a file that the core will never keep.
func unstored(err error) (*shape.Fault, error) {
	if e := errs.As(err); e != nil && e.Source == errs.Rejected {
		return shape.Faultf(http.StatusUnprocessableEntity, shape.CodeNotStored, "/files", "The file is not kept: %s", e.Detail), nil
	}
	return nil, err
}

// fetchable refuses an address that no file is fetched from.
func (p *plan) fetchable(i int, raw string) *shape.Fault {
	at, err := outbound.HostOf(raw)
	for _, may := range []string{p.config.FilesFrom, p.config.URL, p.config.PollURL} {
		if may == "" || err != nil {
			continue
		}
		if !strings.Contains(may, "://") {
			may = "https://" + may
		}
		if known, err := outbound.HostOf(may); err == nil && known == at {
			return nil
		}
	}
	return shape.Faultf(http.StatusUnprocessableEntity, shape.CodeWrong, fmt.Sprintf("/files/%d/url", i),
		"Files are fetched from the addresses in the inbox's settings alone.")
}

// FetchFile implements channel.Fetcher: a file that a message named by its
// address.
func (p *plugin) FetchFile(ctx context.Context, req channel.FetchFileRequest, w io.Writer) (channel.FetchFileResponse, error) {
	by, err := p.http(req.Instance, min(req.MaxBytes, maxFetched))
	if err != nil {
		return channel.FetchFileResponse{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, req.Fetch, nil)
	if err != nil {
		return channel.FetchFileResponse{}, errs.Reject(shape.CodeWrong, "The file's address is none.").WithCause(err)
	}
	resp, err := by.Do(r)
	if err != nil {
		return channel.FetchFileResponse{}, err
	}
	if _, err := w.Write(resp.Body); err != nil {
		return channel.FetchFileResponse{}, err
	}
	return channel.FetchFileResponse{Filename: nameOf(r.URL, resp.Header), MediaType: resp.Header.Get("Content-Type")}, nil
}

// typeOf is what a file is likely to be, by what it is called: what is shown of it
// until it is here has the room that it will take. The core looks at the bytes.
func typeOf(f shape.File) string {
	name := f.Name
	if u, err := url.Parse(f.URL); name == "" && err == nil {
		name = u.Path
	}
	kind, _, _ := strings.Cut(mime.TypeByExtension(path.Ext(name)), ";")
	return kind
}

// nameOf is what a file is called: as its answer says, or its address.
func nameOf(u *url.URL, header http.Header) string {
	if _, params, err := mime.ParseMediaType(header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		return path.Base("/" + params["filename"])
	}
	if name := path.Base(u.Path); name != "/" && name != "." {
		return name
	}
	return ""
}
