package filters_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/filters"
	"github.com/patchbay-im/patchbay/core/view"
)

// spelled is a tree in which every value, and the key of every custom
// attribute, is spelled by somebody else.
func spelled(n filter.Node, text, key string, number float64, at time.Time) filter.Node {
	if n.Join != "" {
		n.Children = append([]filter.Node(nil), n.Children...)
		for i := range n.Children {
			n.Children[i] = spelled(n.Children[i], text, key, number, at)
		}
		return n
	}
	if n.Leaf.Field.Key != "" {
		n.Leaf.Field.Key = key
	}
	n.Leaf.Values = append([]filter.Value(nil), n.Leaf.Values...)
	for i := range n.Leaf.Values {
		v := &n.Leaf.Values[i]
		if n.Leaf.Field.Word == "" || v.Text != n.Leaf.Field.Word { // me and mine are words of ours
			v.Text = text
		}
		v.Number, v.Time, v.Ago = number, at, 0
	}
	return n
}

// sql compiles a tree and checks that every parameter is bound.
func sql(t *testing.T, driver db.Driver, n filter.Node, env filter.Env, me string) string {
	t.Helper()
	clause, err := filters.Conversations(driver, n.Plan(env), me)
	if err != nil {
		t.Fatalf("%+v: %v", n, err)
	}
	if marks := strings.Count(clause.SQL, "?"); marks != len(clause.Args) {
		t.Fatalf("%d of %d parameters are bound in %s", len(clause.Args), marks, clause.SQL)
	}
	return clause.SQL
}

// bounded is a number that a filter may hold.
func bounded(n float64) float64 {
	const most = 1 << 53
	if math.IsNaN(n) {
		return 0
	}
	return max(min(n, most), -most)
}

// FuzzCompile: the text of a query is the same whatever anybody wrote into a
// filter of that shape, on both systems; so none of it is theirs. raw is a
// filter as it comes; seed grows others from every operator of every field,
// and text, key and number are written into them. What is accepted is kept in
// a form that says the same when it is read again.
func FuzzCompile(f *testing.F) {
	reg := view.Fields(definitions())
	all := fields(reg)
	r := rand.New(rand.NewPCG(3, 5))
	hostile := []string{"x' OR 1=1 --", "\x00\xff", "?", "$1", `"; DROP TABLE conversation; --`, "%_\\", "${jndi}", "/**/", "\u202e", "'||(SELECT 1)||'"}
	for i, field := range all {
		for j, op := range field.Kind.Ops() {
			raw, err := json.Marshal(leaf(r, field, op))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw, uint64(i*100+j), hostile[(i+j)%len(hostile)], hostile[(i*j)%len(hostile)], float64(i)-0.5)
		}
	}
	f.Add([]byte(`{"not":{"and":[{"or":[{"field":"label","op":"has_any","value":["lab_1","lab_2"]}]},{"field":"assignee","op":"is","value":"me"}]}}`), uint64(1), "a", "b", 1.0)
	f.Add([]byte(`{"and":[]}`), uint64(2), "", "", -1e300)
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64, text, key string, number float64) {
		trees := []filter.Node{}
		if n, err := filter.Parse(raw, reg); err == nil {
			again, err := json.Marshal(n)
			if err != nil {
				t.Fatal(err)
			}
			same, err := filter.Parse(again, reg)
			if err != nil {
				t.Fatalf("%s is not accepted again: %v", again, err)
			}
			if twice, err := json.Marshal(same); err != nil || string(twice) != string(again) {
				t.Fatalf("%s becomes %s, %v", again, twice, err)
			}
			trees = append(trees, n)
		}
		grown, err := json.Marshal(tree(rand.New(rand.NewPCG(seed, 1)), all, 1))
		if err != nil {
			t.Fatal(err)
		}
		n, err := filter.Parse(grown, reg)
		if err != nil {
			t.Fatalf("%s: %v", grown, err)
		}
		trees = append(trees, n)
		// A whole number can be in a column of whole numbers, another cannot.
		like := 0.0
		if number = bounded(number); number != math.Trunc(number) {
			like = 0.5
		}
		at := time.UnixMicro(int64(seed >> 1))
		for _, n := range trees {
			for _, driver := range []db.Driver{db.SQLite, db.Postgres} {
				theirs := sql(t, driver, spelled(n, text, key, number, at), filter.Env{Now: at, Me: text, Teams: []string{key}}, text)
				ours := sql(t, driver, spelled(n, "x", "k", like, time.Unix(0, 0)), filter.Env{Now: time.Unix(0, 0), Me: "m", Teams: []string{"t"}}, "m")
				if theirs != ours {
					t.Errorf("%s: the query is\n%s\nand of another spelling\n%s", driver, theirs, ours)
				}
			}
		}
	})
}
