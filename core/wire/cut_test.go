package wire_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/wire"
)

// richest is an event of a type with everything that it can have.
func richest(t *testing.T, typ string) wire.Webhook {
	t.Helper()
	w := envelope(t, typ)
	file := media.Attachment{Workspace: "wsp_1", ID: "att_1", Name: "passport.png", Type: "image/png", Size: 1, Kind: media.Image, Preview: "image/png", Ticket: "tic.ket", Role: media.RoleVoice, ContentID: "logo@far"}
	quote := &conversation.Quote{ID: "msg_0", Seq: 1, Kind: conversation.Text, Sender: alice, Text: "quoted", Attachment: media.Audio}
	c := conversations()["ordered"]
	c.Rated = conversation.Rated{RatedID: "rat_1", Score: 5, Comment: "thanks", RatedAt: at}
	c.SnoozedUntil, c.WaitingSince, c.Last.Attachment = at, at, media.Image
	if ch, ok := changes()[typ]; ok {
		if ch.Message != nil {
			m := *ch.Message
			m.Attachments, m.ReplyTo, m.Mentions = []media.Attachment{file}, quote, []conversation.Mention{{Member: "mem_2", Name: "Mo"}}
			m.DeliveryError, m.Delivery = "+49301234567 is blocked", conversation.DeliveryFailed
			m.Altered = &conversation.Altered{Original: "call 110", By: []conversation.Alterer{{Connection: "pin_1", Plugin: "acme/guard", Name: "Guard", Reason: "No numbers."}}}
			m.Carried = carried()
			ch.Message = &m
		}
		return w.Talk(ch, c)
	}
	if ch, ok := ticketChanges()[typ]; ok {
		if ch.Comment != nil {
			m := *ch.Comment
			m.Attachments, m.Mentions = []media.Attachment{file}, []ticket.Mention{{Member: "mem_2", Name: "Mo"}}
			ch.Comment = &m
		}
		k := work()
		k.Rating, k.SolvedAt, k.ClosedAt, k.MergedInto, k.CreatedBy = &ticket.Rating{Score: 5, Comment: "thanks", At: at}, at, at, "tkt_9", alice
		return w.Work(ch, k)
	}
	return w
}

// marked replaces each text of an event with a canary that names its place. What
// a kind is stays, since it decides about the name beside it.
func marked(path string, v any, kind string) any {
	switch v := v.(type) {
	case map[string]any:
		beside, _ := v["kind"].(string)
		for k, x := range v {
			v[k] = marked(strings.TrimPrefix(path+"."+k, "."), x, beside)
		}
		return v
	case []any:
		for i, x := range v {
			v[i] = marked(path+"[]", x, "")
		}
		return v
	case string:
		at := path
		if strings.HasSuffix(path, ".name") && kind != "" {
			at += "(" + kind + ")"
		}
		if strings.HasSuffix(path, ".kind") || path == "change.type" {
			return v
		}
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			return v
		}
		return "«" + at + "»"
	default:
		return v
	}
}

// canaries are all events, each text of which is a canary.
func canaries(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	out := make(map[string]json.RawMessage)
	for _, typ := range webhook.Types() {
		for _, by := range []string{"contact", "agent", "bot"} {
			raw, err := json.Marshal(richest(t, typ.Name).Data)
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"contact", "agent", "bot", "system", "plugin"} { // every actor once in each role
				raw = []byte(strings.ReplaceAll(string(raw), `"kind":"`+kind+`","id"`, `"kind":"`+by+`","id"`))
			}
			var whole any
			if err := json.Unmarshal(raw, &whole); err != nil {
				t.Fatal(err)
			}
			if raw, err = json.Marshal(marked("", whole, "")); err != nil {
				t.Fatal(err)
			}
			out[typ.Name+" by "+by] = raw
		}
	}
	return out
}

// secret says what a canary needs, told by its place alone and without the rules
// that are tested: a second opinion.
func secret(place string) []string {
	switch {
	case strings.HasSuffix(place, "(contact)"), regexp.MustCompile(`group_member\.|group_mentions|contact_name|contact\.name|\bemail\b|phone|recipient`).MatchString(place):
		return []string{"contacts:read.pii"}
	case strings.HasSuffix(place, "(agent)"), regexp.MustCompile(`assignee_name|author_name|member_name|mentions\[\]\.name`).MatchString(place):
		return []string{"members:read"}
	case strings.HasSuffix(place, "(bot)"):
		return nil
	case regexp.MustCompile(`delivery_error|changing\.error|envelope\..*(address|name)$|location`).MatchString(place):
		return []string{"conversations:read", "contacts:read.pii"}
	}
	reads := "conversations:read"
	if strings.HasPrefix(place, "ticket.") || strings.HasPrefix(place, "change.comment.") {
		reads = "tickets:read"
	}
	switch {
	case regexp.MustCompile(`url$`).MatchString(place):
		return []string{reads, "blobs:read"}
	case regexp.MustCompile(`\btext\b|comment\b.*text|\.comment$|title|description|original|\bfields\b|attributes|\.set\b|detail|advice|client|code$|attachments\[\]\.(name|content_id)|quoted|subject|summary|trust\.reason|template\.values|altered.*(name|reason)$`).MatchString(place):
		return []string{reads}
	}
	return nil
}

