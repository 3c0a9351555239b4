// Package sbom says what a program is made of, as SPDX 2.3: read off the
// program itself, where Go's linker recorded every module and its hash.
package sbom

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Subject is what is described.
type Subject struct {
	Name, Version, Platform string
	Created                 time.Time
	Programs                []string // files
}

type document struct {
	SPDXVersion       string         `json:"spdxVersion"`
	DataLicense       string         `json:"dataLicense"`
	SPDXID            string         `json:"SPDXID"`
	Name              string         `json:"name"`
	DocumentNamespace string         `json:"documentNamespace"`
	CreationInfo      creation       `json:"creationInfo"`
	Packages          []pkg          `json:"packages"`
	Relationships     []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type pkg struct {
	SPDXID           string      `json:"SPDXID"`
	Name             string      `json:"name"`
	VersionInfo      string      `json:"versionInfo"`
	DownloadLocation string      `json:"downloadLocation"`
	FilesAnalyzed    bool        `json:"filesAnalyzed"`
	LicenseConcluded string      `json:"licenseConcluded"`
	LicenseDeclared  string      `json:"licenseDeclared"`
	CopyrightText    string      `json:"copyrightText"`
	Comment          string      `json:"comment,omitempty"`
	ExternalRefs     []reference `json:"externalRefs"`
}

type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	Element string `json:"spdxElementId"`
	Related string `json:"relatedSpdxElement"`
	Type    string `json:"relationshipType"`
}

const (
	subjectID = "SPDXRef-Package-patchbay"
	none      = "NOASSERTION"
)

// Modules returns what programs are made of, by module, and the Go that built
// them. One module in two versions is an error: a release is built at once.
func Modules(programs []string) (map[string]*debug.Module, string, error) {
	out, toolchain := map[string]*debug.Module{}, ""
	for _, p := range programs {
		info, err := buildinfo.ReadFile(p)
		if err != nil {
			return nil, "", fmt.Errorf("read what %s is made of: %w", p, err)
		}
		toolchain = info.GoVersion
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			if other, ok := out[m.Path]; ok && other.Version != m.Version {
				return nil, "", fmt.Errorf("%s is in it twice, as %s and as %s", m.Path, other.Version, m.Version)
			}
			out[m.Path] = m
		}
	}
	return out, toolchain, nil
}

// Document returns the SPDX document.
func Document(s Subject) ([]byte, error) {
	modules, toolchain, err := Modules(s.Programs)
	if err != nil {
		return nil, err
	}
	d := document{
		SPDXVersion: "SPDX-2.3", DataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", Name: s.Name + " " + s.Version + " " + s.Platform,
		DocumentNamespace: "https://github.com/patchbay-im/patchbay/sbom/" + s.Version + "/" + s.Platform,
		CreationInfo:      creation{s.Created.UTC().Format(time.RFC3339), []string{"Tool: patchbay-ship"}},
		Relationships:     []relationship{{"SPDXRef-DOCUMENT", subjectID, "DESCRIBES"}},
	}
	d.add(subjectID, s.Name, s.Version, "Apache-2.0", "pkg:golang/github.com/patchbay-im/patchbay@"+s.Version, "")
	d.contains("stdlib", strings.TrimPrefix(toolchain, "go"), "")
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		d.contains(path, modules[path].Version, modules[path].Sum)
	}
	out, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode the SPDX document: %w", err)
	}
	return append(out, '\n'), nil
}

func (d *document) contains(path, version, sum string) {
	id := "SPDXRef-Module-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, path)
	d.add(id, path, version, none, "pkg:golang/"+path+"@"+version, sum)
	d.Relationships = append(d.Relationships, relationship{subjectID, id, "CONTAINS"})
}

func (d *document) add(id, name, version, license, purl, sum string) {
	p := pkg{
		SPDXID: id, Name: name, VersionInfo: version, DownloadLocation: none, LicenseConcluded: none, LicenseDeclared: license, CopyrightText: none,
		ExternalRefs: []reference{{"PACKAGE-MANAGER", "purl", purl}},
	}
	if sum != "" {
		p.Comment = "go.sum: " + sum
	}
	d.Packages = append(d.Packages, p)
}
