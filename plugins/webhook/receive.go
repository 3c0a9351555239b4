package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/mapping"
	"github.com/patchbay-im/patchbay/plugins/webhook/shape"
	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/plugins/webhook/traffic"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/once"
)

// remembered is how long a key is held against its body. What the core knows of
// a key it knows for ever.
const remembered = 24 * time.Hour

// Receive implements channel.Channel.
func (p *plugin) Receive(ctx context.Context, req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	made, err := p.of(req.Instance.ID)
	if err != nil {
		return channel.ReceiveResponse{}, err
	}
	return p.receive(ctx, made, req, false)
}

// receive answers a request and keeps what became of it for who looks on.
func (p *plugin) receive(ctx context.Context, made *plan, req channel.ReceiveRequest, test bool) (channel.ReceiveResponse, error) {
	begun := p.now()
	verdict := made.verify(req.Header, req.Body, begun, req.Replay)
	out, err := p.judged(ctx, made, req, verdict)
	made.traffic.Add(ctx, seen(req, out, traffic.Entry{
		At: begun.UTC(), Test: test, MS: p.now().Sub(begun).Milliseconds(), Verdict: string(verdict),
	}))
	return out, err
}

// seen is a request and its answer as the sandbox shows them.
func seen(req channel.ReceiveRequest, out channel.ReceiveResponse, e traffic.Entry) traffic.Entry {
	e.What, e.Bytes, e.Headers, e.Status = req.Method+" "+path.Clean("/"+req.Path[:min(len(req.Path), 100)]), len(req.Body), traffic.Redacted(req.Header), out.Status
	var told struct {
		outcome
		Results []outcome `json:"results"`
	}
	if json.Unmarshal(out.Body, &told) != nil {
		return e
	}
	if f := told.Error; f != nil {
		e.Code, e.Field, e.Detail = f.Code, f.Field, f.Message
	} else if len(told.Results) == 0 {
		told.Results = []outcome{told.outcome}
	}
	for _, r := range told.Results {
		one := traffic.Item{ID: r.ID}
		if r.Error != nil {
			one.Code = r.Error.Code
		}
		e.Items = append(e.Items, one)
	}
	return e
}

func (p *plugin) judged(ctx context.Context, made *plan, req channel.ReceiveRequest, verdict signature.Verdict) (channel.ReceiveResponse, error) {
	if fault := refused(verdict); fault != nil {
		return answerFault(fault)
	}
	if req.Method != http.MethodPost {
		return answerFault(shape.Faultf(http.StatusMethodNotAllowed, shape.CodeMethod, "", "Things are posted here: use POST."))
	}
	kind := shape.Kind(path.Base("/" + strings.Trim(req.Path, "/")))
	switch {
	case kind == "files":
		return p.upload(ctx, made, req)
	case made.mapping != nil:
		return p.mapped(ctx, made, req, kind == shape.Echoes)
	case !kind.Known():
		return answerFault(shape.Faultf(http.StatusNotFound, shape.CodeNoSuchPath, "",
			"There is nothing under this path. There are: messages, statuses, events, typing, edits, recalls, echoes and files."))
	case !isJSON(req.Header.Get("Content-Type")):
		return answerFault(shape.Faultf(http.StatusUnsupportedMediaType, shape.CodeMediaType, "", "Post JSON, with Content-Type: application/json."))
	}
	return p.standard(ctx, made, req, kind)
}

