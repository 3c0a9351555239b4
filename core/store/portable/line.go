package portable

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// appendLine appends a row as one line of JSON, its end included.
func appendLine(b []byte, values []any) ([]byte, error) {
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, v); err != nil {
			return nil, err
		}
	}
	return append(b, ']', '\n'), nil
}

func appendValue(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case bool:
		if v {
			return append(b, '1'), nil
		}
		return append(b, '0'), nil
	case float64:
		return strconv.AppendFloat(b, v, 'e', -1, 64), nil
	case []byte:
		b = append(b, `{"b":"`...)
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, `"}`...), nil
	case string:
		return appendText(b, v)
	default:
		return nil, fmt.Errorf("a value of type %T cannot be carried", value)
	}
}

// appendText writes valid text as JSON, and what is none as its bytes: nothing
// may be replaced by U+FFFD on the way.
func appendText(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		b = append(b, `{"t":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(s))
		return append(b, `"}`...), nil
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return nil, err
	}
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...), nil
}

var errLine = errors.New("the line is not a row")

// readLine is the reverse of appendLine.
func readLine(line []byte, columns int) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	out := make([]any, 0, columns)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("%w: %w", errLine, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errLine
	}
	if len(out) != columns {
		return nil, fmt.Errorf("%w: %d values for %d columns", errLine, len(out), columns)
	}
	for i, v := range out {
		var err error
		if out[i], err = readValue(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readValue(value any) (any, error) {
	switch v := value.(type) {
	case nil, string:
		return v, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		return f, err
	case map[string]any:
		for kind, coded := range v {
			text, _ := coded.(string)
			data, err := base64.StdEncoding.DecodeString(text)
			switch {
			case err != nil || len(v) != 1:
				return nil, errLine
			case kind == "b":
				return data, nil
			case kind == "t":
				return string(data), nil
			}
		}
	}
	return nil, errLine
}
