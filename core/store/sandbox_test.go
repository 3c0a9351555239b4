package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/sandbox"
	"github.com/patchbay-im/patchbay/core/store"
)

// yard is a workspace with sandboxes, and what was asked of their surroundings.
type yard struct {
	*testing.T
	store   *store.Store
	raw     *sql.DB
	dollars bool // parameters are $1, $2
	use     *sandbox.Service
	home    identity.Scope
	at      time.Time
	source  string // of the database
	folder  string // of plugins

	filled, shut, unindexed []identity.WorkspaceID
	thrown                  []string
	full                    func(sandbox.Sandbox) error // nil: filling works
	rest                    func()                      // nil: nobody rests
}

// TestSandbox runs each case on both systems.
func TestSandbox(t *testing.T) {
	for name, from := range map[string]func(*testing.T) source{"sqlite": lite, "postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			empty := from(t)
			for name, run := range map[string]func(*yard){
				"made": (*yard).made, "limits": (*yard).limits, "every table": (*yard).everyTable, "reset keeps": (*yard).resetKeeps,
				"goes on after a crash": (*yard).goesOn, "unused": (*yard).unused, "audit log": (*yard).auditLog, "databases of plugins": (*yard).databases, "what plugins kept": (*yard).expires, "nothing is written": (*yard).closed,
			} {
				t.Run(name, func(t *testing.T) { run(newYard(t, empty(t))) })
			}
		})
	}
}

func newYard(t *testing.T, c store.Config) *yard {
	t.Helper()
	driver := "sqlite"
	if c.Driver == store.Postgres {
		driver = "pgx"
	}
	raw, err := sql.Open(driver, c.Source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	y := &yard{T: t, store: open(t, c), raw: raw, dollars: driver == "pgx", at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), source: c.Source, folder: t.TempDir()}
	y.home = y.found("acc_home", "wsp_home", "mem_home")
	y.use = y.node(sandbox.Limits{PerMember: 1, PerWorkspace: 2, Idle: 30 * 24 * time.Hour})
	return y
}

// node is the use cases of one more node.
func (y *yard) node(l sandbox.Limits) *sandbox.Service {
	ids := y.store.Identities()
	return sandbox.NewService(sandbox.Deps{
		Store: y.store.Sandboxes(), People: seats{ids.Members, ids.Workspaces}, Limits: l,
		Fill: func(_ context.Context, x sandbox.Sandbox) error {
			if y.full != nil {
				return y.full(x)
			}
			y.filled = append(y.filled, x.ID)
			return nil
		},
		Shut: func(_ context.Context, w identity.WorkspaceID) { y.shut = append(y.shut, w) },
		Unindex: func(_ context.Context, w identity.WorkspaceID) error {
			y.unindexed = append(y.unindexed, w)
			return nil
		},
		Discard: func(export string) error { y.thrown = append(y.thrown, export); return nil },
		Bury:    func(context.Context) error { return nil },
		Rest: func(_ context.Context, d time.Duration) {
			y.at = y.at.Add(d)
			if y.rest != nil {
				y.rest()
			}
		},
		Now: func() time.Time { return y.at }, Log: slog.New(slog.DiscardHandler),
	})
}

type seats struct {
	identity.MemberStore
	identity.WorkspaceStore
}

func (y *yard) ok(err error) {
	y.Helper()
	if err != nil {
		y.Fatal(err)
	}
}

// found founds a workspace and returns its owner's scope.
func (y *yard) found(account, workspace, member string) identity.Scope {
	y.Helper()
	a := identity.Account{ID: identity.AccountID(account), Email: account + "@example.com", Name: "Olga", Locale: "en", CreatedAt: y.at, UpdatedAt: y.at}
	w := identity.Workspace{ID: identity.WorkspaceID(workspace), Name: "Home", Locale: "en", Settings: identity.NewSettings(), CreatedAt: y.at, UpdatedAt: y.at}
	m := identity.Member{Workspace: w.ID, ID: identity.MemberID(member), Account: a.ID, Name: a.Name, Role: identity.RoleOwner, Capacity: 5, CreatedAt: y.at, UpdatedAt: y.at}
	y.ok(y.store.Identities().Setup.Found(y.Context(), identity.Founding{Account: a, Workspace: w, Owner: m}))
	return scopeOf(m)
}

func scopeOf(m identity.Member) identity.Scope {
	return identity.Scope{Workspace: m.Workspace, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m.ID), Name: m.Name, Role: m.Role}}
}

