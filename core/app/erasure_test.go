package app_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/media"
)

// canaries are words that nothing but one contact's data has.
type canaries struct{ all []string }

func (c *canaries) word(of string) string {
	w := fmt.Sprintf("zq%sxk%04d", of, 7000+len(c.all))
	c.all = append(c.all, w)
	return w
}

// found lists the canaries that any file of a folder holds, with the file.
func (c *canaries) found(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	must(t, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		data = bytes.ToLower(data)
		for _, w := range c.all {
			if bytes.Contains(data, []byte(w)) {
				out = append(out, filepath.Base(name)+": "+w)
			}
		}
		return nil
	}))
	return out
}

// TestErasureLeavesNoTrace: words that stand in every field of a contact are in
// no byte of the data folder after it was erased, and a backup from before,
// restored, is erased again by the list.
func TestErasureLeavesNoTrace(t *testing.T) {
	d := drill(t)
	var c canaries
	person := d.person(&c)
	bystander := d.chat
	kept := d.content()
	for name := range kept {
		if strings.HasPrefix(name, person.conversation) || strings.HasPrefix(name, person.file) {
			delete(kept, name)
		}
	}
	d.indexed(c.all[0])
	before := d.backup("before.age")
	if got := c.found(t, d.options.DataDir); len(got) < len(c.all) {
		t.Fatalf("the test sees too little: %v of %v", got, c.all)
	}
	var took struct {
		Counts struct{ Conversations, Messages, Files, Notes, Identities, Sessions int }
	}
	erase := d.owner.At("/contacts/" + person.contact + "/erase")
	if _, err := d.owner.Call(t.Context(), http.MethodPost, erase, map[string]string{"confirm": person.email}, &took); err != nil {
		t.Fatal(err)
	}
	if n := took.Counts; n.Conversations != 1 || n.Messages < 4 || n.Files != 1 || n.Notes != 1 || n.Identities != 1 || n.Sessions != 1 {
		t.Errorf("it took %+v", n)
	}
	d.scrubbed(person.contact)
	list := d.traceless(&c, person)
	same(t, "of everybody else", d.content(), kept)
	if _, err := d.owner.Call(t.Context(), http.MethodGet, d.owner.At("/conversations/"+bystander+"/timeline"), nil, nil); err != nil {
		t.Errorf("the neighbour's conversation: %v", err)
	}
	d.sound()

	d.lose()
	if out, err := d.run("restore", before, "--identity", d.identity, "--erasures", list); err != nil || !strings.Contains(out, "1 of 1") {
		t.Fatalf("%v\n%s", err, out)
	}
	d.start()
	d.scrubbed(person.contact)
	d.traceless(&c, person)
}

// trace is where the person of a test is.
type trace struct{ contact, conversation, email, file string }

