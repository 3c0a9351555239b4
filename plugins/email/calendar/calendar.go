// Package calendar reads what a customer wants to see of an invitation (RFC
// 5545, 5546): what, when, where, by whom. The file itself stays the truth.
package calendar

import (
	"strings"
	"time"
)

// Invitation is the first event of a calendar file.
type Invitation struct {
	Method    string // "REQUEST", "CANCEL", "REPLY", ...; empty if not said
	UID       string
	Summary   string
	Location  string
	Organiser string // name, or address
	Start     When
	End       When // zero if not said
}

// When is a moment as the file says it.
type When struct {
	Time time.Time // in Zone where that is known here, else its clock in UTC
	Zone string    // as written: "UTC", "Asia/Shanghai", "China Standard Time"; empty for a day or a floating time
	Day  bool      // a whole day
}

// String is the moment as it was written, for people.
func (w When) String() string {
	switch {
	case w.Time.IsZero():
		return ""
	case w.Day:
		return w.Time.Format("2006-01-02")
	case w.Zone == "":
		return w.Time.Format("2006-01-02 15:04")
	}
	return w.Time.Format("2006-01-02 15:04") + " (" + w.Zone + ")"
}

// maxLines bounds what is looked at.
const maxLines = 20000

// Read finds the first event. Not ok: there is none.
func Read(text string) (inv *Invitation, ok bool) {
	inv = &Invitation{}
	var inside []string
	for _, line := range unfold(text) {
		name, params, value := property(line)
		switch {
		case name == "BEGIN":
			inside = append(inside, strings.ToUpper(value))
		case name == "END" && len(inside) > 0:
			if inside[len(inside)-1] == "VEVENT" {
				return inv, true
			}
			inside = inside[:len(inside)-1]
		case name == "METHOD":
			inv.Method = strings.ToUpper(value)
		case len(inside) > 0 && inside[len(inside)-1] == "VEVENT":
			inv.set(name, params, value)
			ok = true
		}
	}
	return inv, ok
}

func (inv *Invitation) set(name string, params map[string]string, value string) {
	switch name {
	case "UID":
		inv.UID = value
	case "SUMMARY":
		inv.Summary = unescape(value)
	case "LOCATION":
		inv.Location = unescape(value)
	case "DTSTART":
		inv.Start = moment(params, value)
	case "DTEND":
		inv.End = moment(params, value)
	case "ORGANIZER":
		inv.Organiser = params["CN"]
		if inv.Organiser == "" {
			inv.Organiser = value
			if len(value) > 7 && strings.EqualFold(value[:7], "mailto:") {
				inv.Organiser = value[7:]
			}
		}
	}
}

// Text says the invitation in lines, in the words of the file.
func (inv *Invitation) Text() string {
	when := inv.Start.String()
	if end := inv.End.String(); end != "" && when != "" {
		when += " – " + end
	}
	var lines []string
	for _, s := range []string{inv.Summary, when, inv.Location, inv.Organiser} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	return strings.Join(lines, "\n")
}

func unfold(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\n ", ""), "\n\t", "")
	return strings.SplitN(text, "\n", maxLines)
}

// property parts NAME;PARAM=value:value.
func property(line string) (name string, params map[string]string, value string) {
	head, value := cut(line, ':')
	name, rest := cut(head, ';')
	params = map[string]string{}
	for rest != "" {
		var one string
		one, rest = cut(rest, ';')
		k, v, _ := strings.Cut(one, "=")
		params[strings.ToUpper(strings.TrimSpace(k))] = strings.Trim(v, `"`)
	}
	return strings.ToUpper(strings.TrimSpace(name)), params, strings.TrimSpace(value)
}

// cut cuts at the first separator outside of quotes.
func cut(s string, separator byte) (before, after string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func moment(params map[string]string, value string) When {
	if t, err := time.Parse("20060102", value); err == nil {
		return When{Time: t, Day: true}
	}
	if t, err := time.Parse("20060102T150405Z", value); err == nil {
		return When{Time: t, Zone: "UTC"}
	}
	zone := params["TZID"]
	where := time.UTC
	if l, err := time.LoadLocation(zone); err == nil && zone != "" && zone != "Local" {
		where = l
	}
	t, err := time.ParseInLocation("20060102T150405", value, where)
	if err != nil {
		return When{}
	}
	return When{Time: t, Zone: zone}
}

func unescape(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s)
}
