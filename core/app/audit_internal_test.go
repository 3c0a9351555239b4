package app

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/audit"
)

// TestTellAudit reads what the command line says of logs, whole and not.
func TestTellAudit(t *testing.T) {
	for want, r := range map[string]audit.Report{
		"wsp_1: whole. Rows 1 to 9.\n    hash of row 9, to be kept elsewhere: abc\n":                             {Head: audit.Head{Seq: 9, Hash: "abc"}, Rows: 9},
		"wsp_1: whole. Rows 5 to 9.\n    hash of row 9, to be kept elsewhere: abc\n    rows 1 to 4 were removed": {Head: audit.Head{Seq: 9, Hash: "abc", Base: 4}, Rows: 5},
		"wsp_1: NOT whole. Rows 5 to 6 are right;":                                                               {Head: audit.Head{Seq: 9, Base: 4}, Rows: 2, Fault: &audit.Fault{Seq: 7}},
		"wsp_1: NOT whole. No row before the bad one is right.":                                                  {Head: audit.Head{Seq: 9}, Fault: &audit.Fault{Seq: 1}},
		"wsp_1: empty.": {Head: audit.NewHead()},
	} {
		r.Workspace = "wsp_1"
		var b strings.Builder
		tellAudit(&b, r)
		if !strings.HasPrefix(b.String(), want) {
			t.Errorf("it says %q, want %q", b.String(), want)
		}
	}
}
