package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// The pages that are committed have every method of the protocol, and every
// field of its messages.
func TestCommittedPages(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "docs", "build-plugins", "reference")
	for _, s := range pluginv1.Services() {
		data, err := os.ReadFile(filepath.Join(folder, stem(s.ParentFile())+".md"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Methods().Len() {
			m := s.Methods().Get(i)
			if !strings.Contains(string(data), "### "+string(s.Name())+"."+string(m.Name())+"\n") {
				t.Errorf("%s.%s is missing: make gen", s.Name(), m.Name())
			}
			for j := range m.Input().Fields().Len() {
				if f := m.Input().Fields().Get(j); !strings.Contains(string(data), "| `"+string(f.Name())+"` = ") {
					t.Errorf("%s of %s is missing: make gen", f.Name(), m.Input().Name())
				}
			}
		}
	}
}

// Without comments there would be pages that say nothing.
func TestRun(t *testing.T) {
	for name, image := range map[string]string{"nothing": "", "no image": "\xff\xff"} {
		if err := run(strings.NewReader(image), t.TempDir()); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	pages := Pages([]protoreflect.FileDescriptor{pluginv1.File_patchbay_plugin_v1_tool_proto, pluginv1.File_patchbay_plugin_v1_common_proto, pluginv1.File_patchbay_plugin_v1_options_proto})
	if len(pages) != 3 || !strings.Contains(pages["README.md"], "| [tool](tool.md) | [ToolService](tool.md#toolservice) |") {
		t.Errorf("%d pages: %s", len(pages), pages["README.md"])
	}
	for _, want := range []string{
		"### ToolService.InvokeTool\n\n[InvokeToolRequest](#invoketoolrequest) → stream of [InvokeToolResponse](#invoketoolresponse) · may be repeated\n",
		"### InvokeToolResponse.Completed\n", "| `result` = 1 | [Result](common.md#result) | ", "| `completed` = 2 | [InvokeToolResponse.Completed](#invoketoolresponsecompleted) | One of `event`. |",
	} {
		if !strings.Contains(pages["tool.md"], want) {
			t.Errorf("no %q in\n%s", want, pages["tool.md"])
		}
	}
	if !strings.Contains(pages["common.md"], "| `secrets` = 4 | map of string to string |") {
		t.Error(pages["common.md"])
	}
}
