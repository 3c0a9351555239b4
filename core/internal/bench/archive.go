package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/view"
)

const (
	archiveWorkspace = identity.WorkspaceID("wsp_archive")
	archiveInbox     = channel.InboxID("inb_archive")
	archiveMembers   = 20
)

func archiveMember(n int) string { return fmt.Sprintf("mem_%02d", n) }

// writer makes rows with SQL of its own, which the ports could not do in time.
type writer struct {
	tx  *db.Tx
	ctx context.Context //nolint:containedctx // lives for one job
}

func (w writer) do(query string, args ...any) {
	_ = w.tx.Queue(w.ctx, query, args...) // the job fails with it
}

// fillArchive writes a workspace with so many conversations: a twentieth open,
// 20 members, teams, labels, priorities; messages of 4 to 30 words, most of
// them Chinese.
func fillArchive(ctx context.Context, c store.Config, w workload) error {
	d, err := db.Open(ctx, db.Config{Driver: c.Driver, Source: c.Source, Unsafe: true, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("open a database: %w", err)
	}
	if err := d.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error { return people(writer{tx, ctx}) }); err != nil {
		return fmt.Errorf("write the people: %w", err)
	}
	const batch = 1000
	r := rand.New(rand.NewPCG(1, 2))
	for from := 0; from < w.conversations; from += batch {
		err := d.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
			for n := from; n < min(from+batch, w.conversations); n++ {
				conversationRows(writer{tx, ctx}, r, n, w)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("write conversations: %w", err)
		}
	}
	if w.tickets > 0 {
		if err := fillTickets(ctx, d, w); err != nil {
			return err
		}
	}
	err = d.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `UPDATE workspace SET last_number = ? WHERE workspace_id = ?`, int64(w.conversations), string(archiveWorkspace))
	})
	if err != nil {
		return fmt.Errorf("write the last number: %w", err)
	}
	if c.Driver == store.Postgres { // as autovacuum does before anybody asks
		if err := d.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, `ANALYZE`); return err }); err != nil {
			return fmt.Errorf("analyze: %w", err)
		}
	}
	return d.Close(ctx) //nolint:wrapcheck // it says what it did
}

func people(w writer) error {
	w.do(`INSERT INTO workspace (workspace_id, name, locale, feed_seq, created_at, updated_at) VALUES (?, 'Archive', 'en', 0, 1, 1)`, string(archiveWorkspace))
	for n := range archiveMembers {
		account := fmt.Sprintf("acc_archive_%02d", n)
		w.do(`INSERT INTO account (account_id, email, name, locale, password_hash, created_at, updated_at) VALUES (?, ?, 'Agent', 'en', '', 1, 1)`, account, account+"@bench.example")
		w.do(`INSERT INTO member (workspace_id, member_id, account_id, name, role, capacity, suspended, created_at, updated_at) VALUES (?, ?, ?, 'Agent', 'agent', 5, ?, 1, 1)`,
			string(archiveWorkspace), archiveMember(n), account, false)
	}
	w.do(`INSERT INTO inbox (workspace_id, inbox_id, name, plugin, live, config, config_revision, hook_hash, enabled, created_at, updated_at)
VALUES (?, ?, 'Shop', 'patchbay/webchat', ?, '{}', 1, 'archive', ?, 1, 1)`, string(archiveWorkspace), string(archiveInbox), true, true)
	for n := range 10 {
		id := fmt.Sprintf("lab_%d", n)
		w.do(`INSERT INTO label (workspace_id, label_id, name, name_key, color, description, created_at, deleted_at) VALUES (?, ?, ?, ?, '#000000', '', 1, 0)`,
			string(archiveWorkspace), id, id, id)
	}
	return nil
}

