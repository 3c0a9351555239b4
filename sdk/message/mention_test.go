package message_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/message"
)

func TestNamedPlacesOfAText(t *testing.T) {
	alice, ali, other := message.Mention{ID: "1", Name: "Alice Wong"}, message.Mention{ID: "2", Name: "Alice"}, message.Mention{ID: "3", Name: "Alice"}
	for _, c := range []struct {
		text     string
		mentions []message.Mention
		want     string
	}{
		{"hello", []message.Mention{ali}, ""},
		{"@Alice", nil, ""},
		{"@@Alice!", []message.Mention{ali}, "2:@Alice "},
		{"@Alice Wong and @Alice", []message.Mention{ali, alice}, "1:@Alice Wong 2:@Alice "},
		{"@Alice, @Alice, @Alice", []message.Mention{ali, other}, "2:@Alice 3:@Alice 3:@Alice "},
		{"你好@王芳，@王芳芳", []message.Mention{{ID: "a", Name: "王芳"}, {ID: "b", Name: "王芳芳"}}, "a:@王芳 b:@王芳芳 "},
		{"@ @", []message.Mention{{ID: "a"}}, ""},
	} {
		var got strings.Builder
		for _, n := range (message.Content{Text: c.text, Mentions: c.mentions}).Named() {
			fmt.Fprintf(&got, "%s:%s ", n.ID, c.text[n.Start:n.End])
		}
		if got.String() != c.want {
			t.Errorf("%q names %q, want %q", c.text, got.String(), c.want)
		}
	}
}
