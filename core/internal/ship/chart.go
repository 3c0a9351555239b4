package main

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/patchbay-im/patchbay/core/internal/ship/pack"
)

const chartDir = "charts/patchbay"

// chart packs the Helm chart as this version, without what it is tested with.
func (s *ship) chart() error {
	all, err := pack.Folder("patchbay", chartDir)
	if err != nil {
		return err
	}
	var entries []pack.Entry
	for _, e := range all {
		first, _, _ := strings.Cut(strings.TrimPrefix(e.Name, "patchbay/"), "/")
		if first != "tests" && first != "ci" && !e.Mode.IsDir() {
			entries = append(entries, e)
		}
	}
	about, err := os.ReadFile(path.Join(chartDir, "Chart.yaml"))
	if err != nil {
		return fmt.Errorf("read the chart: %w", err)
	}
	about = regexp.MustCompile(`(?m)^version: .*$`).ReplaceAll(about, []byte("version: "+s.version))
	about = regexp.MustCompile(`(?m)^appVersion: .*$`).ReplaceAll(about, []byte(`appVersion: "`+s.tag()+`"`))
	entries = append(entries, pack.File("patchbay/Chart.yaml", 0o644, about))
	return s.create(fmt.Sprintf("patchbay-%s-chart.tgz", s.fileVersion()), func(f *os.File) error { return pack.TarGz(f, entries, s.at) })
}
