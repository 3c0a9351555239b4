package instance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Secrets stand where the form has them, and nowhere else.
func ExampleInstance_Decode_secrets() {
	in := instance.Instance{
		ID: "pin_1", Config: []byte(`{"smtp":{"host":"mail.example"}}`),
		Secrets: instance.Secrets{"/smtp/password": "hunter2", "/token": "t"},
	}
	var config struct {
		Token string
		SMTP  struct{ Host, Password string }
	}
	if err := in.Decode(&config); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(config.Token, config.SMTP.Host, config.SMTP.Password)
	fmt.Println(in.Secrets)
	// Output:
	// t mail.example hunter2
	// [2 secrets]
}

func TestSecretsAreNotPrinted(t *testing.T) {
	in := instance.Instance{ID: "pin_1", Secrets: instance.Secrets{"/token": "hunter2"}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "instance", in, "secrets", in.Secrets)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "instance", in, "secrets", in.Secrets)
	encoded, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %s %s", in, in, in, in.Secrets, encoded, log.String())
	if strings.Contains(all, "hunter2") || !strings.Contains(all, "[1 secrets]") {
		t.Error(all)
	}
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		config  string
		secrets instance.Secrets
		want    string
	}{
		{``, nil, `null`},
		{``, instance.Secrets{"/a": "x"}, `{"a":"x"}`},
		{`{"a":"old","n":12345678901234567890}`, instance.Secrets{"/a": "x"}, `{"a":"x","n":12345678901234567890}`},
		{`{}`, instance.Secrets{"/a~1b/c~0d": "x", "/a~1b/e": "y"}, `{"a/b":{"c~d":"x","e":"y"}}`},
		{`{"a":null}`, instance.Secrets{"/a/b": "x"}, `{"a":{"b":"x"}}`},
		{`{"a":1}`, instance.Secrets{"/a/b": "x"}, ""},
		{`{}`, instance.Secrets{"a": "x"}, ""},
		{`{}`, instance.Secrets{"": "x"}, ""},
		{`[]`, instance.Secrets{"/a": "x"}, ""},
	} {
		var got json.RawMessage = []byte("null")
		err := instance.ValidateConfigRequest{Config: json.RawMessage(tt.config), Secrets: tt.secrets}.Decode(&got)
		if (err != nil) != (tt.want == "") || err == nil && string(got) != tt.want {
			t.Errorf("%s with %d secrets: %s %v, want %s", tt.config, len(tt.secrets), got, err, tt.want)
		}
	}
	var typed struct{ A int }
	if err := (instance.Instance{ID: "pin_1", Secrets: instance.Secrets{"/a": "hunter2"}}).Decode(&typed); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret of another type: %v", err)
	}
}