func conversationRows(w writer, r *rand.Rand, n int, load workload) {
	ws, id, who := string(archiveWorkspace), fmt.Sprintf("cnv_%026d", n), fmt.Sprintf("con_%026d", n)
	began := time.Now().Add(-time.Duration(load.conversations-n) * 3 * time.Minute)
	state, waiting := "resolved", int64(0)
	if r.IntN(20) == 0 {
		state = "open"
		if r.IntN(2) == 0 {
			waiting = began.UnixMicro()
		}
	}
	var assignee any
	if r.IntN(40) > 0 {
		assignee = archiveMember(r.IntN(archiveMembers))
	}
	label, labels := "", ""
	if r.IntN(10) == 0 {
		label = fmt.Sprintf("lab_%d", min(r.IntN(40), 9)) // one is on most, the others are rare
		labels = label
	}
	priority := 0
	if r.IntN(20) == 0 {
		priority = 1 + r.IntN(4)
	}
	w.do(`INSERT INTO contact (workspace_id, contact_id, name, email, phone, note, attributes, created_at, updated_at) VALUES (?, ?, ?, ?, ?, '', '{}', ?, ?)`,
		ws, who, personName(r), fmt.Sprintf("customer%d@example.com", n), fmt.Sprintf("+86138%08d", n), began.UnixMicro(), began.UnixMicro())
	text := sentence(r, n)
	last := began.Add(time.Duration(r.IntN(3000)) * time.Minute)
	w.do(`INSERT INTO conversation (workspace_id, conversation_id, inbox_id, contact_id, talk_key, state, responder, assignee_id, snoozed_until, queued_at,
waiting_since, last_seq, last_public_seq, last_inbound_seq, last_text, last_sender, last_kind, last_at, created_at, updated_at, number, team_id, priority, labels)
VALUES (?, ?, ?, ?, ?, ?, 'agent', ?, 0, 0, ?, ?, ?, ?, ?, 'contact', 'text', ?, ?, ?, ?, ?, ?, ?)`,
		ws, id, string(archiveInbox), who, who, state, assignee, waiting, int64(load.each), int64(load.each), int64(load.each), "last", last.UnixMicro(),
		began.UnixMicro(), last.UnixMicro(), int64(n+1), []string{"", "", "", "tea_1", "tea_2"}[r.IntN(5)], int64(priority), labels)
	if label != "" {
		w.do(`INSERT INTO conversation_label (workspace_id, conversation_id, label_id) VALUES (?, ?, ?)`, ws, id, label)
	}
	args := make([]any, 0, 7*load.each)
	for seq := 1; seq <= load.each; seq++ {
		args = append(args, ws, id, int64(seq), fmt.Sprintf("msg_%018d%08d", n, seq), who, text, began.Add(time.Duration(seq)*7*time.Minute).UnixMicro())
		text = sentence(r, n*load.each+seq)
	}
	const row = `(?, ?, ?, ?, '', 'text', 'contact', ?, '', ?, ?, '', '')`
	w.do(`INSERT INTO message (workspace_id, conversation_id, seq, message_id, client_id, kind, sender_kind, sender_id, sender_name, text, created_at, delivery, delivery_error) VALUES `+
		row+strings.Repeat(`, `+row, load.each-1), args...)
}

