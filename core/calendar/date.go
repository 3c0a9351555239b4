package calendar

import (
	"time"
)

// Date is a day of the civil calendar, without a zone: days since 1970-01-01.
type Date int

const daySeconds = 24 * 60 * 60

// DateOf returns a date; values out of range are carried, as time.Date does.
func DateOf(year int, month time.Month, day int) Date {
	return Date(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), daySeconds))
}

// DateAt returns the date that a clock of t's location shows at t.
func DateAt(t time.Time) Date {
	_, offset := t.Zone()
	return Date(floorDiv(t.Unix()+int64(offset), daySeconds))
}

// ParseDate reads 2026-02-28.
func ParseDate(text string) (Date, bool) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, false
	}
	return DateOf(t.Date()), true
}

func (d Date) utc() time.Time { return time.Unix(int64(d)*daySeconds, 0).UTC() }

// String returns 2026-02-28.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// Year returns the year.
func (d Date) Year() int { return d.utc().Year() }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday {
	const first = int(time.Thursday) // 1970-01-01
	return time.Weekday(((int(d)+first)%7 + 7) % 7)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
