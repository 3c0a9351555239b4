package crm_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/acmetest"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// TestAdvice holds that a test of a connection says what to check, beside the
// field that is to blame, in the language of who reads it.
func TestAdvice(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	answering := func(status int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	for _, tt := range []struct{ name, url, pointer, en, zh string }{
		{"401", answering(401, ""), "/token", "does not accept this token", "不接受此令牌"},
		{"403", answering(403, ""), "/token", "does not let it look up customers", "不允许它查询客户"},
		{"404", answering(404, ""), "/base_url", "no such place", "没有这个位置"},
		{"429", answering(429, ""), "/base_url", "asks to wait", "要求等待"},
		{"500", answering(500, "oops"), "/base_url", "a fault of its own", "自身出现故障"},
		{"503", answering(503, ""), "/base_url", "a fault of its own", "自身出现故障"},
		{"a page for people", answering(200, "<html>"), "/base_url", "may lead to a page for people", "可能指向网页"},
		{"no such name", "https://crm.invalid", "/base_url", "The name crm.invalid cannot be found", "找不到名称 crm.invalid"},
		{"nobody listens", gone.URL, "/base_url", "Nothing answers at", "拒绝连接"},
		{"a certificate of nobody we know", untrusted.URL, "/base_url", "is not trusted", "的证书不受信任"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for locale, want := range map[string]string{"en": tt.en, "": tt.en, "zh-CN": tt.zh, "fr": tt.en} {
				var config map[string]any
				if err := json.Unmarshal(d.in.Config, &config); err != nil {
					t.Fatal(err)
				}
				config["base_url"] = tt.url
				encoded, err := json.Marshal(config)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := d.ValidateConfig(t.Context(), instance.ValidateConfigRequest{
					Config: encoded, Secrets: instance.Secrets{"/token": acmetest.Token}, Probe: true, Locale: locale,
				})
				if err != nil || len(answer.Problems) != 1 || answer.Problems[0].Pointer != tt.pointer || !strings.Contains(answer.Problems[0].Message, want) {
					t.Errorf("%q: %+v %v", locale, answer.Problems, err)
				}
			}
		})
	}
}
