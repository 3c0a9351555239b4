package ledger_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/vouchers/ledger"
)

func open(t *testing.T, file string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledger.SQLite, file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// fresh opens a ledger whose file has a name that an address would have to
// escape.
func fresh(t *testing.T) *ledger.Ledger {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "a b?c=d%.db"))
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func stock(t *testing.T, l *ledger.Ledger, campaign string, n int) {
	t.Helper()
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("%s-%03d", campaign, i)
	}
	if added, refused, err := l.Import(t.Context(), campaign, lines, "mem_1", noon); err != nil || added != n || len(refused) > 0 {
		t.Fatalf("import: %d %v %v", added, refused, err)
	}
}

func request(id, contact string) ledger.Request {
	return ledger.Request{ID: id, Campaign: "thanks", Value: 1000, Currency: "EUR", Contact: contact, By: ledger.Giver{Kind: "agent", ID: "mem_1", Name: "Lin"}, At: noon}
}

// Two processes with several goroutines each give to many customers, each
// request twice: no code goes out twice, none is skipped, and a request gets one.
func TestEachCodeOnce(t *testing.T) {
	const codes, workers = 40, 4
	file := filepath.Join(t.TempDir(), "v.db")
	first := open(t, file)
	stock(t, first, "thanks", codes)
	all := []*ledger.Ledger{first, open(t, file)}
	var mu sync.Mutex
	got := make(map[string]map[string]bool) // by code: requests
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range codes {
				id := fmt.Sprintf("req-%02d", (i+w*7)%codes)
				g, err := all[w%2].Give(t.Context(), request(id, "con_"+id))
				if err != nil {
					t.Errorf("%s: %v", id, err)
					return
				}
				mu.Lock()
				if got[g.Code] == nil {
					got[g.Code] = make(map[string]bool)
				}
				got[g.Code][id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for code, ids := range got {
		if len(ids) != 1 {
			t.Errorf("%s was given to %v", code, ids)
		}
	}
	counts, err := first.Counts(t.Context())
	if err != nil || len(got) != codes || counts["thanks"] != (ledger.Count{Given: codes}) {
		t.Errorf("%d codes were given, %v %v", len(got), counts, err)
	}
	if _, err := first.Give(t.Context(), request("one-more", "con_x")); !errors.Is(err, ledger.ErrNoCodes) {
		t.Errorf("without a code: %v", err)
	}
}

// Several agents give to one customer at once: as many vouchers as allowed.
func TestOneCustomerAtOnce(t *testing.T) {
	l := fresh(t)
	stock(t, l, "thanks", 20)
	var wg sync.WaitGroup
	var mu sync.Mutex
	given, refused := 0, 0
	for i := range 8 {
		wg.Go(func() {
			r := request(fmt.Sprint("req-", i), "con_1")
			r.Most, r.Within = 2, time.Hour
			_, err := l.Give(t.Context(), r)
			mu.Lock()
			defer mu.Unlock()
			if _, soon := errors.AsType[*ledger.TooSoonError](err); soon {
				refused++
			} else if err == nil {
				given++
			} else {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if given != 2 || refused != 6 {
		t.Errorf("%d given, %d refused", given, refused)
	}
}

func TestLimits(t *testing.T) {
	l := fresh(t)
	stock(t, l, "thanks", 10)
	give := func(id string, at time.Time) error {
		r := request(id, "con_1")
		r.At, r.Most, r.Within = at, 1, 48*time.Hour
		_, err := l.Give(t.Context(), r)
		return err
	}
	if err := give("a", noon); err != nil {
		t.Fatal(err)
	}
	err := give("b", noon.Add(47*time.Hour))
	if e, ok := errors.AsType[*ledger.TooSoonError](err); !ok || !e.Last.Equal(noon) || !e.Until.Equal(noon.Add(48*time.Hour)) {
		t.Errorf("too soon: %v", err)
	}
	if soon, err := l.Allowed(t.Context(), "con_1", noon.Add(47*time.Hour), 1, 48*time.Hour); err != nil || soon == nil {
		t.Errorf("what is told before: %v %v", soon, err)
	}
	if err := give("a", noon.Add(time.Hour)); err != nil {
		t.Errorf("the same request again: %v", err)
	}
	if err := give("b", noon.Add(48*time.Hour)); err != nil {
		t.Errorf("after its time: %v", err)
	}
	if _, err := l.Give(t.Context(), request("a", "con_2")); !errors.Is(err, ledger.ErrReused) {
		t.Errorf("the id of another: %v", err)
	}
	if had, err := l.Of(t.Context(), "con_1", 10); err != nil || len(had) != 2 || had[0].ID != "b" || had[1].Code != "thanks-000" {
		t.Errorf("the customer has %+v %v", had, err)
	}
}

// What is refused is told by its line; everything else is there.
func TestImport(t *testing.T) {
	l := fresh(t)
	stock(t, l, "old", 1)
	long := strings.Repeat("长", ledger.MaxCode)
	lines := []string{"A1", " A2 ", "", "A1", "old-000", long, long + "x", "a\x00b", "tab\there", "two words", "\xff", "\u202eevil"}
	added, refused, err := l.Import(t.Context(), "new", lines, "mem_1", noon)
	if err != nil || added != 4 {
		t.Fatalf("%d were added: %v", added, err)
	}
	want := []ledger.Refused{
		{Line: 3, Why: ledger.Empty},
		{Line: 4, Why: ledger.Twice},
		{Line: 5, Why: ledger.Known, Campaign: "old"},
		{Line: 7, Why: ledger.TooLong},
		{Line: 8, Why: ledger.Characters},
		{Line: 9, Why: ledger.Characters},
		{Line: 11, Why: ledger.Characters},
		{Line: 12, Why: ledger.Characters},
	}
	if !slices.Equal(refused, want) {
		t.Errorf("refused: %+v", refused)
	}
	r := request("x", "con_1")
	r.Campaign = "new"
	if g, err := l.Give(t.Context(), r); err != nil || g.Code != "A1" {
		t.Errorf("the first is %+v %v", g, err)
	}
	if n, err := l.Discard(t.Context(), "new"); err != nil || n != 3 {
		t.Errorf("%d were discarded: %v", n, err)
	}
	if added, refused, err = l.Import(t.Context(), "new", []string{"A1", "A2"}, "mem_1", noon); err != nil || added != 1 || refused[0].Why != ledger.Known {
		t.Errorf("what was given cannot come again: %d %v %v", added, refused, err)
	}
}

func TestLists(t *testing.T) {
	l := fresh(t)
	stock(t, l, "thanks", 30)
	for i := range 25 {
		r := request(fmt.Sprintf("r%02d", i), fmt.Sprint("con_", i%5))
		r.At = noon.Add(time.Duration(i/3) * 24 * time.Hour) // several in one moment
		r.Note = map[bool]string{true: "100%_sure", false: "late parcel"}[i == 7]
		if _, err := l.Give(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for s := (ledger.Search{Limit: 4}); ; {
		page, err := l.Given(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page.Gifts {
			ids = append(ids, g.ID)
		}
		if s.Before = page.Next; page.Next == "" {
			break
		}
	}
	if len(ids) != 25 || ids[0] != "r24" || ids[24] != "r00" || !slices.IsSortedFunc(ids, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("paged: %v", ids)
	}
	for text, n := range map[string]int{"PARCEL": 24, "%_s": 1, "THANKS-00": 10, "lin": 25, "con_4": 5, "nobody": 0, "\\": 0} {
		if page, err := l.Given(t.Context(), ledger.Search{Text: text, Limit: 100}); err != nil || len(page.Gifts) != n {
			t.Errorf("%q finds %d %v, want %d", text, len(page.Gifts), err, n)
		}
	}
	sums, err := l.Sums(t.Context(), noon, noon.Add(48*time.Hour))
	if err != nil || !slices.Equal(sums, []ledger.Sum{{Campaign: "thanks", Currency: "EUR", Gifts: 6, Value: 6000}}) {
		t.Errorf("sums: %+v %v", sums, err)
	}
}

func TestNoDatabase(t *testing.T) {
	if _, err := ledger.Open(t.Context(), "oracle", "x"); err == nil {
		t.Error("a driver that is not there")
	}
	if _, err := ledger.Open(t.Context(), ledger.SQLite, filepath.Join(t.TempDir(), "not", "there.db")); err == nil {
		t.Error("a folder that is not there")
	}
}

// Merges are followed over any number of steps and taken back; what is forgotten
// stays given.
func TestPeople(t *testing.T) {
	l, ctx := fresh(t), t.Context()
	stock(t, l, "thanks", 3)
	if _, err := l.Give(ctx, request("r1", "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Give(ctx, request("r2", "z")); err != nil {
		t.Fatal(err)
	}
	of := func(contact string) int {
		t.Helper()
		had, err := l.Of(ctx, contact, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(had)
	}
	for _, step := range []struct {
		contact, into string
		c             int // vouchers of c
	}{{"a", "b", 0}, {"b", "c", 1}, {"c", "a", 1}, {"c", "", 1}, {"b", "", 0}, {"b", "c", 1}} {
		if err := l.Merge(ctx, step.contact, step.into); err != nil {
			t.Fatal(err)
		}
		if n := of("c"); n != step.c {
			t.Errorf("%+v: c has %d", step, n)
		}
	}
	for contact, want := range map[string]bool{"a": true, "b": true, "c": true, "z": true, "y": false, "": false} {
		if known, err := l.Knows(ctx, contact); err != nil || known != want {
			t.Errorf("knows %q: %v %v", contact, known, err)
		}
	}
	if list, err := l.Contacts(ctx, "a", 2); err != nil || !slices.Equal(list, []string{"b", "c"}) {
		t.Errorf("contacts: %v %v", list, err)
	}
	for range 2 {
		if err := l.Forget(ctx, "a"); err != nil {
			t.Fatal(err)
		}
	}
	counts, err := l.Counts(ctx)
	if err != nil || of("a")+of("b")+of("c")+of("") != 0 || counts["thanks"].Given != 2 {
		t.Errorf("after a was forgotten: %+v %v", counts, err)
	}
}
