package channel_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
)

// What docs/widget/identity.md tells a site to run makes tokens that are taken.
func TestTheDocumentedTokens(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node here")
	}
	page, err := os.ReadFile("../../docs/widget/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, ok := strings.Cut(string(page), "```js\n")
	code, _, _ = strings.Cut(code, "```")
	if !ok {
		t.Fatal("the page shows no code")
	}
	cmd := exec.CommandContext(t.Context(), node, "--input-type=module", "-")
	cmd.Stdin = strings.NewReader(code + `
process.stdout.write(identityToken("pbis_new", "inb_1", { id: "用户-42", name: "王芳", email: "wang@example.com" }));`)
	var said bytes.Buffer
	cmd.Stderr = &said
	token, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	got, err := channel.Verify(string(token), live, keys(), time.Now())
	if err != nil || got.Subject != "用户-42" || got.Name != "王芳" || got.Email != "wang@example.com" || got.ID == "" {
		t.Errorf("%s gives %+v, %v", token, got, err)
	}
}
