// Command reference writes the reference of the plugin protocol from its .proto
// files: a page for each of them, and an index. It reads an image of buf with
// source information from standard input:
//
//	buf build sdk/proto -o - | go run ./sdk/internal/reference docs/build-plugins/reference
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: buf build sdk/proto -o - | reference <folder>")
		os.Exit(2)
	}
	if err := run(os.Stdin, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// run reads an image and writes the pages into a folder. Pages of files that
// are gone are removed.
func run(in io.Reader, folder string) error {
	files, err := read(in)
	if err != nil {
		return err
	}
	pages := Pages(files)
	old, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, ok := pages[filepath.Base(path)]; !ok {
			if err := os.Remove(path); err != nil { //nolint:gosec // in the folder that was named
				return err
			}
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // documents
		return err
	}
	for name, text := range pages {
		path := filepath.Join(folder, name)
		if before, err := os.ReadFile(path); err == nil && bytes.Equal(before, []byte(text)) { //nolint:gosec // our own
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // documents
			return err
		}
	}
	return nil
}

// read returns the protocol's files of an image, in its order.
func read(in io.Reader) ([]protoreflect.FileDescriptor, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("the image: %w", err)
	}
	known, err := protodesc.NewFiles(&set)
	if err != nil {
		return nil, fmt.Errorf("the image: %w", err)
	}
	var out []protoreflect.FileDescriptor
	for _, f := range set.GetFile() {
		found, err := known.FindFileByPath(f.GetName())
		if err != nil {
			return nil, err
		}
		if found.Package() != pluginv1.File_patchbay_plugin_v1_options_proto.Package() {
			continue
		}
		if f.GetSourceCodeInfo() == nil {
			return nil, fmt.Errorf("%s has no comments: make the image with source information", f.GetName())
		}
		out = append(out, found)
	}
	if len(out) == 0 {
		return nil, errors.New("the image has no file of the protocol")
	}
	return out, nil
}

// stem returns a file's name without folder and ending.
func stem(f protoreflect.FileDescriptor) string {
	return strings.TrimSuffix(filepath.Base(f.Path()), ".proto")
}