// joined adds a member to home.
func (y *yard) joined(name string) identity.Scope {
	y.Helper()
	a := identity.Account{ID: identity.AccountID("acc_" + name), Email: name + "@example.com", Name: name, Locale: "en", CreatedAt: y.at, UpdatedAt: y.at}
	m := identity.Member{Workspace: y.home.Workspace, ID: identity.MemberID("mem_" + name), Account: a.ID, Name: name, Role: identity.RoleAdministrator, Capacity: 5, CreatedAt: y.at, UpdatedAt: y.at}
	y.ok(y.store.Identities().Members.AddMember(y.Context(), identity.Joining{Account: a, NewAccount: true, Member: m}))
	return scopeOf(m)
}

func (y *yard) make(by identity.Scope) sandbox.Sandbox {
	y.Helper()
	x, err := y.use.Make(y.Context(), by, sandbox.Draft{})
	y.ok(err)
	return x
}

// fails wants an error of a code.
func (y *yard) fails(err error, code string) {
	y.Helper()
	if err == nil || errs.As(err).Code != code {
		y.Errorf("the error is %v, and must be %s", err, code)
	}
}

func (y *yard) made() {
	x := y.make(y.home)
	if x.State != sandbox.Ready || x.Name != "Sandbox · Olga" || x.FilledAt.IsZero() || !slices.Equal(y.filled, []identity.WorkspaceID{x.ID}) || !x.DueAt.IsZero() {
		y.Errorf("made: %+v, filled %v", x, y.filled)
	}
	if end := y.use.EndsAt(x); !end.Equal(y.at.AddDate(0, 0, 30)) {
		y.Errorf("it ends at %v", end)
	}
	w, err := y.store.Identities().Workspaces.Workspace(y.Context(), x.ID)
	y.ok(err)
	if w.Parent != y.home.Workspace || !w.Sandbox() || w.Settings != identity.NewSettings() {
		y.Errorf("its workspace is %+v", w)
	}
	owner, err := y.store.Identities().Members.MemberOf(y.Context(), x.ID, "acc_home")
	y.ok(err)
	if owner.Role != identity.RoleOwner || owner.Name != "Olga" {
		y.Errorf("its owner is %+v", owner)
	}
	// Another workspace's is none.
	other := y.found("acc_other", "wsp_other", "mem_other")
	for _, id := range []identity.WorkspaceID{x.ID, "wsp_none", other.Workspace} {
		_, err = y.use.Get(y.Context(), other, id)
		y.fails(err, "not_found")
		_, err = y.use.Reset(y.Context(), other, id)
		y.fails(err, "not_found")
		y.fails(y.use.Delete(y.Context(), other, id), "not_found")
	}
	_, err = y.use.List(y.Context(), y.home.Only(identity.WorkspaceRead))
	y.fails(err, "forbidden")
}

func (y *yard) limits() {
	x := y.make(y.home)
	_, err := y.use.Make(y.Context(), y.home, sandbox.Draft{})
	y.fails(err, "sandbox.yours_exists")
	emma, ben := y.joined("emma"), y.joined("ben")
	y.make(emma)
	_, err = y.use.Make(y.Context(), ben, sandbox.Draft{})
	y.fails(err, "sandbox.too_many")
	y.ok(y.use.Delete(y.Context(), emma, x.ID)) // whoever may make them may
	y.make(ben)
	for _, bad := range []string{"\xff", "a\x00b", strings.Repeat("x", 101)} {
		_, err = y.use.Make(y.Context(), y.home, sandbox.Draft{Name: bad})
		y.fails(err, "request.invalid")
	}
}

// table is a table of the database with its columns.
type table struct {
	name    string
	columns []string
	types   map[string]string
}

// tables lists those with rows of workspaces, and others than the plan's.
func (y *yard) tables() []table {
	y.Helper()
	query := `SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND c.hidden = 0 ORDER BY m.rowid, c.cid`
	if y.dollars {
		query = `SELECT c.table_name, c.column_name, upper(c.data_type) FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' ORDER BY c.table_name, c.ordinal_position`
	}
	rows, err := y.raw.QueryContext(y.Context(), query)
	y.ok(err)
	defer func() { _ = rows.Close() }()
	var out []table
	for rows.Next() {
		var name, column, kind string
		y.ok(rows.Scan(&name, &column, &kind))
		if len(out) == 0 || out[len(out)-1].name != name {
			out = append(out, table{name: name, types: map[string]string{}})
		}
		t := &out[len(out)-1]
		t.columns, t.types[column] = append(t.columns, column), kind
	}
	y.ok(rows.Err())
	return slices.DeleteFunc(out, func(t table) bool {
		return t.types["workspace_id"] == "" || t.name == "workspace" || t.name == "sandbox"
	})
}