// TestPluginsAreToldWhatTheyMayKnow fills every text of every event with a canary,
// and looks which of them a plugin sees without a scope, and with all of them.
func TestPluginsAreToldWhatTheyMayKnow(t *testing.T) {
	cutter := wire.NewCutter()
	scopes := []string{"conversations:read", "tickets:read", "contacts:read.pii", "members:read", "blobs:read"}
	canary := regexp.MustCompile(`«([^»]+)»`)
	seen := make(map[string]string)
	for name, raw := range canaries(t) {
		ticketsOwn := strings.HasPrefix(name, "ticket.")
		needed := make(map[string][]string)
		for place := range places(canary, raw) {
			needed[place] = secret(place)
			if ticketsOwn && strings.HasPrefix(place, "change.data.") && slices.Equal(needed[place], []string{"conversations:read"}) {
				needed[place] = []string{"tickets:read"}
			}
		}
		for mask := range 1 << len(scopes) {
			may := func(scope string) bool { i := slices.Index(scopes, scope); return i >= 0 && mask&(1<<i) != 0 }
			cut, err := cutter.Cut(raw, may)
			if err != nil {
				t.Fatal(err)
			}
			told := places(canary, cut)
			for place, needs := range needed {
				want := !slices.ContainsFunc(needs, func(s string) bool { return !may(s) })
				if told[place] != want {
					t.Fatalf("%s: %q is told: %v, with %05b of %v; it needs %v", name, place, told[place], mask, scopes, needs)
				}
				key := strings.NewReplacer("(contact)", "", "(agent)", "", "(bot)", "").Replace(place)
				if len(needs) > 0 {
					seen[key] = fmt.Sprint(needs)
				}
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d places need a scope: %v", len(seen), seen)
	}
}

func places(canary *regexp.Regexp, raw []byte) map[string]bool {
	out := make(map[string]bool)
	for _, m := range canary.FindAllSubmatch(raw, -1) {
		out[string(m[1])] = true
	}
	return out
}

// What is new in an event is told to nobody until somebody decided about it.
func TestWhatIsNewIsNotTold(t *testing.T) {
	raw := json.RawMessage(`{"change":{"id":"chg_1","surprise":"x","data":{"surprise":1,"by":"me"},"actor":{"kind":"robot","name":"N"}},"surprise":{"text":"x"},"id":"1"}`)
	cut, err := wire.NewCutter().Cut(raw, func(string) bool { return true })
	if want := `{"change":{"actor":{"kind":"robot"},"data":{"by":"me"},"id":"chg_1"},"id":"1"}`; err != nil || string(cut) != want {
		t.Errorf("%s, %v", cut, err)
	}
	if _, err := wire.NewCutter().Cut(json.RawMessage(`[`), func(string) bool { return true }); err == nil {
		t.Error("no JSON")
	}
}

// With every scope an event is told whole.
func TestWithEveryScopeNothingIsMissing(t *testing.T) {
	for _, typ := range webhook.Types() {
		raw, err := json.Marshal(richest(t, typ.Name).Data)
		if err != nil {
			t.Fatal(err)
		}
		cut, err := wire.NewCutter().Cut(raw, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		var whole, left any
		if json.Unmarshal(raw, &whole) != nil || json.Unmarshal(cut, &left) != nil {
			t.Fatal("no JSON")
		}
		if a, b := fmt.Sprint(whole), fmt.Sprint(left); a != b {
			t.Errorf("%s:\n%s\n%s", typ.Name, a, b)
		}
	}
}

// TestTableOfScopes compares the tables of the guide with the rules.
func TestTableOfScopes(t *testing.T) {
	for file, head := range map[string]string{
		"hooks.md": "| needs | parts of `Data` |", "hooks.zh-CN.md": "| 需要的权限 | `Data` 的部分 |",
	} {
		path := "../../docs/build-plugins/" + file
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, _ := strings.Cut(string(text), "<!-- rules -->")
		_, after, ok := strings.Cut(rest, "<!-- /rules -->")
		if !ok {
			t.Fatalf("%s has no place for the table", file)
		}
		same(t, path, []byte(before+"<!-- rules -->\n"+head+"\n|---|---|\n"+scopeTable()+"<!-- /rules -->"+after))
	}
}

// scopeTable has a line for each set of scopes.
func scopeTable() string {
	lines := make(map[string][]string)
	for _, r := range append(wire.CutRules(), wire.CutRulesOfTickets()...) {
		if len(r.Needs) == 0 || r.Needs[0] == "kind" {
			continue
		}
		path := "`" + r.Path + "`"
		if strings.HasPrefix(r.Path, "change.data.") && r.Needs[0] == "tickets:read" {
			path += " (ticket.*)"
		}
		key := "`" + strings.Join(r.Needs, "` `") + "`"
		lines[key] = append(lines[key], path)
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&b, "| %s | %s |\n", key, strings.Join(lines[key], ", "))
	}
	return b.String()
}
