package crm

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// Bounds of what a record may hold: of text in characters, of ids and addresses
// in bytes.
const (
	maxValue = 2000
	maxTitle = 200
	maxID    = 200
	maxURL   = 2000
	// maxFields bounds all fields of a record, in bytes: what is beyond is left out.
	maxFields = 14 << 10
)

// first returns the first value that is there and says something.
func first(row any, pointers []expr.Pointer) (any, bool) {
	for _, p := range pointers {
		if v, there := p.In(row); there && v != nil && v != "" {
			return v, true
		}
	}
	return nil, false
}

// read reads a field out of a row; false when there is none, or none of its type.
func read(f *mapping.Field, row any) (any, bool) {
	v, there := first(row, f.Read)
	if !there {
		return nil, false
	}
	switch f.Type {
	case connector.Number:
		n := json.Number(expr.Plain(v))
		_, err := strconv.ParseFloat(n.String(), 64)
		return n, err == nil && json.Valid([]byte(n))
	case connector.Boolean:
		return truth(v)
	case connector.Time:
		t, ok := moment(v, f.Times)
		return t.UTC().Format(time.RFC3339Nano), ok
	case connector.Money:
		return money(f, row, v), true
	case connector.URL:
		s := text(v, maxValue)
		return s, strings.HasPrefix(s, "https://")
	default:
		s := text(v, maxValue)
		return s, s != ""
	}
}

func truth(v any) (any, bool) {
	switch expr.Plain(v) {
	case "true", "1", "yes", "Y":
		return true, true
	case "false", "0", "no", "N":
		return false, true
	default:
		return nil, false
	}
}

func money(f *mapping.Field, row, amount any) string {
	s := text(amount, maxTitle)
	if f.Currency != nil {
		if c, there := f.Currency.In(row); there && c != nil {
			s += " " + text(c, 10)
		}
	}
	return s
}

// text writes a value as text that may go on: clean, and not too long.
func text(v any, limit int) string {
	s := strings.TrimSpace(far.Clean(expr.Plain(v)))
	if runes := []rune(s); len(runes) > limit {
		s = string(runes[:limit-1]) + "…"
	}
	return s
}

// moment reads a time as the mapping says that times are written.
func moment(v any, times string) (time.Time, bool) {
	switch times {
	case "parts":
		return fromParts(v)
	case "unix", "unix_ms":
		n, err := strconv.ParseFloat(expr.Plain(v), 64)
		if err != nil || n < -1e14 || n > 1e14 {
			return time.Time{}, false
		}
		if times == "unix_ms" {
			return time.UnixMilli(int64(n)).UTC(), true
		}
		return time.UnixMicro(int64(n * 1e6)).UTC(), true
	case "date":
		t, err := time.Parse(time.DateOnly, expr.Plain(v))
		return t, err == nil
	default: // with a zone, or in UTC
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700"} {
			if t, err := time.Parse(layout, expr.Plain(v)); err == nil {
				return t.UTC(), true
			}
		}
		return time.Time{}, false
	}
}

// fromParts reads {"year": 2026, "month": 11, ...}.
func fromParts(v any) (time.Time, bool) {
	object, ok := v.(map[string]any)
	if !ok {
		return time.Time{}, false
	}
	part := func(name string) int {
		n, err := strconv.Atoi(expr.Plain(object[name]))
		if err != nil {
			return 0
		}
		return n
	}
	year, month, day := part("year"), part("month"), part("day")
	if year < 1 || year > 9999 || month < 1 || day < 1 {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, part("hour"), part("minute"), part("second"), part("microsecond")*1000, time.UTC), true
}