func personName(r *rand.Rand) string {
	if r.IntN(3) == 0 {
		return pick(r, "Anna", "Ben", "Chloé", "David", "Elena", "Farid") + " " + pick(r, "Smith", "Müller", "García", "Novak", "Rossi") + fmt.Sprint(" ", r.IntN(1000))
	}
	return pick(r, "王", "李", "张", "刘", "陈", "杨", "赵", "黄") + pick(r, "明", "芳", "伟", "娜", "敏", "静", "磊", "洋", "艳", "勇") + pick(r, "", "华", "平", "军", "丽")
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// sentence makes a message of words as they are used: few are common, and
// most come seldom. One in a thousand has a word of its own.
func sentence(r *rand.Rand, n int) string {
	chinese := strings.Fields("你好 请问 订单 退款 什么 时候 可以 发货 快递 已经 收到 商品 质量 问题 麻烦 帮我 查询 一下 谢谢 不客气 客服 申请 换货 地址 修改 发票 优惠 会员 积分 支付 失败 重新 登录 密码 忘记 手机 号码 验证 短信 没有 茶具 绿茶 包装 破损 退货 运费 承担 保修 说明 安装")
	english := strings.Fields("hello order refund shipping delivery when arrive broken replace address change invoice discount account password login please thanks question product quality return policy warranty manual install phone number code message missing")
	var b strings.Builder
	list := chinese
	if r.IntN(4) == 0 {
		list = english
	}
	for range 4 + r.IntN(26) {
		i := min(int(r.ExpFloat64()*float64(len(list))/5), len(list)-1) // the first ones are common
		b.WriteString(list[i])
		if list[0] == "hello" || r.IntN(5) == 0 {
			b.WriteByte(' ')
		}
	}
	if r.IntN(10) == 0 {
		fmt.Fprintf(&b, " PB-%07d", n)
	}
	if r.IntN(1000) == 0 {
		b.WriteString(" 琉璃盏")
	}
	return b.String()
}

// lists are the ways in which a workspace is listed.
func (a *archive) lists() []question {
	list := func(name string, ask view.Ask) question {
		return question{name, func(ctx context.Context) (int, error) {
			p, err := a.views.Find(ctx, a.owner, ask, page.Request{Limit: 50})
			return len(p.Items), err
		}}
	}
	node := func(s string) json.RawMessage { return json.RawMessage(s) }
	return []question{
		list("all", view.Ask{}), list("open", view.Ask{State: "open"}), list("resolved", view.Ask{State: "resolved"}),
		list("mine, open", view.Ask{View: "mine", State: "open"}), list("mine, any state", view.Ask{View: "mine"}),
		list("unassigned, open", view.Ask{View: "unassigned", State: "open"}),
		list("open, who waits longest", view.Ask{State: "open", Sort: view.WaitingAsc}),
		list("open, the oldest", view.Ask{State: "open", Sort: view.CreatedAsc}), list("all, the newest", view.Ask{Sort: view.CreatedDesc}),
		list("open, urgent first", view.Ask{State: "open", Sort: view.PriorityDesc}), list("all, urgent first", view.Ask{Sort: view.PriorityDesc}),
		list("a team's", view.Ask{Team: "tea_1"}), list("a label on many", view.Ask{Label: "lab_9"}), list("a rare label, open", view.Ask{Label: "lab_3", State: "open"}),
		list("a number", view.Ask{Filter: node(`{"field":"number","op":"is","value":4321}`)}),
		list("unread, open, mine", view.Ask{View: "mine", State: "open", Filter: node(`{"field":"unread","op":"is","value":true}`)}),
		list("waits for two hours, or urgent", view.Ask{State: "open", Filter: node(`{"or":[{"field":"waiting_since","op":"lt","value":{"ago":"2h"}},{"field":"priority","op":"is","value":"urgent"}]}`)}),
		list("urgent and of no team", view.Ask{Filter: node(`{"and":[{"field":"priority","op":"is","value":"urgent"},{"field":"team","op":"is_not_set"}]}`)}),
		list("not of two members, created this month", view.Ask{Filter: node(`{"and":[{"field":"assignee","op":"not_in","value":["mem_01","mem_02"]},{"field":"created_at","op":"gt","value":{"ago":"30d"}}]}`)}),
		list("a contact's name holds", view.Ask{Filter: node(`{"field":"contact.name","op":"contains","value":"Novak 77"}`)}),
		list("a contact's e-mail", view.Ask{Filter: node(`{"field":"contact.email","op":"is","value":"customer4999@example.com"}`)}),
		{"counts of the built-in views", func(ctx context.Context) (int, error) {
			counts, err := a.views.Counts(ctx, a.owner, []string{"mine", "unassigned", "all", "team", "participating"})
			return counts["all"], err
		}},
	}
}

// searches are what people look for.
func (a *archive) searches() []question {
	ask := func(name string, q search.Question) question {
		return question{name, func(ctx context.Context) (int, error) {
			q.Page.Limit = 20
			got, err := a.search.Find(ctx, a.owner, q)
			return len(got.Items), err
		}}
	}
	open := json.RawMessage(`{"field":"state","op":"is","value":"open"}`)
	return []question{
		ask("two characters in most messages: 订单", search.Question{Text: "订单"}), ask("two characters, common: 退款", search.Question{Text: "退款"}),
		ask("two characters, rare: 琉璃", search.Question{Text: "琉璃"}), ask("a phrase: 申请换货", search.Question{Text: "申请换货"}),
		ask("two words: 茶具 破损", search.Question{Text: "茶具 破损"}), ask("one character: 茶", search.Question{Text: "茶", Kind: search.Message}),
		ask("a word, common: refund", search.Question{Text: "refund"}), ask("the beginning of one: ref", search.Question{Text: "ref"}),
		ask("a number: PB-0004321", search.Question{Text: "PB-0004321"}), ask("nothing: zzzz", search.Question{Text: "zzzz"}),
		ask("a name: 李明", search.Question{Text: "李明"}), ask("a name: garcia 77", search.Question{Text: "garcia 77"}),
		ask("an e-mail", search.Question{Text: "customer4321@example.com"}), ask("a phone number", search.Question{Text: "13800004321"}),
		ask("contacts: 王", search.Question{Text: "王", Kind: search.Contact}),
		ask("in what is open: 退款", search.Question{Text: "退款", Filter: open}), ask("in what is open: 琉璃", search.Question{Text: "琉璃", Filter: open}),
	}
}

// seat lets visitors write into the archive.
func (a *archive) seat(ctx context.Context, visitors int) (*office, error) {
	o := &office{store: a.store, conversations: a.conversations, owner: a.owner}
	inbox, err := a.store.Channels().Inbox(ctx, archiveInbox)
	if err != nil {
		return nil, fmt.Errorf("find the inbox: %w", err)
	}
	return o, o.fill(ctx, inbox, visitors)
}
