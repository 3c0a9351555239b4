package help

import (
	"html"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// markdown draws the part of Markdown that our guides are written in: headings,
// paragraphs, lists, tables, fenced code, and within a line code, bold and
// links. Everything else is text, and all text is escaped.
type markdown struct {
	link func(to string) string // where a link leads; "" = nowhere: its text stays
	out  strings.Builder
	ids  map[string]int
}

// draw draws lines until the end.
func (m *markdown) draw(lines []string) template.HTML {
	for len(lines) > 0 {
		line := lines[0]
		switch {
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "<!--"): // a mark for our tests
			lines = lines[1:]
		case strings.HasPrefix(line, "```"):
			lines = m.code(lines[1:])
		case strings.HasPrefix(line, "#"):
			m.heading(line)
			lines = lines[1:]
		case strings.HasPrefix(line, "|"):
			lines = m.table(lines)
		case item(line) != "":
			lines = m.list(lines)
		default:
			n := until(lines, func(l string) bool {
				return strings.TrimSpace(l) == "" || strings.HasPrefix(l, "```") || strings.HasPrefix(l, "|") || item(l) != ""
			})
			m.wrap("p", m.inline(strings.Join(lines[:n], " ")))
			lines = lines[n:]
		}
	}
	return template.HTML(m.out.String()) //nolint:gosec // every text in it was escaped
}

// until counts the lines before the first that ends a block; at least one.
func until(lines []string, ends func(string) bool) int {
	for i, l := range lines {
		if i > 0 && ends(l) {
			return i
		}
	}
	return len(lines)
}

func (m *markdown) wrap(tag, inner string) {
	m.out.WriteString("<" + tag + ">" + inner + "</" + tag + ">\n")
}

func (m *markdown) code(lines []string) []string {
	n := 0
	for n < len(lines) && !strings.HasPrefix(lines[n], "```") {
		n++
	}
	m.out.WriteString(`<pre tabindex="0"><code>` + html.EscapeString(strings.Join(lines[:n], "\n")) + "</code></pre>\n")
	return lines[min(n+1, len(lines)):]
}

func (m *markdown) heading(line string) {
	text := strings.TrimLeft(line, "#")
	level := strconv.Itoa(min(len(line)-len(text), 6))
	id := anchor(text)
	if n := m.ids[id]; n > 0 {
		m.ids[id]++
		id += "-" + strconv.Itoa(n)
	} else {
		m.ids[id] = 1
	}
	m.out.WriteString("<h" + level + ` id="` + html.EscapeString(id) + `">` + m.inline(strings.TrimSpace(text)) + "</h" + level + ">\n")
}

// anchor names a heading as the links of the guides do: in lower case, without
// punctuation, with - for spaces.
func anchor(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(text)) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (m *markdown) table(lines []string) []string {
	n := until(lines, func(l string) bool { return !strings.HasPrefix(l, "|") })
	m.out.WriteString(`<div class="wide" tabindex="0"><table>` + "\n")
	for i, line := range lines[:n] {
		if i == 1 { // the line under the head
			continue
		}
		tag := "td"
		if i == 0 {
			tag = "th"
		}
		m.out.WriteString("<tr>")
		for _, cell := range cells(line) {
			m.out.WriteString("<" + tag + ">" + m.inline(cell) + "</" + tag + ">")
		}
		m.out.WriteString("</tr>\n")
	}
	m.out.WriteString("</table></div>\n")
	return lines[n:]
}

// cells cuts a row of a table; \| is no end of a cell.
func cells(line string) []string {
	const bar = "\x00"
	line = strings.Trim(strings.TrimSpace(strings.ReplaceAll(line, `\|`, bar)), "|")
	out := strings.Split(line, "|")
	for i := range out {
		out[i] = strings.TrimSpace(strings.ReplaceAll(out[i], bar, "|"))
	}
	return out
}

// item returns the mark of a list's item: "- " or "1. "; "" when the line is none.
func item(line string) string {
	if strings.HasPrefix(line, "- ") {
		return "- "
	}
	digits := strings.TrimLeft(line, "0123456789")
	if n := len(line) - len(digits); n > 0 && strings.HasPrefix(digits, ". ") {
		return line[:n+2]
	}
	return ""
}

func (m *markdown) list(lines []string) []string {
	tag := "ul"
	if item(lines[0]) != "- " {
		tag = "ol"
	}
	m.out.WriteString("<" + tag + ">\n")
	for len(lines) > 0 && item(lines[0]) != "" {
		n := until(lines, func(l string) bool { return !strings.HasPrefix(l, "  ") })
		text := strings.TrimPrefix(lines[0], item(lines[0]))
		for _, more := range lines[1:n] {
			text += " " + strings.TrimSpace(more)
		}
		m.wrap("li", m.inline(text))
		lines = lines[n:]
	}
	m.out.WriteString("</" + tag + ">\n")
	return lines
}

// inline draws code, bold and links within a line.
func (m *markdown) inline(text string) string {
	marks := regexp.MustCompile("`([^`]+)`|\\*\\*([^*]+)\\*\\*|\\[([^\\]]+)\\]\\(([^)\\s]+)\\)")
	var b strings.Builder
	end := 0
	for _, at := range marks.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(html.EscapeString(text[end:at[0]]))
		end = at[1]
		switch {
		case at[2] >= 0:
			b.WriteString("<code>" + html.EscapeString(text[at[2]:at[3]]) + "</code>")
		case at[4] >= 0:
			b.WriteString("<strong>" + m.inline(text[at[4]:at[5]]) + "</strong>")
		default:
			words := m.inline(text[at[6]:at[7]])
			if to := m.link(text[at[8]:at[9]]); to != "" {
				words = `<a href="` + html.EscapeString(to) + `">` + words + "</a>"
			}
			b.WriteString(words)
		}
	}
	b.WriteString(html.EscapeString(text[end:]))
	return b.String()
}
