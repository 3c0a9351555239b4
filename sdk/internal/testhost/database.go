package testhost

import (
	"context"
	"os"
	"path/filepath"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

type databases struct {
	pluginv1.UnimplementedHostDatabaseServiceServer
	*desk
}

// OpenDatabase tells an instance where its database is: an SQLite file in the
// plugin's own folder, as on a core that itself runs on SQLite.
func (h *databases) OpenDatabase(_ context.Context, req *pluginv1.OpenDatabaseRequest) (*pluginv1.OpenDatabaseResponse, error) {
	file := filepath.Join(h.folder, "databases", req.GetInstanceId()+".db")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	return &pluginv1.OpenDatabaseResponse{Driver: "sqlite", Source: file}, nil
}
