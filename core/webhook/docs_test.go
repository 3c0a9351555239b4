package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumentedVerification runs the code of docs/api/webhooks.md on good and
// bad signatures, in each language whose interpreter is there.
func TestDocumentedVerification(t *testing.T) {
	page, err := os.ReadFile("../../docs/api/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"id":"chg_1"}`
	good := signed("1763717415", body, "pbwh_secret")
	for _, l := range []struct{ name, program, file, tail string }{
		{"go", "go", "main.go", "\nfunc main() {\n\tfor _, h := range os.Args[2:] {\n\t\tfmt.Println(verify(h, []byte(os.Args[1]), map[string]string{\"a\": \"pbwh_secret\"}, time.Unix(1763717500, 0)))\n\t}\n}\n"},
		{"javascript", "node", "main.js", "\nfor (const h of process.argv.slice(3)) console.log(verify(h, Buffer.from(process.argv[2]), { a: \"pbwh_secret\" }, 1763717500));\n"},
		{"python", "python3", "main.py", "\nimport sys\nfor h in sys.argv[2:]:\n    print(str(verify(h, sys.argv[1].encode(), {\"a\": \"pbwh_secret\"}, 1763717500)).lower())\n"},
	} {
		t.Run(l.name, func(t *testing.T) {
			program, err := exec.LookPath(l.program)
			if err != nil {
				t.Skipf("%s is not here", l.program)
			}
			_, rest, ok := strings.Cut(string(page), "<!-- verify:"+l.name+" -->\n```")
			_, rest, _ = strings.Cut(rest, "\n")
			code, _, closed := strings.Cut(rest, "```")
			if !ok || !closed {
				t.Fatal("the page has no such code")
			}
			if l.name == "go" {
				code = strings.Replace(code, "import (", "import (\n\t\"fmt\"\n\t\"os\"", 1)
			}
			file := filepath.Join(t.TempDir(), l.file)
			if err := os.WriteFile(file, []byte(code+l.tail), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{file, body}
			if l.name == "go" {
				args = []string{"run", file, body}
			}
			args = append(args,
				"t=1763717415,kid=a,v1="+good, "t=1763717415,kid=b,v1=00,kid=a,v1="+good, // the second: while rotating
				"t=1763717415,kid=b,v1="+good, "t=1763717416,kid=a,v1="+good, "t=1763717415,kid=a,v1="+strings.Repeat("0", 64),
				"t=1763717415,kid=a,v1=", "t=1763717415", "", "t=x,kid=a,v1="+good, "t=17,kid=a,v1="+signed("17", body, "pbwh_secret"))
			out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			want := strings.Repeat("true\n", 2) + strings.Repeat("false\n", 8)
			if string(out) != want {
				t.Errorf("it says\n%swant\n%s", out, want)
			}
		})
	}
}

// signed is the signature of a body at a time.
func signed(at, body, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "." + body))
	return hex.EncodeToString(mac.Sum(nil))
}
