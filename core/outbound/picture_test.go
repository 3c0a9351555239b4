package outbound_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/outbound"
)

func TestAGalleryTellsNothing(t *testing.T) {
	var asked *http.Request
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "you"})
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/picture", http.StatusFound)
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 5<<20+1))
		default:
			_, _ = w.Write([]byte("bytes"))
		}
	}))
	defer far.Close()
	client := outbound.New(outbound.Options{AllowNetworks: loopback()})
	defer client.Close()
	g := outbound.NewGallery(client)
	for _, path := range []string{"/picture", "/moved", "/picture"} {
		got, err := g.Load(t.Context(), far.URL+path)
		if err != nil || string(got) != "bytes" {
			t.Fatalf("%s: %q, %v", path, got, err)
		}
		for _, told := range []string{"Cookie", "Authorization", "Origin"} {
			if asked.Header.Get(told) != "" {
				t.Errorf("%s: the far side is told %s", path, told)
			}
		}
	}
	for _, path := range []string{"/gone", "/large"} {
		if got, err := g.Load(t.Context(), far.URL+path); got != nil || errs.As(err) == nil || errs.As(err).Code != "picture.unreachable" {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	strict := outbound.New(outbound.Options{})
	defer strict.Close()
	if _, err := outbound.NewGallery(strict).Load(t.Context(), far.URL+"/picture"); errs.As(err) == nil || errs.As(err).Code != "picture.unreachable" {
		t.Errorf("an address that is not public: %v", err)
	}
}
