package channeltest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

func (r *rig) post(req Request, replay bool) *pluginv1.HandleWebhookResponse {
	r.Helper()
	answer, err := r.Channel.HandleWebhook(r.Ctx(), &pluginv1.HandleWebhookRequest{
		WebhookId: "whk_" + req.Name, InstanceId: conformance.InstanceID, Method: conformance.Or(req.Method, "POST"), Path: conformance.Or(req.Path, "/"),
		Query: req.Query, Headers: header(req.Header), Body: []byte(req.Body), RemoteAddr: "192.0.2.1", Replay: replay,
	})
	if err != nil {
		r.Fatalf("%s: %v", req.Name, err)
	}
	return answer
}

func requests(r *rig) {
	for _, req := range r.subject.Requests {
		r.Run(conformance.Or(req.Name, "request"), func(t *testing.T) {
			r := r.in(t)
			first, again := r.post(req, false), r.post(req, true)
			if o := first.GetResult().GetOutcome(); o != pluginv1.Outcome_OUTCOME_ACCEPTED {
				r.Fatalf("it is not taken: %v (%s)", first.GetResult(), first.GetBody())
			}
			if status := first.GetStatus(); status != 0 && (status < 200 || status > 299) {
				r.Errorf("the far side is told %d", status)
			}
			if len(first.GetInbound()) == 0 {
				r.Error("it brings no message")
			}
			for _, m := range first.GetInbound() {
				if m.GetInstanceId() != conformance.InstanceID || !m.Named() {
					r.Errorf("a message without its instance, its id or its sender: %v", m)
				}
			}
			if !slices.Equal(ids(first), ids(again)) {
				r.Errorf("a replay brings other ids: %v, before %v", ids(again), ids(first))
			}
		})
	}
}

func ids(answer *pluginv1.HandleWebhookResponse) []string {
	var out []string
	for _, m := range answer.GetInbound() {
		out = append(out, m.GetExternalId())
	}
	return out
}

func refusals(r *rig) {
	for _, req := range r.subject.Refused {
		r.Run(conformance.Or(req.Name, "request"), func(t *testing.T) {
			r := r.in(t)
			answer := r.post(req, false)
			if answer.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_REJECTED || answer.GetStatus() < 400 || answer.GetStatus() > 499 {
				r.Errorf("it is answered with %d and %v", answer.GetStatus(), answer.GetResult())
			}
			if len(answer.GetInbound()) > 0 {
				r.Error("it brings messages all the same")
			}
		})
	}
}

// anyBytes posts what no far side would: nothing may panic, and nothing may be
// put off for ever as if trying again would help.
func anyBytes(r *rig) {
	bodies := []string{
		"", "{", "[]", "null", "0", `""`, "{}", `{"id":null}`, "\x00\x01\x02\xff\xfe", strings.Repeat("[", 10_000),
		strings.Repeat("a", 1<<20), "<xml/>", "a=b&c=%zz", "{\"id\":\"\xff\"}",
	}
	for i, body := range bodies {
		for _, method := range []string{"GET", "POST", "DELETE", ""} {
			req := Request{Name: fmt.Sprintf("bytes %d %s", i, method), Method: method, Path: "/%2e%2e/x", Query: "a=%zz&&=", Body: body}
			answer := r.post(req, false)
			if answer.GetResult().GetCode() == conformance.CodeFault {
				r.Errorf("%s (%.20q): %v", req.Name, body, answer.GetResult())
			}
		}
	}
	unknown, err := r.Channel.HandleWebhook(r.Ctx(), &pluginv1.HandleWebhookRequest{InstanceId: conformance.StrangerID, Method: "POST"})
	if err != nil || unknown.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_RETRY {
		r.Errorf("a request for an instance it was not told of: %v %v", unknown, err)
	}
}
