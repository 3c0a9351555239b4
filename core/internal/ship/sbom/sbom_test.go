package sbom_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/ship/sbom"
)

// The test's own program is as good as any.
func TestADocumentOfAProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := sbom.Subject{Name: "patchbay", Version: "1.2.3+abc", Platform: "linux-amd64", Created: time.Unix(1_700_000_000, 0), Programs: []string{self}}
	got, err := sbom.Document(s)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		SPDXVersion, SPDXID, DataLicense, DocumentNamespace string
		CreationInfo                                        struct{ Created string }

		Packages      []struct{ SPDXID, Name, VersionInfo string }
		Relationships []struct{ SpdxElementID, RelatedSpdxElement, RelationshipType string }
	}
	if err := json.Unmarshal(got, &d); err != nil {
		t.Fatal(err)
	}
	if d.SPDXVersion != "SPDX-2.3" || d.SPDXID != "SPDXRef-DOCUMENT" || d.DataLicense != "CC0-1.0" || d.CreationInfo.Created != "2023-11-14T22:13:20Z" ||
		!strings.HasPrefix(d.DocumentNamespace, "https://") {
		t.Errorf("the head: %+v", d)
	}
	names := map[string]string{}
	for _, p := range d.Packages {
		names[p.SPDXID] = p.Name + " " + p.VersionInfo
	}
	if names["SPDXRef-Package-patchbay"] != "patchbay 1.2.3+abc" || !strings.HasPrefix(names["SPDXRef-Module-stdlib"], "stdlib 1.") {
		t.Errorf("the packages: %v", names)
	}
	for _, r := range d.Relationships {
		if r.SpdxElementID != "SPDXRef-DOCUMENT" && names[r.SpdxElementID] == "" || names[r.RelatedSpdxElement] == "" {
			t.Errorf("%+v relates to nothing", r)
		}
	}
	again, err := sbom.Document(s)
	if err != nil || !slices.Equal(got, again) {
		t.Errorf("again it is another: %v", err)
	}
}

func TestWhatIsNoProgram(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, []byte("#!/bin/sh"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sbom.Document(sbom.Subject{Programs: []string{name}}); err == nil {
		t.Error("a script has a document")
	}
}
