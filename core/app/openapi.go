package app

import (
	"context"
	"fmt"
	"log/slog"
	"testing/fstest"
	"time"

	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/marketplace/bundle"
)

// OpenAPI returns the OpenAPI 3.1 document of a version, without a server.
func OpenAPI(version string) ([]byte, error) {
	s, err := described(version)
	if err != nil {
		return nil, err
	}
	return s.OpenAPI(), nil
}

// Routes lists every route that a server answers, with who may ask.
func Routes() ([]httpapi.Route, error) {
	s, err := described("")
	if err != nil {
		return nil, err
	}
	return s.Routes(), nil
}

// described is a server that answers nothing but what it would serve.
func described(version string) (*httpapi.Server, error) {
	s, err := httpapi.New(httpapi.Options{
		Version: version, Console: fstest.MapFS{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Media: media.NewService(media.Deps{Now: time.Now}), // it is never asked
	})
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	return s, nil
}

// BuildPlugin builds a plugin's folder into a directory and returns where.
func BuildPlugin(ctx context.Context, folder, out string) (string, error) {
	made, err := bundle.Build(ctx, folder, out)
	if err != nil {
		return "", fmt.Errorf("build the plugin in %s: %w", folder, err)
	}
	return made.Folder, nil
}
