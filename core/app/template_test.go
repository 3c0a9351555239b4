package app_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// templateObjects are what a plan says, by kind and key.
type templateObjects map[string]struct {
	ID, Op, Reason string
}

// retail is the template that ships, on a running server.
type retail struct {
	*site
	answers obj
}

// ask asks a route of the workspace.
func (r *retail) ask(method, path string, in, out any) {
	r.t.Helper()
	if _, err := r.owner.Call(r.t.Context(), method, r.owner.At(path), in, out); err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// call asks a route of the template.
func (r *retail) call(method, path string, in, out any) {
	r.t.Helper()
	r.ask(method, "/templates/patchbay/template-retail/retail"+path, in, out)
}

// plan returns the hash of a plan and what it says.
func (r *retail) plan() (string, templateObjects) {
	r.t.Helper()
	return r.read(http.MethodPost, "/plan", obj{"locale": "zh-CN", "answers": r.answers})
}

func (r *retail) read(method, path string, in any) (string, templateObjects) {
	r.t.Helper()
	var plan struct {
		Hash    string
		Changes []struct{ Kind, Key, ID, Op, Reason string }
	}
	r.call(method, path, in, &plan)
	out := make(templateObjects)
	for _, c := range plan.Changes {
		out[c.Kind+"/"+c.Key] = struct{ ID, Op, Reason string }{c.ID, c.Op, c.Reason}
	}
	return plan.Hash, out
}

func (r *retail) do(path string, in obj) {
	r.t.Helper()
	var done struct {
		State  string
		Failed []json.RawMessage
	}
	r.call(http.MethodPost, path, in, &done)
	if done.State != "applied" {
		r.t.Errorf("%s ended as %s: %s", path, done.State, done.Failed)
	}
}

// all wants every object to have an operation and a reason, except those named.
func (r *retail) all(objects templateObjects, op, reason string, but ...string) {
	r.t.Helper()
	excused := make(map[string]bool)
	for _, name := range but {
		excused[name] = true
	}
	for name, c := range objects {
		if !excused[name] && (c.Op != op || c.Reason != reason) {
			r.t.Errorf("%s: %s, %s; want %s, %s", name, c.Op, c.Reason, op, reason)
		}
	}
}

// The template that ships makes everything it says, once, follows its answers,
// and leaves alone what people made or changed.
func TestRetailTemplate(t *testing.T) {
	r := &retail{site: open(t), answers: obj{"shop": "茶铺"}}
	mine := made{}
	r.ask(http.MethodPost, "/labels", obj{"name": "退货", "color": "#000000"}, &mine)

	hash, objects := r.plan()
	if len(objects) < 40 {
		t.Fatalf("the plan has %d objects", len(objects))
	}
	r.all(objects, "create", "new", "label/return")
	r.do("/apply", obj{"locale": "zh-CN", "answers": r.answers, "hash": hash})
	_, objects = r.plan()
	r.all(objects, "keep", "unchanged", "label/return")
	if c := objects["label/return"]; c.ID != mine.ID || c.Reason != "exists_already" {
		t.Errorf("the label that was there: %+v", c)
	}

	// A person changes a reply; then the shop promises more.
	r.ask(http.MethodPatch, "/canned/"+objects["canned_reply/bye"].ID, obj{"title": "再见"}, nil)
	r.answers = obj{"shop": "茶铺", "return_days": 30}
	hash, objects = r.plan()
	r.all(objects, "keep", "unchanged", "label/return", "canned_reply/bye", "canned_reply/return", "canned_reply/overdue")
	if c := objects["canned_reply/return"]; c.Op != "update" {
		t.Errorf("the reply with the days: %+v", c)
	}
	if c := objects["canned_reply/bye"]; c.Op != "keep" || c.Reason != "changed_by_person" {
		t.Errorf("the reply that a person changed: %+v", c)
	}
	r.do("/apply", obj{"locale": "zh-CN", "answers": r.answers, "hash": hash})

	hash, objects = r.read(http.MethodGet, "/removal", nil)
	r.all(objects, "delete", "removed", "label/return", "canned_reply/bye")
	r.do("/removal", obj{"hash": hash})
	var labels struct{ Items []made }
	r.ask(http.MethodGet, "/labels", nil, &labels)
	if len(labels.Items) != 1 || labels.Items[0] != mine {
		t.Errorf("labels are left: %+v", labels.Items)
	}
}