// stuff puts n rows into every table of a workspace. A text of row i is the same
// everywhere, so that every reference finds its row.
func (y *yard) stuff(w identity.WorkspaceID, n int) {
	y.Helper()
	for i := range n {
		name := fmt.Sprintf("%s_%d", w, i)
		y.exec(`INSERT INTO account (account_id, email, name, locale, password_hash, created_at, updated_at) VALUES (?, ?, '', 'en', '', 1, 1)`, name, name)
		left := y.tables()
		for len(left) > 0 {
			var later []table
			var last error
			for _, t := range left {
				if err := y.insert(t, w, name, 1000+i); err != nil { // what it refers to is not there yet
					later, last = append(later, t), fmt.Errorf("%s: %w", t.name, err)
				}
			}
			if len(later) == len(left) {
				y.Fatalf("no row goes into %d tables: %v", len(left), last)
			}
			left = later
		}
	}
}

func (y *yard) insert(t table, w identity.WorkspaceID, text string, number int) error {
	var marks []string
	var values []any
	for _, c := range t.columns {
		var v any = number
		switch kind := t.types[c]; {
		case c == "workspace_id":
			v = string(w)
		case t.name == "audit_head" && c == "base", c == "due_at" && t.name != "ticket", c == "lease_until":
			v = 0
		case kind == "TEXT":
			v = text
		case kind == "BLOB", kind == "BYTEA":
			v = []byte(text)
		case kind == "BOOLEAN":
			v = false
		}
		values = append(values, v)
		marks = append(marks, "?")
	}
	_, err := y.raw.ExecContext(y.Context(), y.bind(`INSERT INTO `+t.name+` (`+strings.Join(t.columns, ", ")+`) VALUES (`+strings.Join(marks, ", ")+`)`), values...)
	if err != nil && (number > 1000 || t.name == "audit_head") && slices.Contains(alone(), t.name) {
		return nil
	}
	if err == nil && t.name == "session" { // what push_waiting refers to is of no workspace
		y.exec(`INSERT INTO push_subscription (session_id, account_id, endpoint_hash, sealed, say, since, sent_at, code, failures, rest_until, paced, claimed_until)
VALUES (?, ?, ?, '', '', 1, 0, '', 0, 0, 0, 0)`, text, text, text)
	}
	return err
}

// alone lists the tables that have one row of a workspace.
func alone() []string {
	return []string{"audit_head", "webhook_cursor", "notification_cursor", "retention_policy", "sign_in_policy", "dispatch_policy", "dispatch_term", "routing", "alert_rules"}
}

