package main

import (
	"context"
	"fmt"
	"os"

	"github.com/patchbay-im/patchbay/core/internal/ship/pack"
)

// systems are what archives are made for. Windows is not among them: plugins
// talk over Unix sockets there too, and nobody has tested it.
func systems() []target {
	return []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}}
}

func (s *ship) archives(ctx context.Context) error {
	for _, t := range systems() {
		if s.only != "" && (t.arch != s.only || t.os != "linux") {
			continue
		}
		b, err := s.build(ctx, t)
		if err != nil {
			return err
		}
		folder := fmt.Sprintf("patchbay-%s-%s", s.fileVersion(), t)
		entries, err := b.tree(folder)
		if err != nil {
			return err
		}
		for _, page := range []string{"README.md", "README.zh-CN.md", "CHANGELOG.md"} {
			entries = append(entries, pack.Copy(folder+"/"+page, 0o644, page))
		}
		for _, name := range []string{"dashboard.json", "rules.yaml"} {
			entries = append(entries, pack.Copy(folder+"/monitoring/"+name, 0o644, "charts/patchbay/files/"+name))
		}
		if err := s.create(folder+".tar.gz", func(f *os.File) error { return pack.TarGz(f, entries, s.at) }); err != nil {
			return err
		}
		if err := s.create(folder+".spdx.json", func(f *os.File) error { _, err := f.Write(b.sbom); return err }); err != nil {
			return err
		}
	}
	return s.chart()
}
