package wire_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/wire"
)

// tree is JSON as a stranger reads it.
func tree(t *testing.T, v any) map[string]any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// keys lists the paths of all values.
func keys(prefix string, m map[string]any) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if inner, ok := m[k].(map[string]any); ok {
			out = append(out, keys(prefix+k+".", inner)...)
			continue
		}
		out = append(out, prefix+k)
	}
	return out
}

func TestWhatTheCustomerMayKnow(t *testing.T) {
	allowed := []string{
		"seq", "type", "at", "name", "message.id", "message.client_msg_id", "message.text", "message.sender.kind", "message.sender.name",
		"message.attachments", "message.reply_to.id", "message.reply_to.sender.kind", "message.reply_to.sender.name",
		"message.edited", "message.recalled", "message.reply_to.text", "message.reply_to.attachment_kind", "rating_id", "score",
	}
	public := 0
	for name, c := range changes() {
		p, ok := wire.PublicChangeOf(c)
		if !ok {
			continue
		}
		public++
		for _, k := range keys("", tree(t, p)) {
			if !slices.Contains(allowed, k) {
				t.Errorf("%s shows %q", name, k)
			}
		}
		if p.Seq != c.PublicSeq {
			t.Errorf("%s is numbered %d, want %d", name, p.Seq, c.PublicSeq)
		}
		text := fmt.Sprint(tree(t, p))
		for _, hidden := range []string{"wsp_", "cnv_", "chg_", "con_", "mem_", "inb_", "patchbay/", "dispatch", "agent_lost", "rude", "secret", "110", "acme", "pin_"} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s tells %q: %s", name, hidden, text)
			}
		}
		own := c.Message != nil && c.Message.Sender.Kind == "contact"
		if p.Message != nil && (p.Message.ClientMsgID != "") != own {
			t.Errorf("%s carries the client id %q", name, p.Message.ClientMsgID)
		}
	}
	if public != 14 {
		t.Errorf("%d of the changes are public", public)
	}
}

// The type decides, too: a wrong public number must not open the house.
func TestWhatIsInternalStaysSoWhateverItsNumber(t *testing.T) {
	for _, typ := range []conversation.ChangeType{
		conversation.Created, conversation.NoteCreated, conversation.MessageDelivery, conversation.MessageFile, conversation.Queued, conversation.Offered, conversation.OfferEnded, conversation.Abandoned,
		conversation.SnoozedChange, conversation.Unsnoozed,
		conversation.Labeled, conversation.AttributesChanged, conversation.PriorityChanged, conversation.ParticipantsChanged,
		conversation.TeamChanged, conversation.Merged, conversation.Absorbed, conversation.Unmerged, "conversation.tagged", conversation.ReadByContact,
		conversation.ScheduledCreated, conversation.ScheduledChanged, conversation.ScheduledCancelled, conversation.ScheduledSent, conversation.ScheduledFailed,
	} {
		c := change(typ, lin, 7, message(conversation.Note, lin, "a rude one"), "")
		if p, ok := wire.PublicChangeOf(c); ok {
			t.Errorf("%s shows %+v", typ, p)
		}
	}
	note := change(conversation.MessageCreated, lin, 7, message(conversation.Note, lin, "a rude one"), "")
	if p, ok := wire.PublicChangeOf(note); ok {
		t.Errorf("a note that calls itself a message shows %+v", p)
	}
	leaking := message(conversation.Text, lin, "as I said")
	leaking.ReplyTo = &conversation.Quote{ID: "msg_0", Kind: conversation.Note, Sender: lin, Text: "a rude one"}
	if p, ok := wire.PublicChangeOf(change(conversation.MessageCreated, lin, 7, leaking, "")); !ok || p.Message.ReplyTo != nil {
		t.Errorf("a message that quotes a note shows %+v", p)
	}
	hidden := change(conversation.MessageCreated, lin, 0, message(conversation.Text, lin, "hello"), "")
	if p, ok := wire.PublicChangeOf(hidden); ok {
		t.Errorf("what has no public number shows %+v", p)
	}
}
