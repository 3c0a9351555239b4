package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/contacttest"
	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/journey/journeytest"
)

// contactThings makes what hangs on a contact, for the parameters of a path.
func (s *site) contactThings(values map[string]string, w identity.WorkspaceID, of contact.ID) {
	s.Helper()
	ids := id.NewSource(time.Now)
	note := contact.Note{Workspace: w, ID: contact.NoteID(ids.New("nte")), Contact: of, Text: "a note", CreatedAt: time.Now()}
	s.OK(s.fake.Contacts.AddNote(s.Context(), note))
	org := contact.Organisation{Workspace: w, ID: contact.OrganisationID(ids.New("org")), Name: "An organisation"}
	s.OK(s.fake.Contacts.AddOrganisation(s.Context(), org))
	i := importing.Import{Workspace: w, ID: importing.ID(ids.New("imp")), State: importing.Uploaded, Match: importing.ByNothing, OnMatch: importing.Update}
	i.Columns, i.Mapping = []importing.Column{{Header: "name"}}, map[int]importing.Field{0: importing.Name}
	s.OK(s.imports.Create(s.Context(), i, []byte("name\nx\n")))
	values["import"] = string(i.ID)
	values["note"], values["organisation"], values["merge"] = string(note.ID), string(org.ID), string(s.merged(w))
}

// merged makes two contacts and merges them.
func (s *site) merged(w identity.WorkspaceID) contact.MergeID {
	s.Helper()
	ids := id.NewSource(time.Now)
	one, other := contact.ID(ids.New("con")), contact.ID(ids.New("con"))
	for _, c := range []contact.ID{one, other} {
		s.OK(s.fake.Contacts.Add(s.Context(), contact.Contact{Workspace: w, ID: c, Name: string(c)}))
	}
	scope := identity.Scope{Workspace: w, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: identity.RoleAgent}}
	m, _, err := contact.NewMerging(s.fake.Contacts, s.fake.Contacts, time.Now).Merge(s.Context(), scope, one, other)
	s.OK(err)
	return m.ID
}

func (s *site) people() httpapi.People {
	store := s.fake.Contacts
	s.imports = contacttest.NewImports(store)
	return httpapi.People{
		Contacts: contact.NewService(contact.Deps{
			Store: store, Organisations: store, Attributes: contacttest.Attributes{"plan": "text"}, Now: s.now,
		}),
		ContactNotes: contact.NewNotes(store, s.now), Organisations: contact.NewOrganisations(store, s.now),
		Pages: contact.NewPages(store, s.now), Merging: contact.NewMerging(store, store, s.now),
		Journeys: journey.NewService(journeytest.Fake{Conversations: s.fake}),
		Imports:  importing.NewService(importing.Deps{Store: s.imports, Desk: s.imports, Attributes: contacttest.Attributes{}, Now: s.now}),
	}
}

func TestContacts(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.signIn(s.Owner)
	base := "/api/v1/workspaces/" + string(s.WS)
	ask := func(want int, method, path, body string) answer {
		t.Helper()
		a := s.ask(method, base+path, body, "Cookie", cookie)
		if a.StatusCode != want {
			t.Fatalf("%s %s answers %d %s", method, path, a.StatusCode, a.text)
		}
		return a
	}
	a := ask(http.StatusCreated, http.MethodPost, "/organisations", `{"name":"Tea House","domains":["Tea.example"]}`)
	org := idOf(t, a)
	ask(http.StatusConflict, http.MethodPost, "/organisations", `{"name":"Other","domains":["tea.example"]}`)
	ask(http.StatusUnprocessableEntity, http.MethodPost, "/organisations", `{"name":" "}`)
	a = ask(http.StatusCreated, http.MethodPost, "/contacts", `{"name":"王芳","email":"Wang@Tea.example","phone":"+86 138-1234-5678","attributes":{"plan":"pro"}}`)
	con := idOf(t, a)
	for _, want := range []string{`"email":"wang@tea.example"`, `"phone":"+8613812345678"`, `"plan":"pro"`, `"verified":false`} {
		if !strings.Contains(a.text, want) {
			t.Errorf("no %s in %s", want, a.text)
		}
	}
	if a := ask(http.StatusOK, http.MethodGet, "/contacts/"+con+"/organisation-suggestion", ""); !strings.Contains(a.text, org) {
		t.Errorf("suggested %s", a.text)
	}
	a = ask(http.StatusOK, http.MethodPatch, "/contacts/"+con, `{"organisation_id":"`+org+`","attributes":{"plan":null}}`)
	if !strings.Contains(a.text, `"organisation":{"id":"`+org+`","name":"Tea House"}`) || strings.Contains(a.text, "plan") {
		t.Errorf("changed to %s", a.text)
	}
	ask(http.StatusUnprocessableEntity, http.MethodPatch, "/contacts/"+con, `{"organisation_id":"org_none"}`)
	ask(http.StatusUnprocessableEntity, http.MethodPatch, "/contacts/"+con, `{"attributes":{"plan":1}}`)
	ask(http.StatusUnprocessableEntity, http.MethodPost, "/contacts", `{}`)
	if a := ask(http.StatusOK, http.MethodGet, "/contacts?organisation="+org+"&sort=name_asc", ""); !strings.Contains(a.text, con) {
		t.Errorf("of the organisation: %s", a.text)
	}
	note := idOf(t, ask(http.StatusCreated, http.MethodPost, "/contacts/"+con+"/notes", `{"text":"likes oolong"}`))
	ask(http.StatusOK, http.MethodPatch, "/contacts/"+con+"/notes/"+note, `{"text":"likes pu'er"}`)
	if a := ask(http.StatusOK, http.MethodGet, "/contacts/"+con+"/notes", ""); !strings.Contains(a.text, "pu'er") || strings.Contains(a.text, "oolong") {
		t.Errorf("notes %s", a.text)
	}
	ask(http.StatusNoContent, http.MethodDelete, "/contacts/"+con+"/notes/"+note, "")
	ask(http.StatusNotFound, http.MethodDelete, "/contacts/"+con+"/notes/"+note, "")
	ask(http.StatusNoContent, http.MethodDelete, "/organisations/"+org, "")
	if a := ask(http.StatusOK, http.MethodGet, "/contacts/"+con, ""); strings.Contains(a.text, "organisation") {
		t.Errorf("after its organisation went: %s", a.text)
	}
}

// idOf returns the id of an answer's object.
func idOf(t *testing.T, a answer) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.text), &object); err != nil {
		t.Fatalf("%v: %s", err, a.text)
	}
	text, _ := object["id"].(string)
	return text
}
