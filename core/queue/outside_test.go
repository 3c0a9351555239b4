package queue_test

import (
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

func TestWhatIsRefusedOutsideHours(t *testing.T) {
	t.Parallel()
	s, _, _ := newService()
	name, cal := "VIP", calendar.ID("x")
	for what, tt := range map[string]struct {
		patch         queue.Patch
		pointer, code string
	}{
		"an unknown calendar": {queue.Patch{Name: &name, Calendar: &cal}, "/calendar_id", "unknown"},
		"something else":      {queue.Patch{Name: &name, Outside: &queue.Outside{Do: "sing"}}, "/outside/do", "enum"},
		"overflow to nowhere": {queue.Patch{Name: &name, Outside: &queue.Outside{Do: queue.Pass}}, "/outside/do", "no_overflow"},
		"another language":    {queue.Patch{Name: &name, Outside: &queue.Outside{Texts: map[string]string{"fr": "Fermé"}}}, "/outside/texts/fr", "locale"},
		"an unknown variable": {queue.Patch{Name: &name, Outside: &queue.Outside{Texts: map[string]string{"en": "Back {{ soon }}"}}}, "/outside/texts/en", "variable"},
		"a long text":         {queue.Patch{Name: &name, Outside: &queue.Outside{Texts: map[string]string{"en": strings.Repeat("a", 2001)}}}, "/outside/texts/en", "too_long"},
	} {
		_, err := s.Create(t.Context(), as(identity.RoleOwner), tt.patch)
		fields := errs.As(err).Fields
		if !errs.Is(err, errs.Invalid) || len(fields) != 1 || fields[0].Pointer != tt.pointer || fields[0].Code != tt.code {
			t.Errorf("%s: %v %+v", what, err, fields)
		}
	}
}

// A queue says how it stands now, and that its calendar never opens.
func TestAQueueStands(t *testing.T) {
	t.Parallel()
	s, people, _ := newService()
	hours := func(id calendar.ID, h calendar.Hours) *calendar.ID {
		c := calendar.Calendar{Workspace: "wsp_1", ID: id, Name: string(id), Hours: h, Revision: 1}
		if err := people.hours.Create(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		return &id
	}
	always := calendar.Hours{Zone: "UTC"}
	for d := range always.Week {
		always.Week[d] = []calendar.Interval{{From: 0, To: 24 * 60}}
	}
	name, other := "VIP", "Always"
	never, err := s.Create(t.Context(), as(identity.RoleOwner), queue.Patch{Name: &name, Calendar: hours("cal_never", calendar.Hours{Zone: "UTC"})})
	if err != nil {
		t.Fatal(err)
	}
	if last := never.Warnings[len(never.Warnings)-1]; !never.Now.Closed || !never.Now.ChangesAt.IsZero() || last.Code != "never_opens" || last.Pointer != "/calendar_id" {
		t.Errorf("%+v", never)
	}
	open, err := s.Create(t.Context(), as(identity.RoleOwner), queue.Patch{Name: &other, Calendar: hours("cal_always", always)})
	if err != nil || open.Now.Closed {
		t.Errorf("%+v, %v", open, err)
	}
}

func TestOpeningText(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	in := func(zone string) time.Time {
		l, err := calendar.Location(zone)
		if err != nil {
			t.Fatal(err)
		}
		return at.In(l)
	}
	for _, tt := range []struct {
		at           time.Time
		locale, want string
	}{
		{in("Asia/Shanghai"), queue.English, "Monday, 23 November, 09:00 (UTC+8)"},
		{in("Asia/Shanghai"), queue.Chinese, "11月23日（周一）09:00（北京时间）"},
		{in("America/New_York"), queue.English, "Sunday, 22 November, 20:00 (UTC-5)"},
		{in("Asia/Kolkata"), queue.Chinese, "11月23日（周一）06:30（UTC+05:30）"},
		{in("UTC"), queue.English, "Monday, 23 November, 01:00 (UTC+0)"},
		{time.Time{}, queue.English, "we will let you know when"},
		{time.Time{}, queue.Chinese, "另行通知"},
	} {
		if got := queue.OpeningText(tt.at, tt.locale); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	if got := (queue.Outside{}).Text(queue.English, map[string]string{queue.OpensAt: "tomorrow"}); !strings.HasSuffix(got, "when we are back: tomorrow.") {
		t.Error(got)
	}
	if got := (queue.Outside{Texts: map[string]string{queue.Chinese: "{{ contact.name }}，{{queue.opens_at}}见"}}).Text(queue.Chinese, map[string]string{queue.OpensAt: "明天", "contact.name": "小明"}); got != "小明，明天见" {
		t.Error(got)
	}
}