func (y *yard) bind(query string) string {
	if !y.dollars {
		return query
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (y *yard) exec(query string, args ...any) {
	y.Helper()
	_, err := y.raw.ExecContext(y.Context(), y.bind(query), args...)
	y.ok(err)
}

// count returns how many rows each table has of a workspace, without those that
// have none.
func (y *yard) count(w identity.WorkspaceID) map[string]int {
	y.Helper()
	out := map[string]int{}
	for _, t := range y.tables() {
		var n int
		y.ok(y.raw.QueryRowContext(y.Context(), y.bind(`SELECT COUNT(*) FROM `+t.name+` WHERE workspace_id = ?`), string(w)).Scan(&n))
		if n > 0 {
			out[t.name] = n
		}
	}
	return out
}

// everyTable fills every table that there is, and wants the deleted sandbox's
// rows gone from all but those that are named, and all others there.
func (y *yard) everyTable() {
	x := y.make(y.home)
	neighbour := y.found("acc_next", "wsp_next", "mem_next").Workspace
	y.stuff(x.ID, 3)
	y.stuff(neighbour, 2)
	before := y.count(neighbour)
	if n := len(y.count(x.ID)); n < 70 || n != len(y.tables()) {
		y.Fatalf("%d of %d tables hold rows of the sandbox", n, len(y.tables()))
	}
	y.ok(y.use.Delete(y.Context(), y.home, x.ID))
	y.ok(y.use.Work(y.Context()))
	left := y.count(x.ID)
	for name := range left {
		if !slices.Contains([]string{"audit_row", "audit_head", "retention_file", "plugin_database"}, name) { // the last until it is swept
			y.Errorf("%s has %d rows of the deleted sandbox", name, left[name])
		}
	}
	if left["retention_file"] != 3 || left["audit_row"] < 4 {
		y.Errorf("left are %v", left)
	}
	if after := y.count(neighbour); fmt.Sprint(after) != fmt.Sprint(before) {
		y.Errorf("another workspace had %v and has %v", before, after)
	}
	all, err := y.use.List(y.Context(), y.home)
	y.ok(err)
	if len(all) != 0 || !slices.Contains(y.unindexed, x.ID) || len(y.thrown) < 3 || !slices.Contains(y.shut, x.ID) {
		y.Errorf("listed %v, unindexed %v, thrown %v, shut %v", all, y.unindexed, y.thrown, y.shut)
	}
	var rows int
	y.ok(y.raw.QueryRowContext(y.Context(), `SELECT COUNT(*) FROM sandbox`).Scan(&rows))
	if rows != 0 {
		y.Errorf("%d rows tell of sandboxes", rows)
	}
}

func (y *yard) resetKeeps() {
	x := y.make(y.home)
	y.stuff(x.ID, 2)
	before := y.count(x.ID)
	y.exec(`UPDATE agent_state SET used = 7, missed = 2 WHERE workspace_id = ?`, string(x.ID))
	got, err := y.use.Reset(y.Context(), y.home, x.ID)
	y.ok(err)
	if got.State != sandbox.Filling {
		y.Errorf("it is %s", got.State)
	}
	_, err = y.use.Reset(y.Context(), y.home, x.ID)
	y.fails(err, "sandbox.filling")
	y.ok(y.use.Work(y.Context()))
	after := y.count(x.ID)
	for _, kept := range []string{"member", "api_key", "webhook", "inbox", "role", "event_outbox", "audit_row", "retention_policy"} {
		if after[kept] < before[kept] {
			y.Errorf("a reset takes from %s: %d of %d are left", kept, after[kept], before[kept])
		}
	}
	for _, gone := range []string{"contact", "conversation", "message", "ticket", "webhook_delivery", "attachment", "team", "label", "saved_view", "request_claim", "visitor_session"} {
		if after[gone] != 0 {
			y.Errorf("a reset leaves %d rows of %s", after[gone], gone)
		}
	}
	var load int
	y.ok(y.raw.QueryRowContext(y.Context(), y.bind(`SELECT SUM(used + missed) FROM agent_state WHERE workspace_id = ?`), string(x.ID)).Scan(&load))
	if load != 0 {
		y.Errorf("after a reset members have work that is gone: %d", load)
	}
	x, err = y.use.Get(y.Context(), y.home, x.ID)
	y.ok(err)
	if x.State != sandbox.Ready || len(y.filled) != 2 {
		y.Errorf("after a reset it is %s, filled %v", x.State, y.filled)
	}
}

// goesOn takes the power from a node in the middle, more than once.
func (y *yard) goesOn() {
	crash := errors.New("the power is gone")
	y.full = func(sandbox.Sandbox) error { return crash }
	x := y.make(y.home)
	if x.State != sandbox.Filling {
		y.Fatalf("what could not be filled is %s", x.State)
	}
	y.full = nil
	y.ok(y.use.Work(y.Context())) // somebody has it still
	if len(y.filled) != 0 {
		y.Fatal("two fill it at once")
	}
	y.at = y.at.Add(3 * time.Minute)
	y.ok(y.use.Work(y.Context()))
	if x, _ = y.use.Get(y.Context(), y.home, x.ID); x.State != sandbox.Ready {
		y.Fatalf("what was filled later is %s", x.State)
	}
	y.stuff(x.ID, 1)
	views := y.tables()[slices.IndexFunc(y.tables(), func(t table) bool { return t.name == "page_view" })]
	columns := strings.Join(views.columns, ", ")
	for n := 1; n < 2048; n *= 2 { // more than two steps
		y.exec(`INSERT INTO page_view (`+columns+`) SELECT `+strings.Replace(columns, "at", "at + "+strconv.Itoa(n), 1)+` FROM page_view WHERE workspace_id = ?`, string(x.ID))
	}
	y.ok(y.use.Delete(y.Context(), y.home, x.ID))
	ctx, stop := context.WithCancel(y.Context())
	y.rest = stop
	if err := y.use.Work(ctx); !errors.Is(err, context.Canceled) {
		y.Fatalf("it was stopped and says %v", err)
	}
	if n := y.count(x.ID)["page_view"]; n == 0 || n >= 2048 {
		y.Fatalf("%d page views are left when it is stopped", n)
	}
	y.rest, y.at = nil, y.at.Add(3*time.Minute)
	y.ok(y.node(y.use.Limits).Work(y.Context())) // another node
	if left := y.count(x.ID); left["page_view"] != 0 || left["member"] != 0 {
		y.Errorf("left are %v", left)
	}
}

func (y *yard) unused() {
	x := y.make(y.home)
	y.at = y.at.AddDate(0, 0, 29)
	y.ok(y.store.Identities().Workspaces.UseWorkspace(y.Context(), x.ID, y.at))
	y.at = y.at.AddDate(0, 0, 29)
	y.ok(y.use.Tend(y.Context()))
	if x, _ = y.use.Get(y.Context(), y.home, x.ID); x.State != sandbox.Ready {
		y.Fatalf("one that was used is %s", x.State)
	}
	y.at = y.at.AddDate(0, 0, 2)
	y.ok(y.use.Tend(y.Context()))
	y.ok(y.use.Work(y.Context()))
	x, err := y.use.Get(y.Context(), y.home, x.ID)
	y.ok(err)
	if x.State != sandbox.Ended || !x.Idle || !y.use.EndsAt(x).IsZero() {
		y.Fatalf("one that nobody used is %+v", x)
	}
	_, err = y.use.Reset(y.Context(), y.home, x.ID)
	y.fails(err, "sandbox.ended")
	var action string
	y.ok(y.raw.QueryRowContext(y.Context(), y.bind(`SELECT action FROM audit_row WHERE workspace_id = ? ORDER BY seq DESC LIMIT 1`), string(y.home.Workspace)).Scan(&action))
	if action != sandbox.Expired {
		y.Errorf("the parent's audit log says %s", action)
	}
	y.make(y.home) // the news of the other goes with it
	all, err := y.use.List(y.Context(), y.home)
	y.ok(err)
	if len(all) != 1 || all[0].State != sandbox.Ready {
		y.Errorf("listed are %+v", all)
	}
}

func (y *yard) auditLog() {
	x := y.make(y.home)
	y.ok(y.use.Delete(y.Context(), y.home, x.ID))
	y.ok(y.use.Work(y.Context()))
	y.at = y.at.AddDate(0, 0, 364)
	y.ok(y.use.Tend(y.Context()))
	if y.count(x.ID)["audit_row"] == 0 {
		y.Error("the audit log of a deleted sandbox is gone within a year")
	}
	y.at = y.at.AddDate(0, 0, 2)
	y.ok(y.use.Tend(y.Context()))
	if left := y.count(x.ID); left["audit_row"] != 0 || left["audit_head"] != 1 {
		y.Errorf("after a year there are %v", left)
	}
	if y.count(y.home.Workspace)["audit_row"] == 0 {
		y.Error("the parent's audit log is gone")
	}
}

// closed wants every door of a deleted sandbox shut, before any row of it goes.
func (y *yard) closed() {
	x := y.make(y.home)
	ids := y.store.Identities()
	key := identity.APIKey{Workspace: x.ID, ID: "key_1", Name: "k", Scopes: []identity.Permission{identity.ContactRead}, SecretHash: "h", CreatedAt: y.at}
	m, err := ids.Members.MemberOf(y.Context(), x.ID, "acc_home")
	y.ok(err)
	key.Member = m.ID
	y.ok(ids.Keys.CreateKey(y.Context(), key, 10))
	y.ok(y.use.Delete(y.Context(), y.home, x.ID))
	_, err = ids.Workspaces.Workspace(y.Context(), x.ID)
	y.fails(err, "not_found")
	_, _, err = ids.Keys.Key(y.Context(), key.ID)
	y.fails(err, "not_found")
	_, err = ids.Workspaces.ChangeWorkspace(y.Context(), x.ID, func(*identity.Workspace) error { return nil })
	y.fails(err, "not_found")
	list, err := ids.Members.Memberships(y.Context(), "acc_home")
	y.ok(err)
	if len(list) != 1 || list[0].Workspace.ID != y.home.Workspace {
		y.Errorf("the maker has %+v", list)
	}
	key.ID = "key_2"
	y.fails(ids.Keys.CreateKey(y.Context(), key, 10), "not_found")
}
