package app_test

import (
	"bytes"
	"fmt"
	"image"
	"net/http"
	"reflect"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
)

// carried is a message with its files, as both sides see it.
type carried struct {
	Message *struct {
		Text        string
		Attachments []attachment
	}
}

// A picture and a file go both ways, with a message, and each side loads them
// by the addresses that came with it; twice no message takes the same.
func TestFilesGoBothWays(t *testing.T) {
	s := open(t, filesAllowed)
	photo := mediatest.Photo(1500, 900)
	visitor, member := s.senders()["visitor"], s.senders()["member"]
	theirs, err := visitor.send(t.Context(), "手机照片.jpg", photo, media.ChunkSize)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := member.send(t.Context(), "invoice.pdf", []byte("%PDF-1.4\n"), media.ChunkSize)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]any{"client_msg_id": "00000000-0000-7000-9000-000000000001", "text": "", "attachment_ids": []string{theirs.ID}}
	if _, err := s.asVisitor().Call(t.Context(), http.MethodPost, s.messages(), said, nil); err != nil {
		t.Fatal(err)
	}
	answered := map[string]any{"client_msg_id": "00000000-0000-7000-9000-000000000002", "kind": "text", "text": "your invoice", "attachment_ids": []string{ours.ID}}
	post := s.owner.At("/conversations/" + s.chat + "/messages")
	if _, err := s.owner.Call(t.Context(), http.MethodPost, post, answered, nil); err != nil {
		t.Fatal(err)
	}
	again := map[string]any{"client_msg_id": "00000000-0000-7000-9000-000000000003", "kind": "text", "text": "again", "attachment_ids": []string{ours.ID}}
	if _, err := s.owner.Call(t.Context(), http.MethodPost, post, again, nil); rig.ProblemOf(err) == nil || rig.ProblemOf(err).Code != "attachment.taken" {
		t.Errorf("the same file once more: %v", err)
	}
	if _, err := s.owner.Call(t.Context(), http.MethodDelete, s.owner.At("/uploads/upl"+ours.ID[3:]), nil, nil); rig.ProblemOf(err) == nil || rig.ProblemOf(err).Code != "attachment.taken" {
		t.Errorf("a file of a message is thrown away: %v", err)
	}

	agent, customer, feed := s.timeline(), s.changes(), s.events()
	for name, seen := range map[string][]attachment{"agent": agent, "customer": customer, "feed": feed} {
		if len(seen) != 2 || seen[0].ID != theirs.ID || seen[1].ID != ours.ID {
			t.Fatalf("the %s sees %+v", name, seen)
		}
	}
	// fetch and apply must meet: the same file has the same address everywhere.
	if !reflect.DeepEqual(agent, customer) || !reflect.DeepEqual(agent, feed) {
		t.Errorf("other views of the same:\n%+v\n%+v\n%+v", agent, customer, feed)
	}
	nobody := rig.NewAPI(s.server.URL())
	if file, err := nobody.Raw(t.Context(), http.MethodGet, agent[0].URL, nil); err != nil || !bytes.Equal(file.Body, photo) {
		t.Errorf("the photo: %v", err)
	}
	preview, err := nobody.Raw(t.Context(), http.MethodGet, agent[0].PreviewURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c, _, err := image.DecodeConfig(bytes.NewReader(preview.Body)); err != nil || c.Width != 1280 || c.Height != 768 {
		t.Errorf("the preview is %d × %d, %v", c.Width, c.Height, err)
	}
	if file, err := nobody.Raw(t.Context(), http.MethodGet, customer[1].URL, nil); err != nil || string(file.Body) != "%PDF-1.4\n" {
		t.Errorf("the invoice: %v", err)
	}
}

// files lists what messages carry.
func files(all []carried) []attachment {
	var out []attachment
	for _, c := range all {
		if c.Message != nil {
			out = append(out, c.Message.Attachments...)
		}
	}
	return out
}

func (s *site) timeline() []attachment {
	s.t.Helper()
	var list struct{ Items []carried }
	if _, err := s.owner.Call(s.t.Context(), http.MethodGet, s.owner.At("/conversations/"+s.chat+"/timeline"), nil, &list); err != nil {
		s.t.Fatal(err)
	}
	return files(list.Items)
}

func (s *site) changes() []attachment {
	s.t.Helper()
	var list struct{ Items []carried }
	if _, err := s.asVisitor().Call(s.t.Context(), http.MethodGet, fmt.Sprintf("%s/live/%s/changes", rig.Prefix, s.live.ID), nil, &list); err != nil {
		s.t.Fatal(err)
	}
	return files(list.Items)
}

func (s *site) events() []attachment {
	s.t.Helper()
	var list struct {
		Items []struct{ Change *carried }
	}
	if _, err := s.owner.Call(s.t.Context(), http.MethodGet, s.owner.At("/events?after=0&limit=200"), nil, &list); err != nil {
		s.t.Fatal(err)
	}
	var all []carried
	for _, e := range list.Items {
		if e.Change != nil {
			all = append(all, *e.Change)
		}
	}
	return files(all)
}
