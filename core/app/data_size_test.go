package app_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// columnsOf names all columns of a table.
func (d *database) columnsOf(table string) []string {
	d.t.Helper()
	return d.texts(`SELECT name FROM pragma_table_info(?) ORDER BY cid`, table)
}

// copies writes rows like one that is there, with other values where as says so:
// expressions of i, the conversation from first to last, and j, the message from
// 1 to each.
func (d *database) copies(table, where string, first, last, each int, as map[string]string) {
	d.t.Helper()
	columns := d.columnsOf(table)
	values := make([]string, len(columns))
	for n, c := range columns {
		values[n] = as[c]
		if values[n] == "" {
			values[n] = "x." + c
		}
	}
	d.exec(fmt.Sprintf(`WITH RECURSIVE c (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM c WHERE i < %d), m (j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM m WHERE j < %d)
INSERT INTO %s (%s) SELECT %s FROM %s x, c, m WHERE %s`, first, last, each, table, strings.Join(columns, ", "), strings.Join(values, ", "), table, where))
}

// fills writes conversations from first to last with so many messages each, all
// of one contact each, with their histories and what the feed told of them.
func (d *database) fills(chat string, first, last, each int) {
	d.t.Helper()
	with := ` WHERE conversation_id = '` + chat + `'`
	contact, seq := d.one(`SELECT contact_id FROM conversation`+with), d.one(`SELECT MIN(seq) FROM message`+with)
	d.copies("contact", `x.contact_id = '`+contact+`'`, first, last, 1, map[string]string{"contact_id": "'con_F' || i", "name": "'Filled ' || i"})
	d.copies("conversation", `x.conversation_id = '`+chat+`'`, first, last, 1, map[string]string{
		"conversation_id": "'cnv_F' || i", "contact_id": "'con_F' || i", "recipient": "'filled' || i", "talk_key": "'filled' || i", "number": "1000000 + i", "assignee_id": "NULL", "queued_at": "0", "state": "'resolved'",
	})
	of := `x.conversation_id = '` + chat + `' AND x.`
	d.copies("message", of+`seq = `+seq, first, last, each, map[string]string{
		"conversation_id": "'cnv_F' || i", "seq": "j", "message_id": "'msg_F' || i || '_' || j", "client_id": "'c' || j", "text": "x.text || ' 订单 ' || i || ' 的第 ' || j || ' 条消息：请问什么时候发货？ when does it leave'",
	})
	d.copies("conversation_change", of+`message_seq = `+seq, first, last, each, map[string]string{
		"conversation_id": "'cnv_F' || i", "seq": "j", "public_seq": "j", "message_seq": "j", "change_id": "'chg_F' || i || '_' || j",
	})
	d.copies("event_outbox", `x.subject = '`+chat+`' AND x.type = 'message.created' AND x.seq = `+seq, first, last, each, map[string]string{
		"subject": "'cnv_F' || i", "feed_seq": "-(i * 10000 + j)", "event_id": "'chg_F' || i || '_' || j", "seq": "j", "public_seq": "j", // before all that is read
	})
}

// TestDataAtSize: a contact with 1,000 messages is erased from among 20,000, and
// everything is exported, with figures; PATCHBAY_TEST_LONG=1 takes 100,000.
func TestDataAtSize(t *testing.T) {
	d, raw := drillOn(t, "")
	conversations, each := 200, 100
	if long() {
		conversations = 1000
	}
	raw.fills(d.chat, 1, conversations, each)
	raw.fills(d.chat, 0, 0, 1000)
	info, err := os.Stat(filepath.Join(d.options.DataDir, "patchbay.db"))
	must(t, err)

	file := filepath.Join(d.dir, "all.zip")
	cmd := d.command("export", "--to", file)
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(began)
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10 //nolint:forcetypeassert // on Linux
	zipped, err := os.ReadFile(file)
	must(t, err)
	e := unzip(t, zipped)
	d.complete(raw, e)
	lines := 0
	for name, text := range e.files {
		if strings.HasPrefix(name, "data/") {
			lines += strings.Count(string(text), "\n")
		}
	}
	t.Logf("export: %d lines of %d messages in %v, %.0f lines/s, %d KiB, peak of %d MiB; the database has %d MiB",
		lines, conversations*each+1000, took.Round(time.Millisecond), float64(lines)/took.Seconds(), len(zipped)>>10, peak, info.Size()>>20)
	if peak > 256 {
		t.Errorf("the export takes %d MiB of memory", peak)
	}

	stop, waits := d.writers()
	began = time.Now()
	var took2 struct{ Counts struct{ Messages int } }
	if _, err := d.owner.Call(t.Context(), http.MethodPost, d.owner.At("/contacts/con_F0/erase"), map[string]string{"confirm": "con_F0"}, &took2); err != nil {
		t.Fatal(err)
	}
	answered := time.Since(began)
	d.scrubbed("con_F0")
	finished := time.Since(began)
	stop()
	all := waits()
	if took2.Counts.Messages != 1000 || len(all) == 0 {
		t.Fatalf("%d messages went, %d were written meanwhile", took2.Counts.Messages, len(all))
	}
	t.Logf("erasure of 1,000 messages among %d: answered after %v, nothing left after %v; %d messages written meanwhile, median %v, the slowest %v",
		conversations*each, answered.Round(time.Millisecond), finished.Round(time.Millisecond), len(all), all[len(all)/2].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
	if answered > 20*time.Second {
		t.Errorf("erasing took %v", answered)
	}
}

// writers has a visitor write until stop is called; waits gives how long each
// message took, sorted.
func (d *drilled) writers() (stop func(), waits func() []time.Duration) {
	done, ended := make(chan struct{}), make(chan struct{})
	var all []time.Duration
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
			began := time.Now()
			if d.try("meanwhile") == nil {
				all = append(all, time.Since(began))
			}
		}
	}()
	return func() { close(done); <-ended }, func() []time.Duration { slices.Sort(all); return all }
}
