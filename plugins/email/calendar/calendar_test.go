package calendar_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/calendar"
)

const invitation = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" +
	"BEGIN:VEVENT\r\nUID:1@x.example\r\nSUMMARY:验收会议\\, 第二\r\n  次\r\nLOCATION:Room 1\\; floor 2\r\nDTSTART;TZID=Asia/Shanghai:20261201T093000\r\nDTEND;TZID=\"Asia/Shanghai\":20261201T103000\r\n" +
	"ORGANIZER;CN=\"Li: Lei\":mailto:lilei@x.example\r\nBEGIN:VALARM\r\nSUMMARY:not this\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:second\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestRead(t *testing.T) {
	t.Parallel()
	got, ok := calendar.Read(invitation)
	if !ok || got.Method != "REQUEST" || got.UID != "1@x.example" || got.Summary != "验收会议, 第二 次" || got.Location != "Room 1; floor 2" || got.Organiser != "Li: Lei" {
		t.Fatalf("%+v", got)
	}
	if want := time.Date(2026, 12, 1, 1, 30, 0, 0, time.UTC); !got.Start.Time.Equal(want) {
		t.Errorf("start %v", got.Start.Time)
	}
	if want := "验收会议, 第二 次\n2026-12-01 09:30 (Asia/Shanghai) – 2026-12-01 10:30 (Asia/Shanghai)\nRoom 1; floor 2\nLi: Lei"; got.Text() != want {
		t.Errorf("%q", got.Text())
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"DTSTART;VALUE=DATE:20261224":                      "2026-12-24",
		"DTSTART:20261224T180000Z":                         "2026-12-24 18:00 (UTC)",
		"DTSTART:20261224T180000":                          "2026-12-24 18:00",
		"DTSTART;TZID=China Standard Time:20261224T180000": "2026-12-24 18:00 (China Standard Time)",
		"DTSTART:tomorrow":                                 "",
	} {
		got, ok := calendar.Read("BEGIN:VEVENT\n" + in + "\nEND:VEVENT\n")
		if !ok || got.Start.String() != want {
			t.Errorf("%s: %q", in, got.Start)
		}
	}
	if _, ok := calendar.Read("BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nEND:VTODO\nEND:VCALENDAR"); ok {
		t.Error("a task is an event")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(invitation)
	f.Fuzz(func(_ *testing.T, in string) {
		inv, _ := calendar.Read(in)
		_ = inv.Text()
	})
}
