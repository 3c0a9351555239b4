package calendar

import "time"

// HolidaySet is the holidays of a place and a year, to choose from.
type HolidaySet struct {
	ID      string // cn-2026
	Country string // ISO 3166-1
	Year    int
	Source  string // the document that says so
	days    []Exception
}

// HolidaySets are the built-in sets. A year that is not here was not out when
// this was released.
func HolidaySets() []HolidaySet {
	return []HolidaySet{china2026()}
}

// china2026 is the State Council's schedule for mainland China: 国务院办公厅关于2026年部分
// 节假日安排的通知, 4 November 2025 (国办发明电〔2025〕7号).
func china2026() HolidaySet {
	const year = 2026
	off := func(name string, month time.Month, first, last int) Exception {
		return Exception{Name: name, From: DateOf(year, month, first), To: DateOf(year, month, last), Effect: Closed}
	}
	work := func(name string, month time.Month, day int) Exception {
		return Exception{Name: name + "调休上班", From: DateOf(year, month, day), To: DateOf(year, month, day), Effect: AsWeekday, Weekday: time.Monday}
	}
	return HolidaySet{
		ID: "cn-2026", Country: "CN", Year: year, Source: "国办发明电〔2025〕7号",
		days: []Exception{
			off("元旦", time.January, 1, 3), work("元旦", time.January, 4),
			work("春节", time.February, 14), off("春节", time.February, 15, 23), work("春节", time.February, 28),
			off("清明节", time.April, 4, 6),
			off("劳动节", time.May, 1, 5), work("劳动节", time.May, 9),
			off("端午节", time.June, 19, 21),
			work("国庆节", time.September, 20), off("中秋节", time.September, 25, 27),
			off("国庆节", time.October, 1, 7), work("国庆节", time.October, 10),
		},
	}
}

// Days returns the entries of the set; make-up days are open as Monday.
func (s HolidaySet) Days() []Exception {
	out := make([]Exception, len(s.days))
	for i, e := range s.days {
		out[i] = e.clone()
	}
	return out
}
