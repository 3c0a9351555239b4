package outgoing_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/outgoing"
	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

const secret = "a-secret-of-the-test"

// far is a system that is posted to.
type far struct {
	*httptest.Server
	status  int
	header  http.Header
	body    string
	cut     bool
	request *http.Request
	got     []byte
}

func newFar(t *testing.T) *far {
	t.Helper()
	f := &far{status: 200, body: `{"data":{"id":7}}`}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.request = r
		f.got, _ = io.ReadAll(r.Body)
		if f.cut {
			panic(http.ErrAbortHandler)
		}
		maps.Copy(w.Header(), f.header)
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, f.body)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *far) poster(t *testing.T) outgoing.Poster {
	t.Helper()
	host, err := outbound.HostOf(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	by, err := outbound.New(outbound.Options{Configured: []string{host}, Tries: 1, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	id, err := expr.ParsePointer("/data/id")
	if err != nil {
		t.Fatal(err)
	}
	return outgoing.Poster{
		Target: outgoing.Target{URL: f.URL + "/in", Secrets: []string{secret, ""}, AnswerID: id, WantsID: true, Once: true, Files: outgoing.FilesBase64, MaxFile: 1 << 20, Authorization: "Bearer x"},
		By:     by, Now: time.Now,
		Fetch: func(_ context.Context, a message.Attachment) ([]byte, error) {
			return []byte("bytes of " + a.BlobID), nil
		},
	}
}

func said() channel.SendRequest {
	return channel.SendRequest{
		DeliveryID: "dlv_1", ConversationID: "cnv_1", Seq: 3, Recipient: "u-1", Thread: "o-1", ReplyTo: "m-1", Author: message.AuthorAgent, AuthorName: "Anna",
		Content: message.Content{Text: "<b>今天发货</b>", Attachments: []message.Attachment{{BlobID: "blb_1", Filename: "a\".png", MediaType: "image/png", Size: 14}}},
	}
}

func TestStandard(t *testing.T) {
	f := newFar(t)
	p := f.poster(t)
	out, x, err := p.Send(t.Context(), said())
	if err != nil || out.MessageID != "7" || out.Duplicate || x.Status != 200 || x.Bytes != len(f.got) {
		t.Fatalf("%+v %+v %v", out, x, err)
	}
	want := `{"author":{"kind":"agent","name":"Anna"},"automatic":false,"conversation":"cnv_1","files":[{"base64":"Ynl0ZXMgb2YgYmxiXzE=","media_type":"image/png","name":"a\".png","size":14}],"id":"dlv_1","recipient":"u-1","reply_to":"m-1","seq":3,"text":"<b>今天发货</b>","thread":"o-1","type":"message"}`
	if string(f.got) != want {
		t.Errorf("posted %s", f.got)
	}
	h := f.request.Header
	if h.Get("Idempotency-Key") != "dlv_1" || h.Get("Authorization") != "Bearer x" || h.Get("Content-Type") != "application/json" {
		t.Errorf("with %v", h)
	}
	if v := (signature.Scheme{}).Verify(h, f.got, signature.Check{Secrets: []string{secret}, Now: time.Now()}); v != signature.Good {
		t.Errorf("the signature is %s", v)
	}
}

func TestMultipart(t *testing.T) {
	f := newFar(t)
	p := f.poster(t)
	p.Files = outgoing.FilesMultipart
	if _, _, err := p.Send(t.Context(), said()); err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(f.request.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(strings.NewReader(string(f.got)), params["boundary"])
	first, err := r.NextPart()
	if err != nil || first.FormName() != "message" {
		t.Fatal(first, err)
	}
	var m map[string]any
	if err := json.NewDecoder(first).Decode(&m); err != nil || m["id"] != "dlv_1" {
		t.Error(m, err)
	}
	second, err := r.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := io.ReadAll(second); second.FormName() != "file" || second.FileName() != `a".png` || string(data) != "bytes of blb_1" {
		t.Errorf("%s %s %s", second.FormName(), second.FileName(), data)
	}
	if v := (signature.Scheme{}).Verify(f.request.Header, f.got, signature.Check{Secrets: []string{secret}, Now: time.Now()}); v != signature.Good {
		t.Errorf("the signature is %s", v)
	}
}

func TestTemplate(t *testing.T) {
	f := newFar(t)
	p := f.poster(t)
	p.Template, _ = expr.CompileNode(map[string]any{"to": "{{recipient}}", "msg": "{{author.name}}: {{text}}", "n": "{{seq}}", "file": "{{files.0.name}}", "edit": "{{message}}"}, "")
	if _, _, err := p.Send(t.Context(), said()); err != nil {
		t.Fatal(err)
	}
	if want := `{"file":"a\".png","msg":"Anna: <b>今天发货</b>","n":3,"to":"u-1"}`; string(f.got) != want {
		t.Errorf("posted %s", f.got)
	}
}

// TestAnswers is what the contract wants of each answer, of a system that knows
// what comes twice and of one that does not.
func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		status       int
		body         string
		header       http.Header
		cut          bool
		once, plain  string // source:code; "" = accepted
		duplicate    bool
		retry        time.Duration
		id, plainWas string
	}{
		"taken":        {status: 201, body: `{"data":{"id":"a"}}`, id: "a"},
		"no id":        {status: 204},
		"id of a kind": {status: 200, body: `{"data":{"id":{"x":1}}}`},
		"garbage":      {status: 200, body: "<html>", once: "far_side:provider_unreachable"},
		"conflict":     {status: 409, body: `{"data":{"id":"a"}}`, id: "a", duplicate: true, plain: "rejected:bad_request"},
		"slow down":    {status: 429, header: http.Header{"Retry-After": {"7"}}, once: "far_side:rate_limited", plain: "far_side:rate_limited", retry: 7 * time.Second},
		"refused":      {status: 422, once: "rejected:bad_request", plain: "rejected:bad_request"},
		"gone":         {status: 410, once: "rejected:bad_request", plain: "rejected:bad_request"},
		"elsewhere":    {status: 302, header: http.Header{"Location": {"https://other.example/"}}, once: "rejected:redirected", plain: "rejected:redirected"},
		"signed out":   {status: 401, once: "far_side:auth_expired", plain: "far_side:auth_expired"},
		"busy":         {status: 503, header: http.Header{"Retry-After": {"9"}}, once: "far_side:provider_unreachable", plain: "far_side:provider_unreachable", retry: 9 * time.Second},
		"broken":       {status: 500, once: "far_side:provider_unreachable", plain: "in_doubt:outcome_unknown"},
		"behind":       {status: 504, once: "far_side:provider_unreachable", plain: "in_doubt:outcome_unknown"},
		"cut":          {cut: true, once: "far_side:provider_unreachable", plain: "in_doubt:outcome_unknown"},
	} {
		f := newFar(t)
		f.status, f.body, f.header, f.cut = test.status, test.body, test.header, test.cut
		for _, once := range []bool{true, false} {
			p := f.poster(t)
			p.Once = once
			out, _, err := p.Send(t.Context(), said())
			want := test.plain
			if once {
				want = test.once
			}
			got := ""
			if e := errs.As(err); e != nil {
				got = e.Source.String() + ":" + e.Code
				if e.RetryAfter != test.retry {
					t.Errorf("%s: again after %s", name, e.RetryAfter)
				}
			}
			if got != want || once && (out.MessageID != test.id || out.Duplicate != test.duplicate) {
				t.Errorf("%s, once %v: %q %+v, want %q", name, once, got, out, want)
			}
		}
	}
}

func TestNotPosted(t *testing.T) {
	f := newFar(t)
	for name, test := range map[string]struct {
		change func(*outgoing.Poster, *channel.SendRequest)
		want   string
	}{
		"no address":      {func(p *outgoing.Poster, _ *channel.SendRequest) { p.URL = "" }, "rejected:no_address"},
		"suspect":         {func(p *outgoing.Poster, r *channel.SendRequest) { p.Once, r.Suspect = false, true }, "in_doubt:outcome_unknown"},
		"edit":            {func(_ *outgoing.Poster, r *channel.SendRequest) { r.Act = channel.Edit }, "rejected:act_unsupported"},
		"no files":        {func(p *outgoing.Poster, _ *channel.SendRequest) { p.Files = outgoing.FilesNone }, "rejected:files_off"},
		"large files":     {func(_ *outgoing.Poster, r *channel.SendRequest) { r.Content.Attachments[0].Size = 2 << 20 }, "rejected:file_too_large"},
		"another address": {func(p *outgoing.Poster, _ *channel.SendRequest) { p.URL = "http://169.254.169.254/x" }, "rejected:host_not_allowed"},
		"no file": {func(p *outgoing.Poster, _ *channel.SendRequest) {
			p.Fetch = func(context.Context, message.Attachment) ([]byte, error) {
				return nil, errs.Unavailable(errors.New("x"), "y")
			}
		}, "far_side:provider_unreachable"},
	} {
		p, r := f.poster(t), said()
		test.change(&p, &r)
		_, _, err := p.Send(t.Context(), r)
		if e := errs.As(err); e == nil || e.Source.String()+":"+e.Code != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if f.request != nil {
		t.Error("something was posted all the same")
	}
	gone := newFar(t)
	p := gone.poster(t)
	p.Once = false
	gone.Close()
	if _, _, err := p.Send(t.Context(), said()); errs.As(err) == nil || errs.As(err).Source != errs.FarSide {
		t.Errorf("nobody listens, so nothing was sent: %v", err)
	}
}

func TestActs(t *testing.T) {
	f := newFar(t)
	p := f.poster(t)
	p.Acts = []string{"edit", "recall", "typing"}
	r := said()
	r.Content.Attachments = nil
	for act, kind := range map[channel.Act]string{channel.Edit: "edit", channel.Recall: "recall"} {
		r.Act, r.Target = act, "m-9"
		if _, _, err := p.Send(t.Context(), r); err != nil || !strings.Contains(string(f.got), `"type":"`+kind+`"`) || !strings.Contains(string(f.got), `"message":"m-9"`) {
			t.Errorf("%s: %v %s", kind, err, f.got)
		}
	}
	signal := channel.SignalRequest{ConversationID: "cnv_1", Recipient: "u-1", Kind: channel.SignalTyping}
	if err := p.Signal(t.Context(), signal); err != nil || string(f.got) != `{"conversation":"cnv_1","recipient":"u-1","type":"typing"}` || f.request.Header.Get("Idempotency-Key") != "" {
		t.Errorf("typing: %v %s", err, f.got)
	}
	f.got = nil
	signal.Kind, signal.Target = channel.SignalRead, "m-1"
	if err := p.Signal(t.Context(), signal); err != nil || f.got != nil {
		t.Errorf("what it does not take was posted: %v %s", err, f.got)
	}
	f.status = 500
	signal.Kind = channel.SignalTyping
	if p.Signal(t.Context(), signal) == nil {
		t.Error("a signal that failed is not told")
	}
}