// person makes a contact with a canary in every field that there is.
func (d *drilled) person(c *canaries) trace {
	d.t.Helper()
	ctx := d.t.Context()
	visitor := d.admit()
	api := rig.NewAPI(d.server.URL()).As("Authorization", "Bearer "+visitor.Token)
	call := func(by rig.API, method, path string, in, out any) {
		d.t.Helper()
		if _, err := by.Call(ctx, method, path, in, out); err != nil {
			d.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	file, err := sender{api, rig.Prefix + "/live/" + d.live.ID + "/uploads"}.send(ctx, c.word("name")+".txt", []byte(c.word("bytes")), media.ChunkSize)
	must(d.t, err)
	call(api, http.MethodPost, d.messages(), map[string]any{"client_msg_id": "00000000-0000-7000-9100-000000000001", "text": "my name is " + c.word("said"), "attachment_ids": []string{file.ID}}, nil)
	call(api, http.MethodPost, d.messages(), map[string]any{"client_msg_id": "00000000-0000-7000-9100-000000000002", "text": strings.Repeat(c.word("long")+" ", 120)}, nil)
	var list struct{ Items []rig.Conversation }
	call(d.owner.API, http.MethodGet, d.owner.At("/conversations"), nil, &list)
	var chat rig.Conversation
	for _, one := range list.Items {
		if one.ID != d.chat {
			chat = one
		}
	}
	conversation := d.owner.At("/conversations/" + chat.ID)
	for n, kind := range []string{"text", "note"} {
		call(d.owner.API, http.MethodPost, conversation+"/messages", map[string]any{"client_msg_id": fmt.Sprintf("00000000-0000-7000-9200-%012d", n), "kind": kind, "text": c.word(kind) + " " + d.secret[:4]}, nil)
	}
	call(d.owner.API, http.MethodPut, conversation+"/draft", map[string]any{"text": c.word("draft"), "kind": "text", "rev": 0}, nil)
	call(d.owner.API, http.MethodPost, conversation+"/scheduled", map[string]any{"client_msg_id": "00000000-0000-7000-9300-000000000001", "text": c.word("later"), "send_at": time.Now().Add(time.Hour)}, nil)
	contact := d.owner.At("/contacts/" + chat.Contact.ID)
	email := c.word("mail") + "@example.com"
	for range 3 { // what is written over must go too
		call(d.owner.API, http.MethodPatch, contact, map[string]any{"name": c.word("named"), "email": c.word("was") + "@example.com", "note": c.word("remark"), "external_id": c.word("number")}, nil)
	}
	call(d.owner.API, http.MethodPatch, contact, map[string]any{"email": email, "phone": "+8613800138000"}, nil)
	call(d.owner.API, http.MethodPost, contact+"/notes", map[string]any{"text": c.word("noted")}, nil)
	return trace{contact: chat.Contact.ID, conversation: chat.ID, email: email, file: file.ID}
}

// indexed waits until a word is found by searching.
func (d *drilled) indexed(word string) {
	d.t.Helper()
	d.until(word+" is found", func() bool {
		a, err := d.owner.Raw(d.t.Context(), http.MethodGet, d.owner.At("/search?q="+url.QueryEscape(word)), nil)
		return err == nil && bytes.Contains(bytes.ToLower(a.Body), []byte(word))
	})
}

// scrubbed waits until the erasure says that nothing is left.
func (d *drilled) scrubbed(contact string) {
	d.t.Helper()
	d.until("the erasure finishes", func() bool {
		var list struct {
			Items []struct {
				ContactID  string     `json:"contact_id"`
				FinishedAt *time.Time `json:"finished_at"`
			}
		}
		if _, err := d.owner.Call(d.t.Context(), http.MethodGet, d.owner.At("/erasures"), nil, &list); err != nil {
			d.t.Fatal(err)
		}
		return len(list.Items) == 1 && list.Items[0].ContactID == contact && list.Items[0].FinishedAt != nil
	})
}

// traceless looks for canaries in every byte, and for the contact by REST. It
// returns a copy of the list of erasures.
func (d *drilled) traceless(c *canaries, person trace) string {
	d.t.Helper()
	if got := c.found(d.t, d.options.DataDir); len(got) > 0 {
		d.t.Errorf("left: %v", got)
	}
	if got, _ := filepath.Glob(filepath.Join(d.options.DataDir, "media", "*", "*", person.file+"*")); len(got) > 0 {
		d.t.Errorf("left: %v", got)
	}
	for _, path := range []string{"/contacts/" + person.contact, "/conversations/" + person.conversation, "/conversations/" + person.conversation + "/timeline"} {
		if _, err := d.owner.Call(d.t.Context(), http.MethodGet, d.owner.At(path), nil, nil); rig.ProblemOf(err) == nil || rig.ProblemOf(err).Status != http.StatusNotFound {
			d.t.Errorf("%s: %v", path, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(d.options.DataDir, "erasures.jsonl"))
	must(d.t, err)
	list := filepath.Join(d.dir, "erasures.jsonl")
	must(d.t, os.WriteFile(list, text, 0o600))
	return list
}
