package crm_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/acmetest"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

func pull(t *testing.T, d *desk, cursor []byte) (got []connector.Record, next []byte) {
	t.Helper()
	for range 40 {
		answer, err := d.PullChanges(t.Context(), connector.PullChangesRequest{Instance: d.in, Object: "contact", Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		got, cursor = append(got, answer.Records...), answer.Cursor
		if !answer.More {
			return got, cursor
		}
	}
	t.Fatal("the pull does not end")
	return nil, nil
}

func names(records []connector.Record) string {
	var out []string
	for _, r := range records {
		out = append(out, r.Title)
	}
	return strings.Join(out, ",")
}

func TestPull(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	for i := range 130 {
		d.acme.Add("contacts", map[string]any{"name": fmt.Sprint("c", i)})
	}
	all, cursor := pull(t, d, nil)
	if len(all) != 130 || all[0].Title != "c0" || all[129].Title != "c129" {
		t.Fatalf("%d came: %s", len(all), names(all))
	}
	if again, _ := pull(t, d, cursor); len(again) > 0 {
		t.Errorf("nothing changed, and %s came", names(again))
	}
	d.acme.Change("contacts", all[3].ID, map[string]any{"name": "changed"})
	d.acme.Change("contacts", all[4].ID, map[string]any{"archived": true})
	// Committed late: its stamp lies before what was seen already.
	late := d.acme.Add("contacts", map[string]any{"name": "late"})
	d.acme.Change("contacts", late, map[string]any{"updated_at": all[129].UpdatedAt.Add(-10 * time.Millisecond).Format(time.RFC3339Nano)})
	changes, cursor := pull(t, d, cursor)
	if names(changes) != "late,changed,c4" || !changes[2].Deleted {
		t.Errorf("the changes are %s: %+v", names(changes), changes)
	}
	own, err := upsert(t, d, "own", "contact", all[5].ID, map[string]any{"name": "ours"})
	if err != nil || own.Record.Title != "ours" {
		t.Fatal(own, err)
	}
	changes, cursor = pull(t, d, cursor)
	if len(changes) > 0 {
		t.Errorf("our own write came back: %s", names(changes))
	}
	d.acme.Change("contacts", all[5].ID, map[string]any{"name": "theirs"})
	if changes, _ = pull(t, d, cursor); names(changes) != "theirs" {
		t.Errorf("theirs came as %s", names(changes))
	}
}

func TestPullTiesAndDisorder(t *testing.T) {
	const head = "updated_since: \"{{since}}\", after_id: \"{{since_id}}\", sort: \"updated_at,id\""
	stamp := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	fill := func(d *desk, n int, at string) {
		for i := range n {
			id := d.acme.Add("contacts", map[string]any{"name": fmt.Sprint("c", i)})
			if at != "" {
				d.acme.Change("contacts", id, map[string]any{"updated_at": at})
			}
		}
	}
	d := open(t, acmetest.New(t), guide(t))
	fill(d, 120, stamp)
	if all, _ := pull(t, d, nil); len(all) != 120 {
		t.Errorf("of 120 of one time %d came", len(all))
	}
	burst := open(t, acmetest.New(t), guide(t))
	fill(burst, 1500, "") // within the overlap, and more than a cursor has room for
	all, cursor := pull(t, burst, nil)
	if again, next := pull(t, burst, cursor); len(all) != 1500 || len(again) > 0 || len(cursor) > 8<<10 || len(next) > 8<<10 {
		t.Errorf("of a burst of 1500 came %d, then %d; the cursor has %d bytes", len(all), len(again), len(cursor))
	}
	for name, query := range map[string]string{
		"no way past one time": `updated_since: "{{since}}", sort: "updated_at,id"`,
		"no order":             `updated_since: "{{since}}"`,
	} {
		d := open(t, acmetest.New(t), strings.Replace(guide(t), head, query, 1))
		if name == "no order" {
			fill(d, 2, stamp)
			d.acme.Change("contacts", d.acme.Rows("contacts")[0]["id"].(string), map[string]any{"name": "newest"})
		} else {
			fill(d, 120, stamp)
		}
		var err error
		var cursor []byte
		for range 5 {
			var answer connector.PullChangesResponse
			if answer, err = d.PullChanges(t.Context(), connector.PullChangesRequest{Instance: d.in, Object: "contact", Cursor: cursor}); err != nil || !answer.More {
				break
			}
			cursor = answer.Cursor
		}
		if errs.As(err) == nil || errs.As(err).Code != "bad_mapping" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