// refused is the fault of a signature that is not good.
func refused(v signature.Verdict) *shape.Fault {
	switch v {
	case signature.Good:
		return nil
	case signature.Missing:
		return shape.Faultf(http.StatusUnauthorized, string(v), "", "The request is not signed as this inbox wants it.")
	case signature.Stale:
		return shape.Faultf(http.StatusForbidden, string(v), "", "The request was signed too long ago, or its clock is wrong: sign it anew.")
	default:
		return shape.Faultf(http.StatusForbidden, string(signature.Wrong), "", "The signature, or the token, is not the right one.")
	}
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

// outcome is what became of an item, as the far side is told.
type outcome struct {
	ID     string       `json:"id,omitempty"`
	Status string       `json:"status"` // accepted, refused or left_out
	Error  *shape.Fault `json:"error,omitempty"`
}

// What becomes of an item.
const statusAccepted, statusRefused, statusLeftOut = "accepted", "refused", "left_out"

// item is something that was read, or why it could not be.
type item struct {
	kind  shape.Kind // "" = it is left out
	in    *shape.Inbound
	raw   []byte // what is held against its key
	fault *shape.Fault
}

func (p *plugin) standard(ctx context.Context, made *plan, req channel.ReceiveRequest, kind shape.Kind) (channel.ReceiveResponse, error) {
	raws, batch, fault := shape.Split(req.Body)
	if fault != nil {
		return answerFault(fault)
	}
	key := ""
	if !batch {
		key = req.Header.Get("Idempotency-Key")
	}
	items := make([]item, len(raws))
	for i, raw := range raws {
		in, fault := shape.Read(kind, raw, key)
		items[i] = item{kind, in, raw, fault}
	}
	return p.take(ctx, made, items, batch)
}

func (p *plugin) mapped(ctx context.Context, made *plan, req channel.ReceiveRequest, echoes bool) (channel.ReceiveResponse, error) {
	body, fault := mapping.Decode(req.Header.Get("Content-Type"), req.Body)
	if fault != nil {
		return answerFault(fault)
	}
	results, fault := made.mapping.Apply(body, echoes)
	if fault != nil {
		return answerFault(fault)
	}
	items := itemsOf(results)
	return p.take(ctx, made, items, len(items) != 1)
}

// itemsOf are the items of a mapping's results.
func itemsOf(results []mapping.Result) []item {
	items := make([]item, len(results))
	for i, r := range results {
		items[i] = item{kind: r.Kind, in: r.Message, fault: r.Fault}
		if r.Fault == nil {
			items[i].raw, _ = json.Marshal(r.Message) // texts and lists of them
		}
	}
	return items
}

// take brings items in, each for itself. An error is for all of them: the host
// does not answer, and the request comes again.
func (p *plugin) take(ctx context.Context, made *plan, items []item, batch bool) (channel.ReceiveResponse, error) {
	for i, one := range items {
		if one.kind != "" && one.fault == nil {
			items[i].fault = p.claim(ctx, made.in.ID, one.kind, one)
		}
	}
	outcomes, brought, err := p.gather(ctx, made, items)
	switch {
	case err != nil:
		return channel.ReceiveResponse{}, err
	case !batch && outcomes[0].Error != nil:
		return answerFault(outcomes[0].Error)
	case !batch:
		return answer(http.StatusOK, brought, outcomes[0]), nil
	case len(items) > 0 && !slices.ContainsFunc(outcomes, func(o outcome) bool { return o.Error == nil }):
		return answer(http.StatusUnprocessableEntity, nil, map[string]any{"results": outcomes}), errs.Reject(errs.CodeBadRequest, "No item of the list can be taken.")
	default:
		return answer(http.StatusOK, brought, map[string]any{"results": outcomes}), nil
	}
}

// gather says what becomes of each item, and what there is for the core.
func (p *plugin) gather(ctx context.Context, made *plan, items []item) ([]outcome, []channel.Inbound, error) {
	outcomes := make([]outcome, len(items))
	var brought []channel.Inbound
	for i, one := range items {
		if one.kind == "" {
			outcomes[i].Status = statusLeftOut
			continue
		}
		var in channel.Inbound
		if one.fault == nil {
			var err error
			if in, one.fault, err = p.brought(ctx, made, one.kind, one.in); err != nil {
				return nil, nil, err
			}
		}
		if one.in != nil {
			outcomes[i].ID = one.in.ID
		}
		if outcomes[i].Status = statusAccepted; one.fault != nil {
			outcomes[i].Status, outcomes[i].Error = statusRefused, one.fault
			continue
		}
		brought = append(brought, in)
	}
	return outcomes, brought, nil
}

// claim holds an item against what came under its key before. Without the host's
// state nothing is held against it: the core takes a key once all the same.
func (p *plugin) claim(ctx context.Context, id string, kind shape.Kind, one item) *shape.Fault {
	if one.in.ID == "" {
		return nil
	}
	mine := digest(one.raw)
	first, err := once.Do(ctx, p.env.State(id), "key/"+string(kind)+"/"+digest([]byte(one.in.ID)), func(context.Context) ([]byte, error) {
		return []byte(mine), nil
	}, once.Keep(remembered), once.Within(time.Second), once.Again())
	if err != nil {
		if code := errs.As(err).Code; code != host.CodeAbsent && code != host.CodeDenied {
			p.env.Log.DebugContext(ctx, "a key is not held against its body", "instance", id, "err", err)
		}
		return nil
	}
	if string(first) != mine {
		return shape.Faultf(http.StatusConflict, shape.CodeKeyReused, "/id", "Something else came under this id before. Give each item an id of its own.")
	}
	return nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// brought is an item in the words of the contract, with its files.
func (p *plugin) brought(ctx context.Context, made *plan, kind shape.Kind, in *shape.Inbound) (channel.Inbound, *shape.Fault, error) {
	out := in.Brought(kind)
	for i, f := range in.Files {
		switch {
		case f.Upload != "":
			out.Content.Attachments = append(out.Content.Attachments, message.Attachment{BlobID: f.Upload, Filename: f.Name})
		case f.URL != "":
			if fault := made.fetchable(i, f.URL); fault != nil {
				return out, fault, nil
			}
			out.Content.Attachments = append(out.Content.Attachments, message.Attachment{Fetch: f.URL, Filename: f.Name, MediaType: typeOf(f)})
		default:
			stored, err := p.env.Blobs(made.in.ID).Upload(ctx, host.UploadRequest{Filename: f.Name, Size: int64(len(f.Bytes())), Body: bytes.NewReader(f.Bytes())})
			if fault, err := unstored(err); fault != nil || err != nil {
				return out, fault, err
			}
			out.Content.Attachments = append(out.Content.Attachments, stored)
		}
	}
	return out, nil, nil
}

// answerFault refuses a request in the far side's own form.
func answerFault(fault *shape.Fault) (channel.ReceiveResponse, error) {
	code := errs.CodeBadRequest
	if fault.Status == http.StatusUnauthorized || fault.Status == http.StatusForbidden {
		code = errs.CodeBadSignature
	}
	out := answer(fault.Status, nil, map[string]any{"error": fault})
	if fault.Status == http.StatusUnauthorized {
		out.Header.Set("WWW-Authenticate", `Bearer realm="inbox"`)
	}
	return out, errs.Reject(code, fault.Message)
}

func answer(status int, brought []channel.Inbound, value any) channel.ReceiveResponse {
	body, _ := json.Marshal(value) // texts alone
	return channel.ReceiveResponse{
		Messages: brought, Status: status, Body: append(body, '\n'),
		Header: http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}},
	}
}
