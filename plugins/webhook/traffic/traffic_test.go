package traffic_test

import (
	"net/http"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/traffic"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

func TestLog(t *testing.T) {
	h := plugintest.NewHost(t)
	in := h.Connect(instance.Instance{ID: "inb_1"})
	start := time.Now().UTC().Truncate(time.Second)
	l := &traffic.Log{State: h.For(in.ID).State}
	add := func(i int) {
		l.Add(t.Context(), traffic.Entry{At: start.Add(time.Duration(i) * time.Second), What: strconv.Itoa(i)})
	}
	for i := range 70 {
		add(i)
	}
	l = &traffic.Log{State: h.For(in.ID).State} // another process
	for i := 70; i < 75; i++ {
		add(i)
	}
	got, err := l.List(t.Context())
	if err != nil || len(got) != traffic.Most || len(h.State(in.ID)) != traffic.Most {
		t.Fatalf("%d are kept: %v", len(got), err)
	}
	for i, e := range got {
		if e.What != strconv.Itoa(74-i) {
			t.Fatalf("%d is %s", i, e.What)
		}
	}
	h.Jump(traffic.Kept + time.Minute)
	if got, err := l.List(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("after a day: %d, %v", len(got), err)
	}
}

func TestRedacted(t *testing.T) {
	got := traffic.Redacted(http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer s"}, "Patchbay-Signature": {"t=1,v1=s"}, "X-Api-Key": {"s"}})
	want := map[string]string{"Content-Type": "application/json", "Authorization": "…", "Patchbay-Signature": "…", "X-Api-Key": "…"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
