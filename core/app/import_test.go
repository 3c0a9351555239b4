package app_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestImportSurvivesKills ends the server with kill -9 in the middle of an
// import, again and again; in the end every row is there, once. make crash
// runs the long form: PATCHBAY_TEST_LONG=1.
func TestImportSurvivesKills(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a server in the middle of its work")
	}
	rows, people, kills, every := 4000, 3000, 3, 500
	if os.Getenv("PATCHBAY_TEST_LONG") == "1" {
		rows, people, kills, every = 20_000, 15_000, 8, 1500
	}
	s := open(t)
	var b strings.Builder
	b.WriteString("name,email\n")
	for n := range rows {
		fmt.Fprintf(&b, "n%d,n%d@example.com\n", n, n%people)
	}
	var i struct {
		ID, State string
		Position  int
		Counts    struct{ Create, Update, Skip, Error int }
	}
	path := s.owner.At("/imports")
	if _, err := s.owner.As("Content-Type", "text/csv").Raw(t.Context(), http.MethodPost, path, []byte(b.String())); err != nil {
		t.Fatal(err)
	}
	var list struct{ Items []struct{ ID string } }
	if _, err := s.owner.Call(t.Context(), http.MethodGet, path, nil, &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	path += "/" + list.Items[0].ID
	if _, err := s.owner.Call(t.Context(), http.MethodPost, path+"/run", nil, &i); err != nil {
		t.Fatal(err)
	}
	await := func(position int) {
		s.until(fmt.Sprintf("the import comes to row %d", position), func() bool {
			if _, err := s.owner.Call(t.Context(), http.MethodGet, path, nil, &i); err != nil {
				t.Fatal(err)
			}
			return i.Position >= position && (position < rows || i.State == "done")
		})
	}
	caught := 0
	for n := range kills {
		await((n + 1) * every)
		if i.State == "running" {
			caught++
		}
		s.server.Kill()
		s.start()
	}
	await(rows)
	if caught < kills {
		t.Errorf("%d of %d kills met a running import", caught, kills)
	}
	if i.Counts.Create != people || i.Counts.Update != rows-people || i.Counts.Error+i.Counts.Skip != 0 {
		t.Errorf("it counts %+v", i.Counts)
	}
	if n := s.contacts(); n != people+1 { // and the visitor
		t.Errorf("%d contacts are there", n)
	}
	var told struct {
		Items []struct {
			Kind   string
			Import struct {
				ID, State        string
				Created, Updated int
			}
		}
	}
	s.until("the owner is told", func() bool {
		if _, err := s.owner.Call(t.Context(), http.MethodGet, s.owner.At("/notifications"), nil, &told); err != nil {
			t.Fatal(err)
		}
		return len(told.Items) > 0
	})
	if n := told.Items[0]; len(told.Items) != 1 || n.Kind != "import_done" || n.Import.ID != list.Items[0].ID || n.Import.State != "done" ||
		n.Import.Created != people || n.Import.Updated != rows-people {
		t.Errorf("the owner is told %+v", told.Items)
	}
	s.sound()
}

// contacts counts all contacts.
func (s *site) contacts() int {
	s.t.Helper()
	n := 0
	for cursor := ""; ; {
		var p struct {
			Items []struct{ ID string } `json:"items"`
			Next  string                `json:"next_cursor"`
		}
		if _, err := s.owner.Call(s.t.Context(), http.MethodGet, s.owner.At("/contacts?limit=200&cursor="+cursor), nil, &p); err != nil {
			s.t.Fatal(err)
		}
		n += len(p.Items)
		if cursor = p.Next; cursor == "" {
			return n
		}
	}
}
